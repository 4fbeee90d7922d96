#include "complete.h"

#include "text.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct complete {
	char *words[COMPLETE_MAX];
	size_t n, current;
	bool going;
	uint64_t version;		/* of the edit after our last step */
	size_t from, to;		/* bytes of the word in the line */
	char *typed;
};

/* The words of a command line before the cursor. */
struct place {
	const struct cmd *cmd;		/* NULL: its name is being typed */
	int arg;			/* 0..: which argument */
	size_t from;			/* where the word begins */
	char *word;			/* without its quote */
	char *before;			/* the argument before, or NULL */
};

struct complete *
complete_new(void)
{
	return mem_new(sizeof(struct complete));
}

void
complete_end(struct complete *c)
{
	while (c->n > 0)
		free(c->words[--c->n]);
	free(c->typed);
	c->typed = NULL;
	c->going = false;
}

void
complete_free(struct complete *c)
{
	if (!c)
		return;
	complete_end(c);
	free(c);
}

size_t
complete_count(const struct complete *c)
{
	return c->going ? c->n : 0;
}

const char *
complete_at(const struct complete *c, size_t i)
{
	return i < c->n ? c->words[i] : NULL;
}

size_t
complete_current(const struct complete *c)
{
	return c->current;
}

/* ---- candidates ---------------------------------------------------------- */

static void
add(struct complete *c, const char *word)
{
	if (c->n == COMPLETE_MAX)
		return;
	for (size_t i = 0; i < c->n; i++) {
		if (strcmp(c->words[i], word) == 0)
			return;
	}
	c->words[c->n++] = mem_str(word);
}

static void
add_with_blank(struct complete *c, const char *word)
{
	char *s = mem_printf("%s ", word);

	add(c, s);
	free(s);
}

/* Those of a list in one string that begin with prefix. */
static void
add_words(struct complete *c, const char *list, const char *prefix)
{
	while (*list) {
		size_t len;

		list += strspn(list, " ");
		len = strcspn(list, " ");
		if (len > 0) {
			char *word = mem_strn(list, len);

			if (strncmp(word, prefix, strlen(prefix)) == 0)
				add_with_blank(c, word);
			free(word);
		}
		list += len;
	}
}

static void
add_commands(struct complete *c, const struct complete_sources *src,
    const char *prefix, const char *slash)
{
	size_t n = strlen(prefix);

	for (size_t i = 0; i < cmds_count(src->cmds); i++) {
		const struct cmd *cmd = cmds_at(src->cmds, i);
		char *word;

		if (strncmp(cmd->name, prefix, n) != 0)
			continue;
		word = mem_printf("%s%s ", slash, cmd->name);
		add(c, word);
		free(word);
	}
}

static void
add_people(struct complete *c, const struct complete_sources *src,
    const char *prefix, const char *after)
{
	const char *title;

	for (size_t i = 0; (title = src->person(src->arg, i)); i++) {
		char *word;

		if (!text_has_prefix(title, prefix))
			continue;
		word = strchr(title, ' ') && after[0] == ' ' ?
		    mem_printf("\"%s\"%s", title, after) :
		    mem_printf("%s%s", title, after);
		add(c, word);
		free(word);
	}
}

static void
add_options(struct complete *c, const struct complete_sources *src,
    const char *prefix)
{
	size_t n;
	const struct opt *table = opts_table(src->opts, &n);

	for (size_t i = 0; i < n; i++) {
		if (strncmp(table[i].name, prefix, strlen(prefix)) == 0)
			add_with_blank(c, table[i].name);
	}
}

/* The values that the option named in the word before may have. */
static void
add_values(struct complete *c, const struct complete_sources *src,
    const char *name, const char *prefix)
{
	const struct opt *o = name ? opts_find(src->opts, name) : NULL;

	if (!o)
		return;
	if (o->type == OPT_BOOL)
		add_words(c, "on off", prefix);
	if (o->type != OPT_WORD)
		return;
	for (size_t i = 0; o->words[i]; i++) {
		if (strncmp(o->words[i], prefix, strlen(prefix)) == 0)
			add_with_blank(c, o->words[i]);
	}
}

