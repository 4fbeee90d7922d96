#include "move.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crate.h"
#include "dbfile.h"
#include "file.h"
#include "parcel.h"
#include "schema.h"
#include "secret.h"

/* The files of a profile, by the kind of their entry. */
static const char *
path_of(const struct profile *p, enum crate_kind kind)
{
	switch (kind) {
	case CRATE_IDENTITY:
		return p->identity;
	case CRATE_CONFIG:
		return p->config;
	case CRATE_DATABASE:
		return p->db;
	case CRATE_END:
	case CRATE_KINDS:
		break;
	}
	return NULL;
}

static int
cannot(struct err *e, const char *do_what, const char *path)
{
	err_set(e, STATUS_CANNOT_CREATE, "cannot %s %s: %s", do_what, path,
	    strerror(errno));
	return err_next(e, "check the free space and permissions, then try "
	    "again");
}

/* ---- out ----------------------------------------------------------------- */

struct out {
	struct parcel *parcel;
	const char *path;		/* of what is being written */
	int fd;
	struct buf plain, sealed;
	uint64_t n;
};

/* Everything but what may still be the last chunk. */
static int
flush(struct out *o, bool last, struct err *e)
{
	while (o->plain.len > PARCEL_CHUNK || last) {
		size_t len = o->plain.len < PARCEL_CHUNK ? o->plain.len :
		    PARCEL_CHUNK;
		bool ends = last && len == o->plain.len;

		buf_empty(&o->sealed);
		parcel_seal(o->parcel, o->plain.at, len, ends, &o->sealed);
		buf_drop(&o->plain, len);
		if (file_write_all(o->fd, o->sealed.at, o->sealed.len) != 0)
			return cannot(e, "write", o->path);
		o->n += o->sealed.len;
		if (ends)
			break;
	}
	return 0;
}

/* The file may not grow or shrink meanwhile: its length stands before it. */
static int
put_bytes(struct out *o, int fd, const char *path, uint64_t left,
    struct err *e)
{
	while (left > 0) {
		size_t step = left < PARCEL_CHUNK ? (size_t)left :
		    PARCEL_CHUNK;
		ssize_t got = read(fd, buf_space(&o->plain, step), step);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return err_set(e, STATUS_FAILURE, "cannot read %s: %s",
			    path, got < 0 ? strerror(errno) :
			    "it became shorter");
		buf_added(&o->plain, (size_t)got);
		left -= (uint64_t)got;
		if (flush(o, false, e) < 0)
			return -1;
	}
	return 0;
}

static int
put_file(struct out *o, const struct profile *p, enum crate_kind kind,
    struct err *e)
{
	const char *path = path_of(p, kind);
	uint8_t head[CRATE_ENTRY];
	struct stat st;
	int fd, rc;

	if (kind == CRATE_CONFIG && !file_exists(path))
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		err_set(e, STATUS_FAILURE, "cannot read %s: %s", path,
		    fd < 0 ? strerror(errno) : "it is no file");
		if (fd >= 0)
			close(fd);
		return -1;
	}
	crate_head(head, kind, (uint64_t)st.st_size);
	buf_put(&o->plain, head, sizeof(head));
	rc = put_bytes(o, fd, path, (uint64_t)st.st_size, e);
	close(fd);
	return rc;
}

static int
put_all(struct out *o, const struct profile *p, const uint8_t *head,
    struct err *e)
{
	uint8_t end[CRATE_ENTRY];

	if (file_write_all(o->fd, head, PARCEL_HEAD) != 0)
		return cannot(e, "write", o->path);
	o->n = PARCEL_HEAD;
	for (int kind = CRATE_IDENTITY; kind < CRATE_KINDS; kind++)
		if (put_file(o, p, (enum crate_kind)kind, e) < 0)
			return -1;
	crate_head(end, CRATE_END, 0);
	buf_put(&o->plain, end, sizeof(end));
	if (flush(o, true, e) < 0)
		return -1;
	return file_sync(o->fd) == 0 ? 0 : cannot(e, "write", o->path);
}

