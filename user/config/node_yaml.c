// SPDX-License-Identifier: GPL-2.0-only
/*
 * libfyaml's events, not its documents: an anchor or alias is refused where it stands, before
 * anything could be expanded, and no limit of ours depends on what its document builder does.
 * Plain scalars are typed by the core schema of YAML 1.2, so `on` and `yes` are strings.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libfyaml.h>

#include "base/utf8.h"
#include "config/node.h"

/*
 * What libfyaml 0.7 must not see, since 16 MiB of it keep it busy for minutes: a long directive
 * (64 KiB of % take half a minute), brackets that nobody closes, which it reads on and on in search
 * of a colon, and blank lines in a scalar, whose cost grows with their square.
 */
#define LINE_BYTES_MAX (256u << 10)
#define BLANK_LINES_MAX 64u
#define OPEN_BRACKETS_MAX 65536
#define SCALAR_BYTES_MAX (128u << 10)

struct build {
	const struct input *input;
	struct cursor cursor;
	struct parse_error *error;
	struct node_tree tree;
	/* Lists and mappings that have begun and not ended. */
	struct node *open[NODE_DEPTH_MAX];
	unsigned int depth;
	/* The key that waits for its value. */
	const char *key;
	struct position key_position;
	unsigned int documents;
};

static struct position place_of(struct build *build, const struct fy_mark *mark)
{
	if (mark)
		cursor_move(&build->cursor, mark->input_pos);
	return build->cursor.position;
}

#define refuse(build, place, ...)                                                           \
	parse_error_set((build)->error, (build)->input->name, (place).line, (place).column, \
			__VA_ARGS__)

static struct node *parent_of(const struct build *build)
{
	return build->depth ? build->open[build->depth - 1] : NULL;
}

static bool wants_key(const struct build *build)
{
	return build->depth && parent_of(build)->kind == NODE_MAPPING && !build->key;
}

static int refuse_property(struct build *build, struct fy_token *token, const char *what)
{
	const struct fy_mark *mark = fy_token_start_mark(token);
	struct position place = place_of(build, mark);

	/* The token of an anchor or alias begins behind its sign. */
	if (mark && mark->input_pos && strchr("&*", build->input->text[mark->input_pos - 1]))
		place.column--;
	return refuse(build, place, "expected a plain value, got %s", what);
}

/* Anchors are where expansion bombs begin, tags would change the type of what follows. */
static int refuse_properties(struct build *build, struct fy_token *anchor, struct fy_token *tag)
{
	if (anchor)
		return refuse_property(build, anchor, "an anchor (&), which is not allowed here");
	if (tag)
		return refuse_property(build, tag, "a tag (!), which is not allowed here");
	return 0;
}

/* A node under the one that is open; NULL with *result where it may not be. */
static struct node *add_node(struct build *build, struct position place, int *result)
{
	struct node *node;

	if (build->tree.count >= NODE_COUNT_MAX) {
		*result = refuse(build, place, "expected at most %u values", NODE_COUNT_MAX);
		return NULL;
	}
	node = node_tree_add(&build->tree, parent_of(build));
	if (!node) {
		*result = -ENOMEM;
		return NULL;
	}
	node->position = place;
	node->key = build->key;
	node->key_position = build->key_position;
	build->key = NULL;
	*result = 0;
	return node;
}

static int open_collection(struct build *build, enum node_kind kind, const struct fy_mark *mark,
			   struct fy_token *anchor, struct fy_token *tag)
{
	struct position place = place_of(build, mark);
	struct node *node;
	int r = refuse_properties(build, anchor, tag);

	if (r)
		return r;
	if (wants_key(build))
		return refuse(build, place, "expected a key, got a list or mapping");
	if (build->depth == NODE_DEPTH_MAX)
		return refuse(build, place, "expected at most %d levels", NODE_DEPTH_MAX);
	node = add_node(build, place, &r);
	if (!node)
		return r;
	node->kind = kind;
	build->open[build->depth++] = node;
	return 0;
}

