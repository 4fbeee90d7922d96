/*
 * replay - a fuzz target's corpus as a test, without libFuzzer.
 *
 * Linked with one fuzz_NAME.c into replay_NAME; runs the empty input and
 * every file of tests/fuzz/corpus/NAME.  Each goes into memory of just its
 * size, so that a sanitizer sees the first byte read past it.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static int n_run;

static void
run(const uint8_t *data, size_t len, const char *name)
{
	/* Before the run, so that a crash is seen to be this one's. */
	printf("# %s\n", name);
	fflush(stdout);
	LLVMFuzzerTestOneInput(data, len);
	printf("ok %d - %s\n", ++n_run, name);
}

/* The file's bytes, fresh; NULL when it cannot be read. */
static uint8_t *
read_file(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data = NULL, *exact = NULL;
	size_t room = 0, n;

	*len = 0;
	if (!f)
		return NULL;
	do {
		room += 65536;
		exact = realloc(data, room);
		if (!exact)
			goto out;
		data = exact;
		n = fread(data + *len, 1, room - *len, f);
		*len += n;
	} while (*len == room);
	exact = ferror(f) ? NULL : malloc(*len ? *len : 1);
	if (exact)
		memcpy(exact, data, *len);
out:
	free(data);
	fclose(f);
	return exact;
}

static int
is_shown(const struct dirent *f)
{
	return f->d_name[0] != '.';
}

int
main(int argc, char **argv)
{
	const char *top = getenv("top_srcdir");
	const char *name = argc > 0 ? strrchr(argv[0], '_') : NULL;
	struct dirent **files;
	char path[4096];
	int n;

	if (!name) {
		fprintf(stderr, "replay: to be called replay_NAME\n");
		return 1;
	}
	snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/%s",
	    top ? top : ".", name + 1);
	n = scandir(path, &files, is_shown, alphasort);
	if (n <= 0) {
		printf("Bail out! no corpus in %s\n", path);
		return 1;
	}
	printf("1..%d\n", n + 1);
	run((const uint8_t *)"", 0, "empty");
	for (int i = 0; i < n; i++) {
		uint8_t *data;
		size_t len;

		snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/%s/%s",
		    top ? top : ".", name + 1, files[i]->d_name);
		data = read_file(path, &len);
		if (data)
			run(data, len, files[i]->d_name);
		else
			printf("not ok %d - %s cannot be read\n", ++n_run,
			    files[i]->d_name);
		free(data);
		free(files[i]);
	}
	free(files);
	return 0;
}
