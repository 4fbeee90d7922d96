/*
 * profile - where a person's things lie, and the lock on them.
 *
 * Without --home: the XDG directories (p2ptui(1), FILES: p2ptui.conf in the
 * config one, identity and database in the data one, the log in the state
 * one, the socket in the runtime one or else with the data), with a folder
 * more for each --profile NAME.  With --home DIR everything lies under DIR.
 * Directories are 0700, files 0600; anything wider found on the identity is
 * an error, not a repair.
 */
#ifndef PROFILE_H
#define PROFILE_H

#include <stdbool.h>

#include "err.h"
#include "vault.h"

/* Files that --import has not put in their places yet end so. */
#define MOVE_SUFFIX ".import"

struct profile {
	char *config;			/* .../p2ptui.conf */
	char *dir;			/* holds identity, database, lock */
	char *identity;
	char *db;
	char *log;
	char *downloads;
	char *links;			/* socket of the holder: handover.h */
	char *lock;
	int lock_fd;			/* -1: not held */
};

/* home and name may be NULL.  STATUS_USAGE for a name that is no folder
 * name.  Makes nothing. */
int profile_init(struct profile *p, const char *home, const char *name,
    struct err *e);
void profile_clear(struct profile *p);		/* gives the lock back */
/* Before anything in them is believed: the folders that are there already
 * are ours alone to write into, or STATUS_DENIED. */
int profile_check(const struct profile *p, struct err *e);
/* For whoever logs before the profile is held. */
int profile_make_log_dir(const struct profile *p, struct err *e);
/* Ours alone, or STATUS_DENIED. */
int profile_make_links_dir(const struct profile *p, struct err *e);
/* Makes the directories and takes the lock: STATUS_CANNOT_CREATE,
 * STATUS_TRY_AGAIN with the pid of the holder.  Removes what a killed
 * profile_keep left: it may hold the key without a passphrase. */
int profile_hold(struct profile *p, struct err *e);

/* 1: there, and it asks for a passphrase; 0: there, open; 2: there is none
 * and no database that would miss it; -1: damaged, too open, gone while its
 * database is still there, or not moved in whole (never a silent new
 * identity). */
int profile_identity_state(const struct profile *p, struct err *e);
struct vault *profile_unlock(const struct profile *p, const char *passphrase,
    struct err *e);
/* Writes the identity file, sealed by the passphrase unless it is NULL: the
 * old one or the new one is there at any time, and nothing of the old one is
 * left.  Blocks for the Argon2id time; a worker may call it. */
int profile_keep(const struct profile *p, const struct vault *v,
    const char *passphrase, struct err *e);
/* An import was interrupted before the identity got its name. */
bool profile_is_half_moved(const struct profile *p);

#endif