static int close_mapping(struct build *build)
{
	const struct node *first = NULL;
	const struct node *again;
	int r;

	again = node_find_duplicate(parent_of(build), &first, &r);
	if (r)
		return r;
	if (again)
		return refuse(build, again->key_position,
			      "expected each key once, got \"%.60s\" again (first on line %u)",
			      again->key, first->key_position.line);
	build->depth--;
	return 0;
}

static bool is_one_of(const char *text, const char *const *words)
{
	for (; *words; words++)
		if (strcmp(text, *words) == 0)
			return true;
	return false;
}

/* [-+]? digits, 0o octal, 0x hexadecimal: YAML 1.2, 10.3.2. */
static bool looks_integer(const char *text, int *base)
{
	const char *digits = text;

	*base = 10;
	if (strncmp(text, "0o", 2) == 0 || strncmp(text, "0x", 2) == 0) {
		*base = text[1] == 'o' ? 8 : 16;
		digits = text + 2;
		return *digits &&
		       digits[strspn(digits, *base == 8 ? "01234567" : "0123456789abcdefABCDEF")] ==
			       '\0';
	}
	if (*digits == '-' || *digits == '+')
		digits++;
	return *digits && digits[strspn(digits, "0123456789")] == '\0';
}

/* [-+]? ( . digits | digits ( . digits? )? ) ( [eE] [-+]? digits )? */
static bool looks_real(const char *text)
{
	size_t whole;
	size_t fraction = 0;

	text += *text == '-' || *text == '+';
	if (is_one_of(text,
		      (const char *const[]){".inf", ".Inf", ".INF", ".nan", ".NaN", ".NAN", NULL}))
		return true;
	whole = strspn(text, "0123456789");
	text += whole;
	if (*text == '.') {
		fraction = strspn(text + 1, "0123456789");
		text += 1 + fraction;
	}
	if (!whole && !fraction)
		return false;
	if (*text == 'e' || *text == 'E') {
		text++;
		text += *text == '-' || *text == '+';
		if (!*text)
			return false;
		text += strspn(text, "0123456789");
	}
	return *text == '\0';
}

static int read_integer(struct build *build, struct node *node, int base)
{
	const char *digits = base == 10 ? node->text : node->text + 2;

	errno = 0;
	node->integer = strtoll(digits, NULL, base);
	if (errno == ERANGE)
		return refuse(build, node->position,
			      "expected a number that fits 64 bits, got %.60s", node->text);
	node->kind = NODE_INTEGER;
	node->real = (double)node->integer;
	return 0;
}

static int type_plain(struct build *build, struct node *node)
{
	static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
	static const char *const trues[] = {"true", "True", "TRUE", NULL};
	static const char *const falses[] = {"false", "False", "FALSE", NULL};
	int base;

	assert(node->text);
	node->kind = NODE_STRING;
	if (is_one_of(node->text, nulls)) {
		node->kind = NODE_NULL;
	} else if (is_one_of(node->text, trues) || is_one_of(node->text, falses)) {
		node->kind = NODE_BOOLEAN;
		node->integer = is_one_of(node->text, trues);
	} else if (looks_integer(node->text, &base)) {
		return read_integer(build, node, base);
	} else if (looks_real(node->text)) {
		node->kind = NODE_REAL;
		node->real = strtod(node->text, NULL);
	}
	return 0;
}

/* Of a whole scalar, quotes and indentation counted; a template has 64 KiB at most. */
static bool is_over_long(struct fy_token *token)
{
	const struct fy_mark *start = token ? fy_token_start_mark(token) : NULL;
	const struct fy_mark *end = token ? fy_token_end_mark(token) : NULL;

	return start && end && end->input_pos - start->input_pos > SCALAR_BYTES_MAX;
}

/* An escape ("\0", "\ud800") can still make what the raw text may not hold. */
static int copy_text(struct build *build, struct fy_token *token, struct position place,
		     const char **out)
{
	size_t length = 0;
	const char *text;

	if (is_over_long(token))
		return refuse(build, place, "expected text of at most %u KiB",
			      SCALAR_BYTES_MAX >> 10);
	text = token ? fy_token_get_text(token, &length) : NULL;
	if (text && memchr(text, '\0', length))
		return refuse(build, place, "expected text, got a NUL byte");
	if (text && utf8_valid_length(text, length) != length)
		return refuse(build, place, "expected UTF-8, got an escape that is not");
	*out = arena_strndup(build->tree.arena, text ? text : "", length);
	return *out ? 0 : -ENOMEM;
}

