#include "dbfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"

/* ---- a fresh one -------------------------------------------------------- */

int
dbfile_create(const char *path, const char *option, struct err *e)
{
	int fd;

	dbfile_remove(path);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd >= 0) {
		close(fd);
		return 0;
	}
	err_set(e, STATUS_CANNOT_CREATE, "cannot create %s: %s", path,
	    strerror(errno));
	return err_next(e, "make room or make its folder writable, or choose "
	    "another place with %s", option);
}

int
dbfile_finish(struct db *db, const char *path, struct err *e)
{
	int rc = db_checkpoint(db, e);

	if (rc == 0 && !db_wal_is_spent(db))
		rc = err_set(e, STATUS_FAILURE, "%s was not written out",
		    path);
	db_close(db);
	if (rc != 0)
		dbfile_remove(path);
	return rc;
}

int
dbfile_install(const char *path, const char *to, struct err *e)
{
	if (rename(path, to) != 0) {
		err_set(e, STATUS_CANNOT_CREATE, "cannot move %s to %s: %s",
		    path, to, strerror(errno));
		dbfile_remove(path);
		return -1;
	}
	if (file_sync_dir_of(to) == 0)
		return 0;
	return err_set(e, STATUS_CANNOT_CREATE, "cannot sync the folder of "
	    "%s: %s", to, strerror(errno));
}

void
dbfile_remove(const char *path)
{
	char *wal = mem_printf("%s-wal", path);
	char *journal = mem_printf("%s-journal", path);

	unlink(path);
	unlink(wal);
	unlink(journal);
	free(wal);
	free(journal);
}

/* ---- its WAL ------------------------------------------------------------ */

bool
dbfile_has_wal(const char *path)
{
	char *wal = mem_printf("%s-wal", path);
	struct stat st;
	bool there = stat(wal, &st) == 0 && st.st_size > 0;

	free(wal);
	return there;
}

int
dbfile_check_gone(const char *path, struct err *e)
{
	if (!dbfile_has_wal(path))
		return 0;
	err_set(e, STATUS_DAMAGED, "%s is gone but its log %s-wal is still "
	    "there", path, path);
	return err_next(e, "put the database back, or move the log away to "
	    "begin anew");
}

/* Asked before anybody has looked whose tables these are. */
static int
read_generation(struct db *db, int64_t *n, struct err *e)
{
	if (db_is_plain(db, "counter"))
		return db_number(db, "SELECT generation FROM counter", n, e);
	return err_set(e, STATUS_DAMAGED, "%s is damaged: it does not count",
	    db_path(db));
}

int64_t
dbfile_peek(const char *path)
{
	struct db *file;
	int64_t generation = -1;

	if (!dbfile_has_wal(path))
		return -1;
	file = db_open(path, DB_PEEK, NULL, 0, NULL);
	if (file != NULL &&
	    read_generation(file, &generation, NULL) != 0)
		generation = -1;
	db_close(file);
	return generation;
}

bool
dbfile_wal_is_foreign(struct db *db, int64_t peeked)
{
	struct err e = { .status = STATUS_OK };
	int64_t both;

	if (peeked < 0)
		return false;
	/* The file alone makes sense, with the WAL it does not. */
	if (read_generation(db, &both, &e) != 0)
		return e.status == STATUS_DAMAGED;
	return both != peeked && both - 1 != peeked;
}
