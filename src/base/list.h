/*
 * list - doubly linked, intrusive: a struct list is both head and member.
 *
 *	struct list people;			head: list_init(&people)
 *	struct person { struct list in_people; ... };
 *	LIST_EACH(p, &people, struct person, in_people) ...
 *
 * LIST_EACH tolerates the removal of the current member.
 */
#ifndef LIST_H
#define LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
	struct list *next, *prev;
};

static inline void
list_init(struct list *l)
{
	l->next = l->prev = l;
}

static inline bool
list_is_empty(const struct list *l)
{
	return l->next == l;
}

static inline void
list_append(struct list *head, struct list *m)
{
	m->prev = head->prev;
	m->next = head;
	head->prev->next = m;
	head->prev = m;
}

/* Leaves the member in a list of its own: removing twice is harmless. */
static inline void
list_remove(struct list *m)
{
	m->prev->next = m->next;
	m->next->prev = m->prev;
	list_init(m);
}

#define LIST_OF(m, type, member) \
	((type *)(void *)((char *)(m) - offsetof(type, member)))
#define LIST_FIRST(head, type, member) \
	(list_is_empty(head) ? NULL : LIST_OF((head)->next, type, member))
#define LIST_EACH(v, head, type, member) \
	for (struct list *v##_at = (head)->next, *v##_then; \
	    v##_then = v##_at->next, v##_at != (head); v##_at = v##_then) \
		for (type *v = LIST_OF(v##_at, type, member); v; v = NULL)

#endif
