/*
 * code-typed - what to say of a code while it is being typed: /join and its
 * sixteen digits, of which the last one tells a mistake.  So a mistyped code
 * is seen before Enter and costs no try.  A code or a contact link that was
 * typed or pasted without its command is known by its shape.  Pure.
 */
#ifndef CODE_TYPED_H
#define CODE_TYPED_H

#include <stdbool.h>

#include "theme.h"

enum { CODE_TYPED_TEXT = 80 };

/* The command, "/join " or "/add ", that a line lacks which is a code or a
 * link and nothing else; NULL: it is other words.  With nobody to say them to
 * (alone) digits are a code, even mistyped ones and too few. */
const char *code_typed_lacks(const char *line, bool alone);
/* False: the line is no /join with digits, and lacks no command. */
bool code_typed(const char *line, bool alone, enum style *style,
    char text[CODE_TYPED_TEXT]);

#endif
