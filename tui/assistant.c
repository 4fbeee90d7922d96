#include "assistant.h"

#include "field.h"
#include "form.h"
#include "keyin.h"
#include "term.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_WELCOME = 12 };

enum kind { TEXT, SECRET, CHOICE };

static const struct question {
	enum kind kind;
	const char *ask, *why;
} questions[ASSISTANT_QUESTIONS] = {
	[ASSISTANT_NAME] = { TEXT, "What shall others call you?",
	    "" },
	[ASSISTANT_PASSPHRASE] = { SECRET, "A passphrase?",
	    "It seals your identity and your messages on this disk, and is "
	    "asked for at every start. Nobody can restore a forgotten one. "
	    "Enter alone: none." },
	[ASSISTANT_LAN] = { CHOICE, "Who on this network may see that you "
	    "are here?", "" },
	[ASSISTANT_RELAY] = { TEXT, "A relay, to be found from anywhere?",
	    "Its address as somebody gave it to you: HOST, or "
	    "HOST:PORT#KEY. It carries sealed words that it cannot read. "
	    "Enter alone: none." },
	[ASSISTANT_CODE] = { TEXT, "Did somebody give you a code?",
	    "The 16 digits that /host showed them: with it you become "
	    "contacts. Enter alone: no." },
};

static const struct {
	const char *word;		/* "": as it is anyway */
	const char *name, *means;
} choices[] = {
	{ "", "everyone", "people find you here, and you them" },
	{ "contacts", "contacts", "only who knows you recognises you" },
	{ "off", "nobody", "nothing is said on this network" },
};
enum { N_CHOICES = sizeof(choices) / sizeof(choices[0]) };

struct assistant {
	struct assistant_setup setup;
	struct assistant_answers *out;
	struct loop *loop;
	struct theme theme;
	enum assistant_asks at;
	bool repeats;			/* the passphrase, once more */
	struct field field;
	int choice;
	struct err trouble;
	bool stale, answered;
};

/* ---- going through them -------------------------------------------------- */

static bool
is_asked(const struct assistant *a, int which)
{
	return !(a->setup.skip & 1u << which);
}

static char *
place_of(struct assistant *a, size_t *size)
{
	*size = ASSISTANT_TEXT;
	switch (a->at) {
	case ASSISTANT_NAME:
		return a->out->name;
	case ASSISTANT_PASSPHRASE:
		*size = a->setup.passphrase_size;
		return a->repeats ? a->setup.again : a->setup.passphrase;
	case ASSISTANT_RELAY:
		return a->out->relay;
	case ASSISTANT_CODE:
		return a->out->code;
	case ASSISTANT_LAN:
	case ASSISTANT_QUESTIONS:
		break;
	}
	*size = sizeof(a->out->lan);
	return a->out->lan;
}

static void
enter(struct assistant *a)
{
	size_t size;
	char *place = place_of(a, &size);

	field_init(&a->field, place, size,
	    questions[a->at].kind == SECRET);
	a->stale = true;
}

/* From one to the next that is asked; past the last one: done. */
static void
go_on(struct assistant *a)
{
	int next = (int)a->at + 1;

	a->repeats = false;
	while (next < ASSISTANT_QUESTIONS && !is_asked(a, next))
		next++;
	if (next == ASSISTANT_QUESTIONS) {
		a->answered = true;
		loop_stop(a->loop, STATUS_OK);
		return;
	}
	a->at = (enum assistant_asks)next;
	enter(a);
}

static void
go_back(struct assistant *a)
{
	int before = (int)a->at - 1;

	while (before >= 0 && !is_asked(a, before))
		before--;
	if (before < 0 && !a->repeats)
		return;
	if (a->at == ASSISTANT_PASSPHRASE || before ==
	    ASSISTANT_PASSPHRASE) {
		/* Masked, it cannot be mended: typed anew. */
		memset(a->setup.passphrase, 0, a->setup.passphrase_size);
		memset(a->setup.again, 0, a->setup.passphrase_size);
	}
	if (!a->repeats)
		a->at = (enum assistant_asks)before;
	a->repeats = false;
	enter(a);
}

