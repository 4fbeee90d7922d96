/*
 * tty - the terminal as a device: its modes, bytes in, bytes out, and the
 * way back.  Knows no curses; term.c draws on it.
 *
 * Out goes through an open description of our own, non-blocking: a terminal
 * that takes nothing stops the screen, not the program.  (O_NONBLOCK on the
 * description we were given would be seen by the shell.)
 *
 * However the program ends, die() and deadly signals included, the modes are
 * put back and the bytes handed to tty_start are written.
 */
#ifndef TTY_H
#define TTY_H

#include "buf.h"
#include "keyin.h"
#include "loop.h"

enum { TTY_RESTORE_MAX = 256 };

struct tty_events {
	void *arg;
	void (*on_key)(void *arg, struct key k);
	void (*on_paste)(void *arg, const void *text, size_t len);
	void (*on_focus)(void *arg, bool has_it);
	/* What waited was taken. */
	void (*on_drained)(void *arg);
	/* Hung up: nothing will come or go any more. */
	void (*on_gone)(void *arg);
};

/* Remembers the modes; nothing changes yet. */
int tty_open(struct loop *l, const struct tty_events *ev, struct err *e);
/* Raw mode, keys, and `restore` to be written on the way out; rows are
 * borrowed until tty_close. */
int tty_start(const struct keyin_row *rows, size_t n, const char *restore,
    struct err *e);
/* The modes as they were found; waiting bytes are given one more try. */
void tty_close(void);
/* For a stop: the modes as they were found, and raw again. */
void tty_cook(void);
void tty_raw(void);

int tty_fd(void);
/* Append here, then flush. */
struct buf *tty_out(void);
void tty_flush(void);
/* Nothing waits, and it is there. */
bool tty_is_ready(void);
bool tty_is_gone(void);
/* False when it does not know. */
bool tty_size(int *rows, int *cols);

#endif