static int
refuse_to_overwrite(const char *to, struct err *e)
{
	err_set(e, STATUS_CANNOT_CREATE, "%s is there already", to);
	return err_next(e, "name another file, or move that one away");
}

/* What another export left there when it was killed; never what is not of
 * an export. */
static void
remove_leftover(const char *part)
{
	static const char magic[] = "P2PX";
	int fd = open(part, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	char head[4];
	struct stat st;
	ssize_t n;

	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		n = pread(fd, head, sizeof(head), 0);
		if (n == 0 || (n == sizeof(head) &&
		    memcmp(head, magic, sizeof(head)) == 0))
			unlink(part);
	}
	close(fd);
}

/* The name it shall have; never over another file, where the file system
 * can tell. */
static int
give_name(const char *part, const char *to, struct err *e)
{
	if (link(part, to) == 0) {
		unlink(part);
	} else if (errno == EEXIST || file_exists(to)) {
		return refuse_to_overwrite(to, e);
	} else if (rename(part, to) != 0) {
		return cannot(e, "write", to);
	}
	return file_sync_dir_of(to) == 0 ? 0 : cannot(e, "write", to);
}

int
move_out(const struct profile *p, const char *to, const char *passphrase,
    const struct vault_cost *cost, uint64_t *n, struct err *e)
{
	struct out o = { .fd = -1 };
	uint8_t head[PARCEL_HEAD];
	char *part;
	int rc = -1;

	if (file_exists(to))
		return refuse_to_overwrite(to, e);
	if (dbfile_has_wal(p->db)) {
		err_set(e, STATUS_FAILURE, "%s did not close into one file",
		    p->db);
		return err_next(e, "check the free space, start p2ptui once, "
		    "and export again");
	}
	part = mem_printf("%s.part", to);
	o.path = part;
	buf_init(&o.plain);
	buf_init(&o.sealed);
	remove_leftover(part);
	o.fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (o.fd < 0 && errno == EEXIST)
		refuse_to_overwrite(part, e);
	else if (o.fd < 0)
		cannot(e, "write", part);
	else
		o.parcel = parcel_new(passphrase, cost, head, e);
	if (o.parcel)
		rc = put_all(&o, p, head, e);
	if (o.fd >= 0 && close(o.fd) != 0 && rc == 0)
		rc = cannot(e, "write", part);
	if (rc == 0)
		rc = give_name(part, to, e);
	if (rc != 0 && o.fd >= 0)
		unlink(part);
	*n = o.n;
	parcel_free(o.parcel);
	buf_wipe(&o.plain);
	buf_clear(&o.sealed);
	free(part);
	return rc;
}

/* ---- in ------------------------------------------------------------------ */

struct in {
	const struct profile *profile;
	const char *from;
	struct parcel *parcel;
	int fd;				/* of `from` */
	uint64_t left;			/* sealed bytes behind the head */
	struct buf identity;		/* looked at when it is whole */
	enum crate_kind writing;	/* CRATE_END: nothing */
	int to;
	bool had_config, in_place;	/* some of it has its name */
	move_settings_fn *settings;
};

