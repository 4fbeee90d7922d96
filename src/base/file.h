/*
 * file - the few things we do with whole files, done durably.
 */
#ifndef FILE_H
#define FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "buf.h"
#include "err.h"

/* dir and file with one slash between; fresh. */
char *file_join(const char *dir, const char *name);
/* Makes path and its parents, mode 0700.  Present is fine. */
int file_make_dir(const char *path, struct err *e);
/* It is a directory into which nobody but its owner can write: STATUS_DENIED,
 * or CANNOT_CREATE for something else. */
int file_check_dir(const char *path, struct err *e);
bool file_exists(const char *path);
/* Appends at most max bytes; more is STATUS_DAMAGED.  A missing file is
 * STATUS_FAILURE (ask file_exists first), an unreadable one DENIED. */
int file_read(const char *path, size_t max, struct buf *out, struct err *e);
/* Written beside, fsynced, renamed over, the directory fsynced: old or new,
 * never between.  STATUS_CANNOT_CREATE. */
int file_write(const char *path, const void *p, size_t len, mode_t mode,
    struct err *e);

/* The same by way of tmp, a name in the same directory that is the caller's
 * to remove after a kill; file_write's own are never the same twice. */
int file_write_via(const char *tmp, const char *path, const void *p,
    size_t len, mode_t mode, struct err *e);
/* The parts of it, for files that are too large to be held in memory: all
 * bytes, or -1 with errno; what was written is on the disk; the name of path
 * is. */
int file_write_all(int fd, const void *p, size_t len);
int file_sync(int fd);
int file_sync_dir_of(const char *path);
/* The folder a path lies in, "." if it names none; fresh. */
char *file_dir_of(const char *path);

/* An exclusive flock() that dies with the process; the file holds the pid.
 * Returns the descriptor (keep it open), or -1 with STATUS_TRY_AGAIN and the
 * pid of who holds it in e. */
int file_lock(const char *path, struct err *e);

#endif
