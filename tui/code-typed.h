/*
 * code-typed - what to say of a code while it is being typed: /join and its
 * sixteen digits, of which the last one tells a mistake.  So a mistyped code
 * is seen before Enter and costs no try.  Pure.
 */
#ifndef CODE_TYPED_H
#define CODE_TYPED_H

#include <stdbool.h>

#include "theme.h"

enum { CODE_TYPED_TEXT = 80 };

/* False: the line is no /join with digits. */
bool code_typed(const char *line, enum style *style,
    char text[CODE_TYPED_TEXT]);

#endif
