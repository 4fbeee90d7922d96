#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	READ_STEP = 65536,
	/* How long a loser waits for the winner to write its pid. */
	LOCK_TRIES = 50,
	LOCK_PAUSE_MS = 10
};

char *
file_join(const char *dir, const char *name)
{
	size_t n = strlen(dir);

	while (n > 1 && dir[n - 1] == '/')
		n--;
	while (*name == '/')
		name++;
	if (n == 0)
		return mem_str(name);
	return mem_printf("%.*s%s%s", (int)n, dir, dir[n - 1] == '/' ? "" : "/",
	    name);
}

char *
file_dir_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return mem_str(".");
	return mem_strn(path, slash == path ? 1 : (size_t)(slash - path));
}

static int
make_one_dir(const char *path, struct err *e)
{
	struct stat st;
	int error;

	if (mkdir(path, 0700) == 0)
		return 0;
	error = errno;
	/* EEXIST is not the only answer for one that is there: a read-only
	 * file system says EROFS first. */
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return 0;
	if (error == EEXIST)
		error = ENOTDIR;
	err_set(e, STATUS_CANNOT_CREATE, "cannot create the directory %s: %s",
	    path, strerror(error));
	return err_next(e, "check its permissions, or name another directory");
}

int
file_make_dir(const char *path, struct err *e)
{
	char *s = mem_str(path);
	int status = 0;

	for (char *p = s + 1; *s && *p && status == 0; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		status = make_one_dir(s, e);
		*p = '/';
	}
	if (status == 0)
		status = make_one_dir(s, e);
	free(s);
	return status;
}

int
file_check_dir(const char *path, struct err *e)
{
	struct stat st;

	if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
		return err_set(e, STATUS_CANNOT_CREATE, "%s is not a folder",
		    path);
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) == 0)
		return 0;
	err_set(e, STATUS_DENIED, "others can write into %s (mode %04o)", path,
	    (unsigned int)st.st_mode & 07777);
	return err_next(e, "run: chmod 700 '%s'", path);
}

bool
file_exists(const char *path)
{
	struct stat st;

	/* What cannot be looked at is there: never make it anew. */
	return stat(path, &st) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

static int
read_all(int fd, const char *path, size_t max, struct buf *out, struct err *e)
{
	size_t have = 0;

	for (;;) {
		size_t step = max - have < READ_STEP ? max - have : READ_STEP;
		/* One byte over the limit tells "full" from "more". */
		ssize_t n = read(fd, buf_space(out, step + 1), step + 1);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(e, STATUS_FAILURE, "cannot read %s: %s",
			    path, strerror(errno));
		if (n == 0)
			return 0;
		if ((size_t)n > max - have)
			return err_set(e, STATUS_DAMAGED,
			    "%s is larger than %zu bytes", path, max);
		buf_added(out, (size_t)n);
		have += (size_t)n;
	}
}

int
file_read(const char *path, size_t max, struct buf *out, struct err *e)
{
	/* Non-blocking: a FIFO in its place must not stop the program. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	int status;

	if (fd < 0)
		return err_set(e, errno == EACCES || errno == EPERM ?
		    STATUS_DENIED : STATUS_FAILURE, "cannot open %s: %s", path,
		    strerror(errno));
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		status = err_set(e, STATUS_FAILURE, "%s is not a regular file",
		    path);
	else
		status = read_all(fd, path, max, out, e);
	close(fd);
	return status;
}

int
file_write_all(int fd, const void *p, size_t len)
{
	const uint8_t *at = p;

	while (len > 0) {
		ssize_t n = write(fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

int
file_sync(int fd)
{
#ifdef F_FULLFSYNC
	/* fsync() alone leaves it in the disk's cache there. */
	if (fcntl(fd, F_FULLFSYNC) == 0)
		return 0;
#endif
	return fsync(fd);
}

/* The rename itself must survive a power cut, too. */
int
file_sync_dir_of(const char *path)
{
	char *dir = file_dir_of(path);
	int fd = open(dir, O_RDONLY | O_CLOEXEC | O_DIRECTORY);
	int status = -1;

	free(dir);
	if (fd < 0)
		return -1;
	/* EINVAL: a file system that cannot sync directories. */
	if (file_sync(fd) == 0 || errno == EINVAL)
		status = 0;
	close(fd);
	return status;
}

static int
write_beside(const char *tmp, int fd, const char *path, const void *p,
    size_t len, mode_t mode)
{
	int error = 0;

	if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 || fchmod(fd, mode) != 0 ||
	    file_write_all(fd, p, len) != 0 || file_sync(fd) != 0)
		error = errno;
	if (close(fd) != 0 && error == 0)
		error = errno;
	if (error == 0 && rename(tmp, path) != 0)
		error = errno;
	if (error != 0)
		unlink(tmp);
	else if (file_sync_dir_of(path) != 0)
		error = errno;
	errno = error;
	return error ? -1 : 0;
}

