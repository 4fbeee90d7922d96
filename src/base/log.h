/*
 * log - what happened, for the person who is asked to help.
 *
 * To a file or stderr, never to the screen.  Never a key, an id or a word
 * of what was said.  One of the two globals of the program.
 */
#ifndef LOG_H
#define LOG_H

#include "err.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* spec is LEVEL[:FILE]; empty, it is no log.  STATUS_CONFIG. */
int log_check(const char *spec, struct err *e);
/* Without FILE, `file` (may be NULL: stderr). */
int log_open(const char *spec, const char *file, struct err *e);
void log_close(void);
/* Opens the file anew, after it was rotated.  Errors are swallowed: the
 * service goes on without a log rather than not at all. */
void log_reopen(void);
/* Control bytes in the arguments are escaped: one call, one line. */
void log_at(enum log_level level, const char *fmt, ...) PRINTF_LIKE(2, 3);

#define log_error(...) log_at(LOG_ERROR, __VA_ARGS__)
#define log_warn(...) log_at(LOG_WARN, __VA_ARGS__)
#define log_info(...) log_at(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_at(LOG_DEBUG, __VA_ARGS__)

#endif
