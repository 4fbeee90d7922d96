/*
 * tmp - what the tests of this room share: cmocka, a directory that goes
 * away, and children whose end is looked at.
 */
#ifndef TMP_H
#define TMP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mem.h"

static char tmp_dir[256];

/* A fresh directory for each test; a group's setup and teardown. */
static inline int
tmp_make(void **state)
{
	const char *top = getenv("TMPDIR");

	(void)state;
	snprintf(tmp_dir, sizeof(tmp_dir), "%s/t-base-XXXXXX",
	    top && *top ? top : "/tmp");
	return mkdtemp(tmp_dir) ? 0 : -1;
}

static inline void
tmp_remove_in(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *f;

	while (d && (f = readdir(d))) {
		char *path;

		if (strcmp(f->d_name, ".") == 0 || strcmp(f->d_name, "..") == 0)
			continue;
		path = mem_printf("%s/%s", dir, f->d_name);
		if (unlink(path) != 0) {
			tmp_remove_in(path);
			rmdir(path);
		}
		free(path);
	}
	if (d)
		closedir(d);
}

static inline int
tmp_drop(void **state)
{
	(void)state;
	tmp_remove_in(tmp_dir);
	return rmdir(tmp_dir);
}

/* Names in the directory that are not dots. */
static inline int
tmp_count(void)
{
	DIR *d = opendir(tmp_dir);
	struct dirent *f;
	int n = 0;

	assert_non_null(d);
	while ((f = readdir(d)))
		n += f->d_name[0] != '.';
	closedir(d);
	return n;
}

/* In static memory: good until the next two calls. */
static inline const char *
tmp_path(const char *name)
{
	static char paths[2][512];
	static int turn;

	turn = !turn;
	snprintf(paths[turn], sizeof(paths[0]), "%s/%s", tmp_dir, name);
	return paths[turn];
}

static inline void
tmp_put(const char *path, const void *p, size_t len)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(p, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

/* The file as a string, cut at size - 1. */
static inline void
tmp_get(const char *path, char *text, size_t size)
{
	FILE *f = fopen(path, "rb");
	size_t n;

	assert_non_null(f);
	n = fread(text, 1, size - 1, f);
	text[n] = '\0';
	fclose(f);
}

/* Runs fn in a child; returns its wait status and what it said on stderr. */
static inline int
tmp_child(void (*fn)(void), char *said, size_t size)
{
	int ends[2], status;
	size_t n = 0;
	ssize_t got;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		dup2(ends[1], STDERR_FILENO);
		close(ends[0]);
		close(ends[1]);
		fn();
		_exit(0);
	}
	close(ends[1]);
	while (n < size - 1 &&
	    (got = read(ends[0], said + n, size - 1 - n)) > 0)
		n += (size_t)got;
	said[n] = '\0';
	close(ends[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

#endif
