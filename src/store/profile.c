#include "profile.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"

enum {
	NAME_MAX_LEN = 64,
	USER_DIRS_MAX = 65536
};

/* ---- where ---------------------------------------------------------------
 *
 * XDG Base Directory Specification 0.8: "All paths set in these environment
 * variables must be absolute.  If an implementation encounters a relative
 * path in any of these variables it should consider the path invalid and
 * ignore it."
 */

static const char *
home_dir(struct err *e)
{
	const char *home = getenv("HOME");

	if (home != NULL && home[0] == '/')
		return home;
	err_set(e, STATUS_CANNOT_CREATE, "HOME is not set to a folder");
	err_next(e, "set it, or choose a place with --home DIR");
	return NULL;
}

static bool
is_folder_name(const char *name)
{
	size_t i, len = strlen(name);

	if (len == 0 || len > NAME_MAX_LEN || name[0] == '.' ||
	    name[0] == '-')
		return false;
	for (i = 0; i < len; i++)
		if (!isalnum((unsigned char)name[i]) &&
		    strchr("._-", name[i]) == NULL)
			return false;
	return true;
}

/* BASE/p2ptui[/NAME] */
static char *
own_folder(const char *base, const char *name)
{
	char *own = file_join(base, "p2ptui"), *deeper;

	if (name == NULL)
		return own;
	deeper = file_join(own, name);
	free(own);
	return deeper;
}

static char *
xdg_folder(const char *variable, const char *home, const char *fallback,
    const char *name)
{
	const char *set = getenv(variable);
	char *base, *own;

	if (set != NULL && set[0] == '/')
		return own_folder(set, name);
	base = file_join(home, fallback);
	own = own_folder(base, name);
	free(base);
	return own;
}

/* The value of a line XDG_DOWNLOAD_DIR="$HOME/Downloads", as xdg-user-dirs
 * writes it: absolute or below $HOME, backslash quotes.  NULL: not that. */
static char *
download_line(const char *line, const char *home)
{
	static const char key[] = "XDG_DOWNLOAD_DIR=\"";
	struct buf b;
	const char *p;

	line += strspn(line, " \t");
	if (strncmp(line, key, sizeof(key) - 1) != 0)
		return NULL;
	p = line + sizeof(key) - 1;
	buf_init(&b);
	if (strncmp(p, "$HOME/", 6) == 0) {
		buf_printf(&b, "%s", home);
		p += 5;
	}
	for (; *p != '"' && *p != '\0'; p++) {
		if (*p == '\\' && p[1] != '\0')
			p++;
		buf_put(&b, p, 1);
	}
	if (*p == '"' && buf_str(&b)[0] == '/')
		return buf_str(&b);
	buf_clear(&b);
	return NULL;
}

static char *
find_download_line(const struct buf *text, const char *home)
{
	char *copy = mem_strn((const char *)text->at, text->len);
	char *at = copy, *line, *found = NULL;

	while (found == NULL && (line = at) != NULL) {
		at = strchr(line, '\n');
		if (at != NULL)
			*at++ = '\0';
		found = download_line(line, home);
	}
	free(copy);
	return found;
}

static char *
download_folder(const char *home, const char *name)
{
	const char *config = getenv("XDG_CONFIG_HOME");
	struct buf text;
	char *dirs, *base = NULL, *own;

	if (config != NULL && config[0] == '/')
		dirs = file_join(config, "user-dirs.dirs");
	else
		dirs = file_join(home, ".config/user-dirs.dirs");
	buf_init(&text);
	if (file_exists(dirs) &&
	    file_read(dirs, USER_DIRS_MAX, &text, NULL) == 0 && text.len != 0)
		base = find_download_line(&text, home);
	if (base == NULL)
		base = file_join(home, "Downloads");
	own = own_folder(base, name);
	free(base);
	free(dirs);
	buf_clear(&text);
	return own;
}

/* The runtime folder is not everywhere, and has no fallback of its own. */
static char *
links_socket(const char *dir, const char *name)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	char *own, *path;

	own = runtime != NULL && runtime[0] == '/' ?
	    own_folder(runtime, name) : mem_str(dir);
	path = file_join(own, "links");
	free(own);
	return path;
}