static void
add_paths(struct complete *c, const char *prefix)
{
	const char *slash = strrchr(prefix, '/'), *base;
	char *dir = slash ? mem_strn(prefix, (size_t)(slash - prefix) + 1) :
	    mem_str("./");
	struct dirent *d;
	DIR *open = opendir(dir);

	base = slash ? slash + 1 : prefix;
	while (open && (d = readdir(open))) {
		struct stat st;
		char *path, *word;

		if (strncmp(d->d_name, base, strlen(base)) != 0 ||
		    (d->d_name[0] == '.' && base[0] != '.') ||
		    !text_is_clean(d->d_name, strlen(d->d_name), TEXT_LINE))
			continue;
		path = mem_printf("%s%s", dir, d->d_name);
		word = mem_printf("%s%s%s", slash ? dir : "", d->d_name,
		    stat(path, &st) == 0 && S_ISDIR(st.st_mode) ? "/" : " ");
		add(c, word);
		free(word);
		free(path);
	}
	if (open)
		closedir(open);
	free(dir);
}

static int
by_word(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* ---- where the cursor is ------------------------------------------------- */

/* Splits text[0..at) as the runner of commands does. */
static void
find_place(struct place *p, const struct cmds *cmds, const char *text,
    size_t at)
{
	size_t i = 1;
	char *name;

	memset(p, 0, sizeof(*p));
	p->arg = -1;
	while (i < at && text[i] != ' ')
		i++;
	name = mem_strn(text + 1, i - 1);
	p->word = mem_str(name);
	if (i < at)
		p->cmd = cmds_find(cmds, name);
	free(name);
	while (i < at) {
		bool quoted;
		size_t from;

		while (i < at && text[i] == ' ')
			i++;
		p->arg++;
		p->from = i;
		quoted = i < at && text[i] == '"';
		from = i += quoted;
		while (i < at && text[i] != (quoted ? '"' : ' '))
			i++;
		free(p->before);
		p->before = p->arg > 0 ? p->word : NULL;
		if (!p->before)
			free(p->word);
		p->word = mem_strn(text + from, i - from);
		i += quoted && i < at;
	}
}

static void
look_in_command(struct complete *c, const struct complete_sources *src,
    const char *text, size_t at)
{
	struct place p;
	enum cmd_kind kind = CMD_NONE;

	find_place(&p, src->cmds, text, at);
	c->from = p.from;
	if (p.arg < 0)
		add_commands(c, src, p.word, "/");
	else if (p.cmd && p.arg < CMD_ARGS)
		kind = p.cmd->args[p.arg];
	switch (kind) {
	case CMD_PEER:
		add_people(c, src, p.word, " ");
		break;
	case CMD_OPTION:
		add_options(c, src, p.word);
		break;
	case CMD_COMMAND:
		add_commands(c, src, p.word, "");
		break;
	case CMD_PATH:
		add_paths(c, p.word);
		break;
	case CMD_WORD:
	case CMD_REST:
		if (p.arg > 0 && p.cmd->args[p.arg - 1] == CMD_OPTION)
			add_values(c, src, p.before, p.word);
		else if (p.cmd->words)
			add_words(c, p.cmd->words, p.word);
		break;
	case CMD_NONE:
	case CMD_HOST:
		break;
	}
	free(p.word);
	free(p.before);
}

static void
look(struct complete *c, const struct complete_sources *src,
    const struct edit *e)
{
	const char *text = edit_text(e, NULL);
	const size_t at = edit_cursor(e);

	c->from = c->to = at;
	if (text[0] == '/' && text[1] != '/') {
		look_in_command(c, src, text, at);
	} else if (at > 0 && !memchr(text, ' ', at) &&
	    !memchr(text, '\n', at)) {
		char *word = mem_strn(text, at);

		c->from = 0;
		add_people(c, src, word, ": ");
		free(word);
	}
	if (c->n > 1)
		qsort(c->words, c->n, sizeof(*c->words), by_word);
	c->typed = mem_strn(text + c->from, at - c->from);
}

bool
complete_step(struct complete *c, const struct complete_sources *src,
    struct edit *e, bool back)
{
	const char *word;

	if (c->going && c->version != edit_version(e))
		complete_end(c);
	if (!c->going) {
		complete_end(c);
		look(c, src, e);
		if (c->n == 0) {
			complete_end(c);
			return false;
		}
		c->going = true;
		c->current = c->n;
	}
	c->current = (c->current + (back ? c->n : 1)) % (c->n + 1);
	word = c->current < c->n ? c->words[c->current] : c->typed;
	if (edit_replace(e, c->from, c->to, word, strlen(word), NULL) != 0) {
		complete_end(c);
		return false;
	}
	c->to = c->from + strlen(word);
	c->version = edit_version(e);
	/* One candidate is an answer, not a round. */
	if (c->n == 1)
		complete_end(c);
	return true;
}
