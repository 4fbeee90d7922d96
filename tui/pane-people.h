/*
 * pane-people - the list: who is nearby, who asks, who is a contact.
 *
 * Rows stand still under the finger: within their section contacts are
 * sorted by presence, then by name, and the selection follows the person,
 * not the row.  Typing filters.
 */
#ifndef PANE_PEOPLE_H
#define PANE_PEOPLE_H

#include "scene.h"

struct people;

struct people *people_new(void);
void people_free(struct people *p);

/* Rebuilds the rows when the roster moved; true if so. */
bool people_update(struct people *p, const struct roster *r);
size_t people_count(const struct people *p);
/* NULL past the end. */
const struct user_id *people_at(const struct people *p, size_t i);
/* Place of an id; people_count() when it is not there. */
size_t people_find(const struct people *p, const struct user_id *id);

/* The selected row; NULL when the list is empty. */
const struct user_id *people_selected(const struct people *p);
void people_select(struct people *p, const struct user_id *id);
void people_move(struct people *p, int by);	/* stays at the ends */

const char *people_filter(const struct people *p);
bool people_filter_add(struct people *p, int32_t cp);
bool people_filter_erase(struct people *p);
void people_filter_clear(struct people *p);

void people_draw(struct people *p, const struct scene *s,
    const struct rect *r);

#endif