static void
init_under_home(struct profile *p, const char *home)
{
	p->dir = mem_str(home);
	p->config = file_join(home, "p2ptui.conf");
	p->log = file_join(home, "p2ptui.log");
	p->downloads = file_join(home, "downloads");
	p->links = file_join(home, "links");
}

static int
init_xdg(struct profile *p, const char *name, struct err *e)
{
	const char *home = home_dir(e);
	char *config, *state;

	if (home == NULL)
		return -1;
	config = xdg_folder("XDG_CONFIG_HOME", home, ".config", name);
	state = xdg_folder("XDG_STATE_HOME", home, ".local/state", name);
	p->dir = xdg_folder("XDG_DATA_HOME", home, ".local/share", name);
	p->config = file_join(config, "p2ptui.conf");
	p->log = file_join(state, "p2ptui.log");
	p->downloads = download_folder(home, name);
	p->links = links_socket(p->dir, name);
	free(config);
	free(state);
	return 0;
}

int
profile_init(struct profile *p, const char *home, const char *name,
    struct err *e)
{
	memset(p, 0, sizeof(*p));
	p->lock_fd = -1;
	if (home != NULL && name != NULL) {
		err_set(e, STATUS_USAGE, "--home and --profile exclude each "
		    "other");
		return err_next(e, "give each identity a --home of its own, "
		    "or use --profile alone");
	}
	if (home != NULL && home[0] == '\0')
		return err_set(e, STATUS_USAGE, "--home names no folder");
	if (name != NULL && !is_folder_name(name)) {
		err_set(e, STATUS_USAGE, "\"%.80s\" is no name for a profile",
		    name);
		return err_next(e, "use up to %d letters, digits, '-', '_' "
		    "or '.', beginning with a letter or digit", NAME_MAX_LEN);
	}
	if (home != NULL)
		init_under_home(p, home);
	else if (init_xdg(p, name, e) != 0)
		return -1;
	p->identity = file_join(p->dir, "identity");
	p->db = file_join(p->dir, "p2ptui.db");
	p->lock = file_join(p->dir, "lock");
	return 0;
}

void
profile_clear(struct profile *p)
{
	/* The lock file stays: removing it would let two hold one each. */
	if (p->lock_fd >= 0)
		close(p->lock_fd);
	free(p->config);
	free(p->dir);
	free(p->identity);
	free(p->db);
	free(p->log);
	free(p->downloads);
	free(p->links);
	free(p->lock);
	memset(p, 0, sizeof(*p));
	p->lock_fd = -1;
}

/* ---- whose --------------------------------------------------------------- */

/* Who can write into the folder can put another identity into it, or a
 * configuration that writes a log where they like.  An administrator may use
 * a folder of others, who else may not: its owner can do all of that. */
static int
check_folder(const char *dir, struct err *e)
{
	struct stat st;

	if (stat(dir, &st) == 0 && S_ISDIR(st.st_mode) &&
	    st.st_uid != geteuid() && st.st_uid != 0 && geteuid() != 0) {
		err_set(e, STATUS_DENIED, "%s belongs to another user", dir);
		return err_next(e, "choose a folder of yours with --home DIR");
	}
	return file_check_dir(dir, e);
}

static int
make_dir_of(const char *file, struct err *e)
{
	char *dir = file_dir_of(file);
	int rc = file_make_dir(dir, e);

	free(dir);
	return rc;
}

int
profile_check(const struct profile *p, struct err *e)
{
	char *config = file_dir_of(p->config);
	int rc = 0;

	if (file_exists(p->dir))
		rc = check_folder(p->dir, e);
	if (rc == 0 && file_exists(config))
		rc = check_folder(config, e);
	free(config);
	return rc;
}

/* The identity while it is being written.  A name of its own, so that what a
 * kill left there can be told from somebody's copy of the identity. */
static char *
unfinished(const struct profile *p)
{
	return mem_printf("%s.unfinished", p->identity);
}

static void
remove_unfinished(const struct profile *p)
{
	char *path = unfinished(p);

	unlink(path);
	free(path);
}

int
profile_make_log_dir(const struct profile *p, struct err *e)
{
	return make_dir_of(p->log, e);
}