/* ---- answers ------------------------------------------------------------- */

static void
take_passphrase(struct assistant *a)
{
	if (a->field.len == 0 && !a->repeats) {
		go_on(a);
	} else if (!a->repeats && a->setup.check(a->setup.arg, a->at,
	    a->field.at, &a->trouble) != 0) {
		field_clear(&a->field);
	} else if (!a->repeats) {
		a->repeats = true;
		enter(a);
	} else if (strcmp(a->setup.passphrase, a->setup.again) == 0) {
		go_on(a);
	} else {
		err_set(&a->trouble, STATUS_DENIED, "The two were not the "
		    "same. Once more");
		go_back(a);
	}
}

static void
take_answer(struct assistant *a)
{
	const struct question *q = &questions[a->at];

	a->trouble.what[0] = '\0';
	switch (q->kind) {
	case CHOICE:
		snprintf(a->out->lan, sizeof(a->out->lan), "%s",
		    choices[a->choice].word);
		go_on(a);
		break;
	case SECRET:
		take_passphrase(a);
		break;
	case TEXT:
		if (a->field.len == 0 || a->setup.check(a->setup.arg, a->at,
		    a->field.at, &a->trouble) == 0)
			go_on(a);
		break;
	}
}

static void
choose(struct assistant *a, struct key k)
{
	if (k.code == K_UP && a->choice > 0)
		a->choice--;
	else if (k.code == K_DOWN && a->choice < N_CHOICES - 1)
		a->choice++;
	else if (k.code >= '1' && k.code < '1' + N_CHOICES)
		a->choice = k.code - '1';
}

static void
leave(struct assistant *a)
{
	loop_stop(a->loop, STATUS_OK);
}

static void
on_key(void *arg, struct key k)
{
	struct assistant *a = arg;

	a->stale = true;
	if (k.mods == MOD_CTRL && k.code == 'c') {
		leave(a);
		return;
	}
	if (k.mods == MOD_CTRL && k.code == 'l') {
		term_redraw();
		return;
	}
	if (k.code == K_ESC || (k.code == K_TAB && k.mods == MOD_SHIFT)) {
		a->trouble.what[0] = '\0';
		go_back(a);
		return;
	}
	if (questions[a->at].kind == CHOICE && k.code != K_ENTER) {
		choose(a, k);
		return;
	}
	switch (field_key(&a->field, k)) {
	case FIELD_ENTER:
		take_answer(a);
		break;
	case FIELD_FULL:
		term_bell();
		break;
	case FIELD_CHANGED:
		a->trouble.what[0] = '\0';	/* of what stood there */
		break;
	case FIELD_NOTHING:
	case FIELD_LEAVE:
		break;
	}
}

static void
on_paste(void *arg, const void *text, size_t len)
{
	struct assistant *a = arg;

	a->stale = true;
	if (questions[a->at].kind == CHOICE || !text ||
	    !field_paste(&a->field, text, len))
		term_bell();
}

static void
on_focus(void *arg)
{
	(void)arg;
}

static void
on_resize(void *arg)
{
	struct assistant *a = arg;

	a->stale = true;
	loop_again(a->loop);
}

static void
on_gone(void *arg)
{
	struct assistant *a = arg;

	loop_stop(a->loop, 128 + SIGHUP);
}

static void
on_signal(void *arg, int signo)
{
	struct assistant *a = arg;

	loop_stop(a->loop, 128 + signo);
}

/* ---- drawing ------------------------------------------------------------- */

static void
draw_choices(const struct assistant *a, struct form *f)
{
	for (int i = 0; i < N_CHOICES; i++) {
		char name[24];

		snprintf(name, sizeof(name), "%d %s", i + 1, choices[i].name);
		form_choice(f, i == a->choice, name, choices[i].means);
	}
}