static int
open_parcel(const char *from, uint8_t head[PARCEL_HEAD], uint64_t *left,
    struct err *e)
{
	int fd = open(from, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	ssize_t got;

	if (fd < 0) {
		err_set(e, errno == ENOENT ? STATUS_USAGE : STATUS_DENIED,
		    "cannot open %s: %s", from, strerror(errno));
		return err_next(e, "name a file that --export wrote");
	}
	got = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ?
	    pread(fd, head, PARCEL_HEAD, 0) : -1;
	if (got < 0) {
		err_set(e, STATUS_DAMAGED, "%s is no file that can be read",
		    from);
	} else if (parcel_check(head, (size_t)got, e) == 0) {
		*left = (uint64_t)st.st_size - PARCEL_HEAD;
		return fd;
	} else {
		err_prefix(e, "%s", from);
	}
	close(fd);
	return -1;
}

int
move_look(const char *from, struct err *e)
{
	uint8_t head[PARCEL_HEAD];
	uint64_t left;
	int fd = open_parcel(from, head, &left, e);

	if (fd < 0)
		return -1;
	close(fd);
	return 0;
}

static int
read_whole(int fd, uint8_t *to, size_t len, off_t at)
{
	size_t have = 0;

	while (have < len) {
		ssize_t n = pread(fd, to + have, len - have,
		    at + (off_t)have);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		have += (size_t)n;
	}
	return 0;
}

static int
say_damaged(const struct in *in, struct err *e)
{
	err_set(e, STATUS_DAMAGED, "%s is damaged, or cut short", in->from);
	return err_next(e, "copy it again, or export it again; nothing was "
	    "written");
}

/* All of it through the crate, whatever that does with it. */
static int
read_all(struct in *in, struct crate *c, struct err *e)
{
	uint8_t *sealed = mem_new(PARCEL_SEALED);
	off_t at = PARCEL_HEAD;
	uint64_t left = in->left;
	struct buf plain;
	bool last = false;
	int rc = 0;

	buf_init(&plain);
	parcel_rewind(in->parcel);
	while (rc == 0 && !last) {
		size_t n = left < PARCEL_SEALED ? (size_t)left :
		    PARCEL_SEALED;

		last = n == left;
		buf_empty(&plain);
		if (read_whole(in->fd, sealed, n, at) != 0 ||
		    parcel_unseal(in->parcel, sealed, n, last, &plain) != 0)
			rc = say_damaged(in, e);
		else if (crate_take(c, plain.at, plain.len, e) != 0)
			rc = err_prefix(e, "%s", in->from);
		at += (off_t)n;
		left -= n;
	}
	if (rc == 0 && !crate_is_whole(c))
		rc = say_damaged(in, e);
	buf_wipe(&plain);
	free(sealed);
	return rc;
}

/* The first reading: is everything there, and ours? */
static int
on_look(void *arg, enum crate_kind kind, const void *p, size_t n,
    struct err *e)
{
	struct in *in = arg;

	(void)e;
	if (kind == CRATE_IDENTITY)
		buf_put(&in->identity, p, n);
	in->had_config = in->had_config || kind == CRATE_CONFIG;
	return 0;
}

static int
look_through(struct in *in, struct err *e)
{
	struct crate c = { .arg = in, .bytes = on_look };

	if (read_all(in, &c, e) != 0)
		return -1;
	if (vault_asks(in->identity.at, in->identity.len, e) < 0)
		return err_prefix(e, "%s", in->from);
	return 0;
}

static char *
beside(const char *path)
{
	return mem_printf("%s" MOVE_SUFFIX, path);
}

static int
end_file(struct in *in, struct err *e)
{
	int rc = 0;

	if (in->writing == CRATE_END)
		return 0;
	if (file_sync(in->to) != 0)
		rc = cannot(e, "write", path_of(in->profile, in->writing));
	if (close(in->to) != 0 && rc == 0)
		rc = cannot(e, "write", path_of(in->profile, in->writing));
	in->writing = CRATE_END;
	return rc;
}

static int
begin_file(struct in *in, enum crate_kind kind, struct err *e)
{
	char *path = beside(path_of(in->profile, kind));
	int rc = end_file(in, e);

	if (rc == 0) {
		unlink(path);
		in->to = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
		    0600);
		if (in->to < 0)
			rc = cannot(e, "write", path);
		else
			in->writing = kind;
	}
	free(path);
	return rc;
}

/* The second reading: beside where it shall be. */
static int
on_write(void *arg, enum crate_kind kind, const void *p, size_t n,
    struct err *e)
{
	struct in *in = arg;