static int
cannot_write(const char *path, struct err *e)
{
	err_set(e, STATUS_CANNOT_CREATE, "cannot write %s: %s", path,
	    strerror(errno));
	return err_next(e, "check the free space and permissions, then try "
	    "again");
}

int
file_write(const char *path, const void *p, size_t len, mode_t mode,
    struct err *e)
{
	char *tmp = mem_printf("%s.XXXXXX", path);
	int fd = mkstemp(tmp), status = 0;

	if (fd < 0 || write_beside(tmp, fd, path, p, len, mode) != 0)
		status = cannot_write(path, e);
	free(tmp);
	return status;
}

int
file_write_via(const char *tmp, const char *path, const void *p, size_t len,
    mode_t mode, struct err *e)
{
	int fd;

	unlink(tmp);
	fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || write_beside(tmp, fd, path, p, len, mode) != 0)
		return cannot_write(path, e);
	return 0;
}

/* The pid in the lock file; 0 when there is none of a living process. */
static pid_t
lock_holder(int fd)
{
	char text[32];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
	long pid;

	if (n <= 0)
		return 0;
	text[n] = '\0';
	pid = strtol(text, NULL, 10);
	if (pid <= 0 || pid > INT32_MAX)
		return 0;
	/* A leftover of a killed process, before the winner wrote its own. */
	if (kill((pid_t)pid, 0) != 0 && errno == ESRCH)
		return 0;
	return (pid_t)pid;
}

/* 0: ours.  -1: another's; *pid is 0 when it cannot be told.  The winner
 * writes its pid just after it locked: give it a moment. */
static int
lock_fd(int fd, pid_t *pid)
{
	const struct timespec pause = { .tv_nsec = LOCK_PAUSE_MS * 1000000L };

	for (int i = 0; i < LOCK_TRIES; i++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return 0;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -1;
		*pid = lock_holder(fd);
		if (*pid > 0)
			break;
		nanosleep(&pause, NULL);
	}
	errno = EWOULDBLOCK;
	return -1;
}

static int
refuse_lock(const char *path, pid_t pid, struct err *e)
{
	char *dir = file_dir_of(path);

	if (pid > 0)
		err_set(e, STATUS_TRY_AGAIN,
		    "%s is in use by process %ld", dir, (long)pid);
	else
		err_set(e, STATUS_TRY_AGAIN,
		    "%s is in use by another process", dir);
	free(dir);
	return err_next(e, "quit that one first, or start with another "
	    "--profile NAME");
}

int
file_lock(const char *path, struct err *e)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	char text[32];
	pid_t pid = 0;
	int n;

	if (fd < 0) {
		int why = errno;

		err_set(e, why == EACCES ? STATUS_DENIED :
		    STATUS_CANNOT_CREATE, "cannot open the lock %s: %s", path,
		    strerror(why));
		return err_next(e, why == EROFS ? "--home names another "
		    "place" : "check who owns it and its permissions");
	}
	if (lock_fd(fd, &pid) != 0) {
		if (errno == EWOULDBLOCK)
			refuse_lock(path, pid, e);
		else
			err_set(e, STATUS_FAILURE, "cannot lock %s: %s", path,
			    strerror(errno));
		close(fd);
		return -1;
	}
	n = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)n, 0) != n) {
		/* The pid only informs: on a full disk, the lock holds. */
	}
	return fd;
}