/* Its mark; libfyaml 0.8 has one for what is not written at all too, where 0.7 has no token. */
static const struct fy_mark *mark_of_scalar(struct fy_token *token)
{
	if (!token)
		return NULL;
	if (fy_token_scalar_style(token) == FYSS_PLAIN && !fy_token_get_text_length(token))
		return NULL;
	return fy_token_start_mark(token);
}

/* Where a scalar begins; its token does so behind the quote. */
static struct position place_of_scalar(struct build *build,
				       const struct fy_event_scalar_data *scalar)
{
	const struct fy_mark *mark = mark_of_scalar(scalar->value);
	struct position place;

	/* An empty value has no place of its own: its key's is where to look. */
	if (!mark && build->key)
		return build->key_position;
	place = place_of(build, mark);
	if (mark && mark->input_pos && place.column > 1 &&
	    fy_token_scalar_style(scalar->value) != FYSS_PLAIN &&
	    strchr("'\"", build->input->text[mark->input_pos - 1]))
		place.column--;
	return place;
}

static int on_scalar(struct build *build, const struct fy_event_scalar_data *scalar)
{
	struct position place = place_of_scalar(build, scalar);
	struct node *node;
	const char *text = NULL;
	int r = refuse_properties(build, scalar->anchor, scalar->tag);

	if (r)
		return r;
	r = copy_text(build, scalar->value, place, &text);
	if (r)
		return r;
	if (wants_key(build)) {
		build->key = text;
		build->key_position = place;
		return 0;
	}
	node = add_node(build, place, &r);
	if (!node)
		return r;
	node->kind = NODE_STRING;
	node->text = text;
	if (scalar->value && fy_token_scalar_style(scalar->value) != FYSS_PLAIN)
		return 0;
	return type_plain(build, node);
}

static int on_document(struct build *build, struct fy_event *event)
{
	struct position place = place_of(build, fy_event_start_mark(event));

	if (build->documents++)
		return refuse(build, place, "expected one document, got a second");
	return 0;
}

static int on_event(struct build *build, struct fy_event *event)
{
	const struct fy_mark *mark = fy_event_start_mark(event);

	switch (event->type) {
	case FYET_DOCUMENT_START:
		return on_document(build, event);
	case FYET_MAPPING_START:
		return open_collection(build, NODE_MAPPING, mark, event->mapping_start.anchor,
				       event->mapping_start.tag);
	case FYET_SEQUENCE_START:
		return open_collection(build, NODE_LIST, mark, event->sequence_start.anchor,
				       event->sequence_start.tag);
	case FYET_MAPPING_END:
		return close_mapping(build);
	case FYET_SEQUENCE_END:
		build->depth--;
		return 0;
	case FYET_SCALAR:
		return on_scalar(build, &event->scalar);
	case FYET_ALIAS:
		return refuse_property(build, event->alias.anchor,
				       "an alias (*), which is not allowed here");
	case FYET_NONE:
	case FYET_STREAM_START:
	case FYET_STREAM_END:
	case FYET_DOCUMENT_END:
		return 0;
	}
	return 0;
}

/* libfyaml counts columns in characters, we in bytes. */
static struct position place_of_problem(struct build *build, const struct fy_diag_error *problem)
{
	struct cursor cursor = cursor_at_start(build->input);
	const char *text = build->input->text;
	size_t length = build->input->length;

	while (cursor.position.line < (unsigned int)problem->line && cursor.offset < length)
		cursor_move(&cursor, cursor.offset + 1);
	for (int column = 1; column < problem->column && cursor.offset < length; column++) {
		size_t next = cursor.offset + 1;

		if (text[cursor.offset] == '\n')
			break;
		while (next < length && ((unsigned char)text[next] & 0xc0) == 0x80)
			next++;
		cursor_move(&cursor, next);
	}
	return cursor.position;
}

