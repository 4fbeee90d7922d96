#include "vectors.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "enc.h"
#include "err.h"
#include "file.h"

enum { FILE_MAX = 1 << 20 };

struct answer {
	const char *key;
	char *text;			/* `:`, else NULL */
	uint8_t *bytes;			/* `=` */
	size_t len;
};

struct vectors {
	struct buf file;		/* all strings point in here */
	struct section *sections;
	size_t n_sections;
};

static struct answer *
find(const struct section *s, const char *key)
{
	size_t i;

	for (i = 0; i < s->n_answers; i++)
		if (strcmp(s->answers[i].key, key) == 0)
			return &s->answers[i];
	return NULL;
}

static const struct answer *
get(const struct section *s, const char *key)
{
	const struct answer *a = find(s, key);

	if (a == NULL)
		die("[%s] has no %s", s->name, key);
	return a;
}

static void
read_section(struct vectors *v, char *line)
{
	struct section *s;

	v->sections = mem_resize(v->sections, v->n_sections + 1, sizeof(*s));
	s = &v->sections[v->n_sections++];
	memset(s, 0, sizeof(*s));
	line[strcspn(line, "]")] = '\0';
	s->name = line + 1;
}

static void
read_hex(struct answer *a, const char *hex)
{
	ssize_t n;

	a->bytes = mem_new(strlen(hex) / 2 + 1);
	n = dec_hex(a->bytes, strlen(hex) / 2, hex);
	if (n < 0)
		die("%s is not hex", a->key);
	a->len = (size_t)n;
}

static void
read_answer(struct vectors *v, char *line)
{
	char *sep = strpbrk(line, "=:");
	struct section *s;
	struct answer *a;
	char kind, *value;

	if (sep == NULL || sep == line || sep[-1] != ' ' ||
	    v->n_sections == 0)
		die("not format 1: %s", line);
	kind = *sep;
	sep[-1] = '\0';
	value = sep + 1 + strspn(sep + 1, " ");
	s = &v->sections[v->n_sections - 1];
	if (find(s, line) != NULL)
		die("[%s] has two %s", s->name, line);
	s->answers = mem_resize(s->answers, s->n_answers + 1, sizeof(*a));
	a = &s->answers[s->n_answers++];
	memset(a, 0, sizeof(*a));
	a->key = line;
	if (kind == ':')
		a->text = value;
	else
		read_hex(a, value);
}

static struct vectors *
open_in(const char *dir, const char *name)
{
	struct vectors *v = mem_new(sizeof(*v));
	char *path = file_join(dir, name), *line, *rest;
	struct err e;

	buf_init(&v->file);
	if (file_read(path, FILE_MAX, &v->file, &e) < 0)
		die("%s", e.what);
	free(path);
	line = buf_str(&v->file);
	while ((line = strtok_r(line, "\n", &rest)) != NULL) {
		if (line[0] == '[')
			read_section(v, line);
		else if (line[0] != '#')
			read_answer(v, line);
		line = NULL;
	}
	if (v->n_sections == 0)
		die("%s/%s holds no answers", dir, name);
	return v;
}

struct vectors *
vectors_open(const char *file)
{
	const char *top = getenv("top_srcdir");
	struct vectors *v;
	char *dir;

	if (top != NULL)
		dir = file_join(top, "tests/vectors");
	else			/* started by hand: beside this very file */
		dir = mem_printf("%.*svectors",
		    (int)(strlen(__FILE__) - strlen("vectors.c")), __FILE__);
	v = open_in(dir, file);
	free(dir);
	return v;
}

struct vectors *
vectors_open_foreign(const char *file)
{
	const char *dir = getenv("VECTORS");

	if (dir != NULL && dir[0] != '\0')
		return open_in(dir, file);
	printf("# skipped: VECTORS is not set\n");
	return NULL;
}

void
vectors_free(struct vectors *v)
{
	size_t i, j;

	if (v == NULL)
		return;
	for (i = 0; i < v->n_sections; i++) {
		for (j = 0; j < v->sections[i].n_answers; j++)
			free(v->sections[i].answers[j].bytes);
		free(v->sections[i].answers);
	}
	free(v->sections);
	buf_clear(&v->file);
	free(v);
}

const struct section *
vectors_get(const struct vectors *v, const char *name)
{
	size_t i;

	for (i = 0; i < v->n_sections; i++)
		if (strcmp(v->sections[i].name, name) == 0)
			return &v->sections[i];
	die("no section [%s]", name);
}

const struct section *
vectors_next(const struct vectors *v, const struct section *s,
    const char *prefix)
{
	size_t i = s == NULL ? 0 : (size_t)(s - v->sections) + 1;

	for (; i < v->n_sections; i++)
		if (strncmp(v->sections[i].name, prefix, strlen(prefix)) == 0)
			return &v->sections[i];
	return NULL;
}

bool
section_has(const struct section *s, const char *key)
{
	return find(s, key) != NULL;
}

const uint8_t *
section_bytes(const struct section *s, const char *key, size_t *len)
{
	const struct answer *a = get(s, key);

	if (a->bytes == NULL)
		die("[%s] %s is not bytes", s->name, key);
	*len = a->len;
	return a->bytes;
}

const uint8_t *
section_exact(const struct section *s, const char *key, size_t len)
{
	size_t got;
	const uint8_t *p = section_bytes(s, key, &got);

	if (got != len)
		die("[%s] %s has %zu bytes, not %zu", s->name, key, got, len);
	return p;
}

const char *
section_text(const struct section *s, const char *key)
{
	const struct answer *a = get(s, key);

	if (a->text == NULL)
		die("[%s] %s is not text", s->name, key);
	return a->text;
}

uint64_t
section_u64(const struct section *s, const char *key)
{
	const char *text = section_text(s, key);
	unsigned long long n;
	char *end;

	errno = 0;
	n = strtoull(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0')
		die("[%s] %s is not a number", s->name, key);
	return n;
}
