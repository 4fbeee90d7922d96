/*
 * vectors - known answers, read from text files.
 *
 * Format 1:
 *	# comment		where the answers come from
 *	[name]			starts a section
 *	key = hex		bytes; may be none
 *	key : text		text or a decimal number
 *
 * Keys are unique within a section.  Whatever is asked for must be there: a
 * missing file, section or key ends the test program, because a known answer
 * that is not looked at proves nothing.
 */
#ifndef VECTORS_H
#define VECTORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vectors;

struct section {
	const char *name;
	struct answer *answers;
	size_t n_answers;
};

/* A file of tests/vectors. */
struct vectors *vectors_open(const char *file);
/* Of the directory in the environment variable VECTORS, for answers whose
 * licence does not let them live here; NULL, and a note, when it is not set. */
struct vectors *vectors_open_foreign(const char *file);
void vectors_free(struct vectors *v);

const struct section *vectors_get(const struct vectors *v, const char *name);
/* The section after s whose name starts so, the first for NULL; NULL: none. */
const struct section *vectors_next(const struct vectors *v,
    const struct section *s, const char *prefix);

bool section_has(const struct section *s, const char *key);
/* Never NULL; owned by the vectors. */
const uint8_t *section_bytes(const struct section *s, const char *key,
    size_t *len);
/* Exactly len bytes. */
const uint8_t *section_exact(const struct section *s, const char *key,
    size_t len);
const char *section_text(const struct section *s, const char *key);
uint64_t section_u64(const struct section *s, const char *key);

#endif
