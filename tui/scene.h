/*
 * scene - what every pane may look at while it draws; and small words that
 * several of them say the same way.
 */
#ifndef SCENE_H
#define SCENE_H

#include "chat.h"
#include "keymap.h"
#include "layout.h"
#include "theme.h"
#include "tui.h"

struct view;

struct scene {
	const struct tui_setup *setup;
	const struct theme *theme;
	const struct keymap *keys;
	const struct layout *at;
	struct person *open;		/* NULL: nobody's chat */
	struct view *view;		/* of the open chat, or of nobody */
	bool list_focused;
	int64_t now_ms;			/* wall clock */
};

/* "LAN", "relay": for people; "" for none. */
const char *scene_path(enum path p);
/* "0.4 ms", "23 ms", "1.2 s"; "" when not measured. */
void scene_rtt(int64_t rtt_us, char dst[16]);
/* "now", "12m", "2h", "3d", "4w". */
void scene_age(int64_t ms, char dst[8]);
/* The first key of an action as people say it, or "" when it has none. */
const char *scene_key(const struct scene *s, const char *action,
    char dst[KEYNAME_LEN]);
enum mark scene_presence(const struct person *p);
enum style scene_presence_style(const struct person *p);

#endif