static int refuse_syntax(struct build *build, struct fy_diag *diag)
{
	void *iterator = NULL;
	const struct fy_diag_error *problem = fy_diag_errors_iterate(diag, &iterator);
	struct position place;

	if (!problem)
		return refuse(build, build->cursor.position, "expected YAML");
	place = place_of_problem(build, problem);
	return refuse(build, place, "expected YAML (%s)", problem->msg);
}

static int refuse_guarded(struct build *build, size_t offset, const char *expected)
{
	cursor_move(&build->cursor, offset);
	return refuse(build, build->cursor.position, "expected %s", expected);
}

/* Brackets that are open behind this line, if all were brackets; text may hold some, not many. */
static long count_open(const char *line, size_t length, long open)
{
	for (size_t i = 0; i < length; i++) {
		open += line[i] == '[' || line[i] == '{';
		open -= line[i] == ']' || line[i] == '}';
	}
	return open;
}

static bool is_blank_line(const char *line, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (line[i] != ' ' && line[i] != '\t')
			return false;
	return true;
}

/* How far the line goes that starts at @start. */
static size_t line_length(const struct input *input, size_t start)
{
	size_t end = start;

	while (end < input->length && input->text[end] != '\n' && input->text[end] != '\r')
		end++;
	return end - start;
}

/* A lone \r ends a line too, as YAML has it; \r\n then counts as one more, which does no harm. */
static int guard_lines(struct build *build)
{
	const char *text = build->input->text;
	size_t length = build->input->length;
	unsigned int blank = 0;
	long open = 0;

	for (size_t start = 0; start < length;) {
		size_t size = line_length(build->input, start);

		blank = is_blank_line(text + start, size) ? blank + 1 : 0;
		open = count_open(text + start, size, open);
		if (text[start] == '%')
			return refuse_guarded(build, start, "no % directive");
		if (size > LINE_BYTES_MAX)
			return refuse_guarded(build, start, "lines of at most 256 KiB");
		if (blank > BLANK_LINES_MAX)
			return refuse_guarded(build, start, "at most 64 blank lines in a row");
		if (open > OPEN_BRACKETS_MAX)
			return refuse_guarded(build, start, "brackets that are closed");
		start += size + 1;
	}
	return 0;
}

static int parse_events(struct build *build, struct fy_parser *parser, struct fy_diag *diag)
{
	struct fy_event *event;
	int r = guard_lines(build);

	if (r)
		return r;
	if (fy_parser_set_string(parser, build->input->text, build->input->length))
		return -ENOMEM;
	while (!r && (event = fy_parser_parse(parser))) {
		r = on_event(build, event);
		fy_parser_event_free(parser, event);
	}
	if (r)
		return r;
	if (fy_parser_get_stream_error(parser) || fy_diag_got_error(diag))
		return refuse_syntax(build, diag);
	if (!build->tree.root)
		return refuse(build, ((struct position){1, 1}),
			      "expected a document, got an empty file");
	return 0;
}

/* Errors are collected, and nothing is ever printed: the default goes to stderr. */
static struct fy_diag *quiet_diag(void)
{
	struct fy_diag_cfg config;
	struct fy_diag *diag;

	fy_diag_cfg_default(&config);
	config.fp = NULL;
	config.output_fn = NULL;
	config.colorize = false;
	diag = fy_diag_create(&config);
	if (diag)
		fy_diag_set_collect_errors(diag, true);
	return diag;
}

int node_tree_from_yaml(const struct input *input, struct node_tree *out, struct parse_error *error)
{
	struct build build = {.input = input, .cursor = cursor_at_start(input), .error = error};
	struct fy_diag *diag = quiet_diag();
	struct fy_parse_cfg config = {
		.flags = FYPCF_DEFAULT_VERSION_1_2 | FYPCF_JSON_NONE,
		.diag = diag,
	};
	struct fy_parser *parser = diag ? fy_parser_create(&config) : NULL;
	int r = -ENOMEM;

	build.tree.arena = arena_new();
	if (parser && build.tree.arena)
		r = parse_events(&build, parser, diag);
	fy_parser_destroy(parser);
	fy_diag_destroy(diag);
	if (r) {
		node_tree_free(&build.tree);
		return r;
	}
	*out = build.tree;
	return 0;
}