static void
draw_question(const struct assistant *a, struct form *f)
{
	const struct question *q = &questions[a->at];
	char why[ASSISTANT_TEXT + 100];

	form_say(f, STYLE_TITLE, 0, a->repeats ? "The same again, please." :
	    q->ask);
	if (a->at == ASSISTANT_NAME)
		snprintf(why, sizeof(why), "Enter takes \"%s\"; /name "
		    "changes it at any time.", a->setup.name);
	else
		snprintf(why, sizeof(why), "%s", a->repeats ? "" : q->why);
	form_say(f, STYLE_DIM, 0, why);
	form_gap(f);
	if (q->kind == CHOICE)
		draw_choices(a, f);
	else
		form_field(f, "", &a->field);
	if (a->trouble.what[0]) {
		form_gap(f);
		form_say(f, STYLE_BAD, 0, a->trouble.what);
		form_say(f, STYLE_DIM, 0, a->trouble.next);
	}
}

static void
draw(struct assistant *a)
{
	static const char *const hints[] = { "Enter", "next", "Esc", "back",
		"Ctrl-C", "leave", NULL };
	static const char *const none[] = { NULL };
	int n = 0, of = 0;
	struct form f;
	char count[32];

	for (int i = 0; i < ASSISTANT_QUESTIONS; i++) {
		of += is_asked(a, i);
		n += is_asked(a, i) && i <= (int)a->at;
	}
	snprintf(count, sizeof(count), "%d of %d", n, of);
	form_begin(&f, &a->theme, "p2ptui", a->answered ? "" : count);
	if (a->answered) {
		form_say(&f, STYLE_TITLE, 0, "One moment.");
		form_hints(&f, none);
	} else {
		/* Where there is little room the question comes first. */
		if (term_rows() >= ROWS_WELCOME) {
			form_say(&f, STYLE_TEXT, 0, n == 1 ? "Welcome. A few "
			    "questions; Enter skips each of them." : "");
			form_gap(&f);
		}
		draw_question(a, &f);
		form_hints(&f, hints);
	}
	a->stale = false;
	term_show();
}

static void
on_show(void *arg)
{
	struct assistant *a = arg;

	if (a->stale && term_is_ready())
		draw(a);
}

/* ---- life ---------------------------------------------------------------- */

static int
open_screen(struct assistant *a, struct err *e)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP };
	const struct term_events events = { a, on_key, on_paste, on_focus,
		on_resize, on_gone };

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (loop_signal(a->loop, ends[i], on_signal, a, e) != 0)
			return -1;
	if (term_open(a->loop, &events, e) != 0)
		return -1;
	return 0;
}

struct assistant *
assistant_run(const struct assistant_setup *setup,
    struct assistant_answers *out, int *status, struct err *e)
{
	struct assistant *a = mem_new(sizeof(*a));

	memset(out, 0, sizeof(*out));
	a->setup = *setup;
	a->loop = setup->loop;
	a->out = out;
	*status = -1;
	if (open_screen(a, e) == 0) {
		a->theme.ascii = !term_is_utf8() ||
		    strcmp(opts_word(setup->opts, "marks"), "ascii") == 0;
		while (a->at < ASSISTANT_QUESTIONS &&
		    !is_asked(a, (int)a->at))
			a->at++;
		enter(a);
		loop_hook(a->loop, LOOP_SHOW, on_show, a);
		loop_again(a->loop);
		*status = loop_run(a->loop);
		loop_unhook(a->loop, LOOP_SHOW, on_show, a);
	}
	/* The screen outlives the questions: a moment's wait is shown. */
	if (a->answered && *status == STATUS_OK) {
		draw(a);
		return a;
	}
	assistant_close(a);
	return NULL;
}

void
assistant_close(struct assistant *a)
{
	if (!a)
		return;
	term_close();
	free(a);
}