	if (in->writing != kind && begin_file(in, kind, e) != 0)
		return -1;
	if (n > 0 && file_write_all(in->to, p, n) != 0)
		return cannot(e, "write", path_of(in->profile, kind));
	return 0;
}

static int
put_in_place(struct in *in, const char *path, struct err *e)
{
	char *from = beside(path);
	int rc = 0;

	if (rename(from, path) == 0)
		in->in_place = true;
	else
		rc = cannot(e, "write", path);
	if (rc == 0 && file_sync_dir_of(path) != 0)
		rc = cannot(e, "write", path);
	free(from);
	return rc;
}

static int
check_settings(struct in *in, struct err *e)
{
	char *path;
	int rc;

	if (!in->had_config || !in->settings)
		return 0;
	path = beside(in->profile->config);
	rc = in->settings(path, e);
	free(path);
	return rc == 0 ? 0 : err_prefix(e, "%s: its settings", in->from);
}

static void
remove_beside(const struct profile *p)
{
	for (int kind = CRATE_IDENTITY; kind < CRATE_KINDS; kind++) {
		char *path = beside(path_of(p, (enum crate_kind)kind));

		unlink(path);
		free(path);
	}
}

/* The identity is what makes a profile: its name comes last. */
static int
unpack(struct in *in, struct err *e)
{
	const struct profile *p = in->profile;
	struct crate c = { .arg = in, .bytes = on_write };
	char *db = beside(p->db);
	int rc = read_all(in, &c, e);
	int closed = end_file(in, rc == 0 ? e : NULL);

	if (rc == 0)
		rc = closed;
	if (rc == 0 && file_sync_dir_of(p->identity) != 0)
		rc = cannot(e, "write", p->identity);
	if (rc == 0)
		rc = schema_check_file(&schema_store, db, e);
	free(db);
	if (rc == 0)
		rc = check_settings(in, e);
	if (rc == 0 && in->had_config)
		rc = put_in_place(in, p->config, e);
	if (rc == 0)
		rc = put_in_place(in, p->db, e);
	if (rc == 0)
		rc = put_in_place(in, p->identity, e);
	return rc;
}

int
move_has_room(const struct profile *p, struct err *e)
{
	const bool again = profile_is_half_moved(p);
	char *wal = mem_printf("%s-wal", p->db);
	const char *const files[] = { p->identity, p->db, p->config, wal };
	int rc = 0;

	for (size_t i = 0; i < (again ? 1 : sizeof(files) /
	    sizeof(files[0])) && rc == 0; i++) {
		if (!file_exists(files[i]))
			continue;
		err_set(e, STATUS_CANNOT_CREATE, "%s is there already",
		    files[i]);
		rc = err_next(e, "import into a profile that is empty: "
		    "--profile NAME, or --home DIR");
	}
	free(wal);
	return rc;
}

int
move_in(const struct profile *p, const char *from, const char *passphrase,
    move_settings_fn *settings, struct err *e)
{
	struct in in = { .profile = p, .from = from, .fd = -1, .to = -1,
		.writing = CRATE_END, .settings = settings };
	uint8_t head[PARCEL_HEAD];
	int rc = -1;

	if (move_has_room(p, e) != 0)
		return -1;
	buf_init(&in.identity);
	in.fd = open_parcel(from, head, &in.left, e);
	if (in.fd >= 0) {
		in.parcel = parcel_open(head, sizeof(head), passphrase, e);
		if (!in.parcel)
			err_prefix(e, "%s", from);
	}
	if (in.parcel && look_through(&in, e) == 0) {
		rc = unpack(&in, e);
		/* With half of it in place, the identity beside says that it
		 * may be imported again. */
		if (rc != 0 && !in.in_place)
			remove_beside(p);
	}
	if (in.fd >= 0)
		close(in.fd);
	parcel_free(in.parcel);
	buf_wipe(&in.identity);
	return rc;
}
