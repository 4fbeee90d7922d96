#include "foot.h"

#include "view.h"

#include <stdio.h>
#include <string.h>

enum style
foot_text(const struct scene *s, char *dst, size_t size)
{
	const struct person *p = s->open;
	char key[KEYNAME_LEN], id[16];

	dst[0] = '\0';
	if (!p)
		return STYLE_DIM;
	if (p->doubted && p->who.trust != TRUST_BLOCKED) {
		snprintf(dst, size, p->differs ? "numbers of %s and you "
		    "differ: /verify again, or /block, before anything is "
		    "said" : "%s has another key than the one you know: "
		    "/verify, /accept or /block before anything is said",
		    p->title);
		return STYLE_LOUD;
	}
	if (p->who.trust == TRUST_REQUESTED) {
		/* Some titles have the id behind them already. */
		snprintf(id, sizeof(id), " (%.8s)", p->id_text);
		snprintf(dst, size, "%s%s wants to talk%s: /accept, /decline "
		    "or /block", p->title, strstr(p->title, id) ? "" : id,
		    p->flagged ? " under a look-alike name" : "");
		return STYLE_WARN;
	}
	if (p->who.trust == TRUST_BLOCKED) {
		snprintf(dst, size, "%s is blocked and cannot reach you; "
		    "/unblock lifts it", p->title);
		return STYLE_BAD;
	}
	if (s->view->scrolled) {
		snprintf(dst, size, "%s newer messages below: %s",
		    theme_mark(s->theme, MARK_DOWN),
		    scene_key(s, "newest", key));
		return STYLE_KEY;
	}
	if (p->typing) {
		snprintf(dst, size, "%s is typing%s", p->title,
		    theme_mark(s->theme, MARK_MORE));
		return STYLE_DIM;
	}
	if (p->waiting)
		snprintf(dst, size, "waiting for %s to accept; your words are "
		    "kept", p->title);
	return STYLE_DIM;
}