int
profile_make_links_dir(const struct profile *p, struct err *e)
{
	char *dir = file_dir_of(p->links);
	int rc = file_make_dir(dir, e);

	if (rc == 0)
		rc = check_folder(dir, e);
	free(dir);
	return rc;
}

int
profile_hold(struct profile *p, struct err *e)
{
	if (file_make_dir(p->dir, e) != 0 || check_folder(p->dir, e) != 0 ||
	    make_dir_of(p->config, e) != 0 || make_dir_of(p->log, e) != 0)
		return -1;
	p->lock_fd = file_lock(p->lock, e);
	if (p->lock_fd < 0)
		return -1;
	remove_unfinished(p);
	return 0;
}

bool
profile_is_half_moved(const struct profile *p)
{
	char *moved = mem_printf("%s" MOVE_SUFFIX, p->identity);
	bool half = file_exists(moved) && !file_exists(p->identity);

	free(moved);
	return half;
}

/* 1: there and ours alone; 0: there is none; -1. */
static int
find_identity(const struct profile *p, struct err *e)
{
	struct stat st;

	if (stat(p->identity, &st) != 0) {
		if (errno == ENOENT)
			return 0;
		err_set(e, STATUS_DENIED, "cannot look at %s: %s",
		    p->identity, strerror(errno));
		return err_next(e, "check its owner and permissions");
	}
	if (!S_ISREG(st.st_mode)) {
		err_set(e, STATUS_DAMAGED, "%s is not a file", p->identity);
		return err_next(e, "put the identity back from a backup");
	}
	if ((st.st_mode & 077) == 0)
		return 1;
	err_set(e, STATUS_DENIED, "others may use %s (mode %04o)",
	    p->identity, (unsigned int)st.st_mode & 07777);
	return err_next(e, "run: chmod 600 '%s'", p->identity);
}

static int
read_identity(const struct profile *p, struct buf *out, struct err *e)
{
	int there = find_identity(p, e);

	if (there < 0)
		return -1;
	if (there == 0) {
		err_set(e, STATUS_DAMAGED, "the identity %s is gone",
		    p->identity);
		return err_next(e, "put it back from a backup");
	}
	return file_read(p->identity, VAULT_FILE_MAX, out, e);
}

int
profile_identity_state(const struct profile *p, struct err *e)
{
	struct buf b;
	int rc = find_identity(p, e);

	if (rc < 0)
		return -1;
	if (rc == 0 && profile_is_half_moved(p)) {
		err_set(e, STATUS_DAMAGED, "an import into %s was "
		    "interrupted", p->dir);
		return err_next(e, "import again, or remove %s" MOVE_SUFFIX
		    " to begin as somebody new", p->identity);
	}
	if (rc == 0 && file_exists(p->db)) {
		err_set(e, STATUS_DAMAGED, "the identity %s is gone but its "
		    "database %s is still there", p->identity, p->db);
		return err_next(e, "put the identity back from a backup, or "
		    "move the database away to begin as somebody new");
	}
	if (rc == 0)
		return 2;
	buf_init(&b);
	rc = read_identity(p, &b, e);
	if (rc == 0) {
		rc = vault_asks(b.at, b.len, e);
		if (rc < 0)
			err_prefix(e, "%s", p->identity);
	}
	buf_wipe(&b);
	buf_clear(&b);
	return rc;
}

struct vault *
profile_unlock(const struct profile *p, const char *passphrase,
    struct err *e)
{
	struct vault *v = NULL;
	struct buf b;

	buf_init(&b);
	if (read_identity(p, &b, e) == 0) {
		v = vault_read(b.at, b.len, passphrase, e);
		if (v == NULL)
			err_prefix(e, "%s", p->identity);
	}
	buf_wipe(&b);
	buf_clear(&b);
	return v;
}

int
profile_keep(const struct profile *p, const struct vault *v,
    const char *passphrase, struct err *e)
{
	char *by_way_of = unfinished(p);
	struct buf b;
	int rc;

	buf_init(&b);
	rc = vault_write(v, passphrase, &vault_default_cost, &b, e);
	if (rc == 0)
		rc = file_write_via(by_way_of, p->identity, b.at, b.len, 0600,
		    e);
	free(by_way_of);
	buf_wipe(&b);
	buf_clear(&b);
	return rc;
}
