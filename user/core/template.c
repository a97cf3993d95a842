// SPDX-License-Identifier: GPL-2.0-only
#include "core/template.h"

#include <errno.h>

struct parser {
	struct template *out;
	struct slice rest; /* of the file */
	struct slice line; /* what is left of the line, without its newline */
	const char *line_start;
	unsigned int line_number;
	struct template_error *error;
};

/* Always gives false. */
static bool fail(struct parser *parser, const char *text)
{
	if (parser->error)
		*parser->error = (struct template_error){
			.line = parser->line_number,
			.column = (unsigned int)(parser->line.text - parser->line_start) + 1,
			.text = text,
		};
	return false;
}

static char peek(const struct parser *parser)
{
	return parser->line.length ? parser->line.text[0] : '\0';
}

static void advance(struct parser *parser, size_t count)
{
	parser->line = slice_skip(parser->line, count);
}

/* Takes the characters for which @belongs says so off the line. */
static struct slice take_while(struct parser *parser, bool (*belongs)(char))
{
	struct slice taken = parser->line;
	size_t length = 0;

	while (length < parser->line.length && belongs(parser->line.text[length]))
		length++;
	taken.length = length;
	advance(parser, length);
	return taken;
}

static bool is_name(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	       c == '-' || c == '.';
}

static bool is_literal(char c)
{
	return (unsigned char)c > ' ' && c != 0x7f && c != '"' && c != '{' && c != '}' && c != '#';
}

static bool is_item(char c)
{
	return is_literal(c) && c != ',' && c != ':';
}

/* The text between two quotes, which are taken too. */
static bool take_quoted(struct parser *parser, struct slice *out)
{
	size_t end;

	advance(parser, 1);
	end = slice_find(parser->line, '"');
	if (end == parser->line.length)
		return fail(parser, "a quote that is not closed on its line");
	*out = (struct slice){parser->line.text, end};
	advance(parser, end + 1);
	return true;
}

static struct template_block *current_block(struct template *out)
{
	return &out->blocks[out->block_count - 1];
}

/* A new piece of the value that is being read; NULL when there are too many. */
static struct template_piece *add_piece(struct parser *parser, struct slice text)
{
	struct template *out = parser->out;
	struct template_piece *piece = &out->pieces[out->piece_count];
	struct template_field *field = &out->fields[out->field_count - 1];

	if (out->piece_count == TEMPLATE_PIECES_MAX ||
	    field->piece_count == TEMPLATE_FIELD_PIECES_MAX || text.length > TEMPLATE_LITERAL_MAX) {
		fail(parser, "a template with values that are too long");
		return NULL;
	}
	out->piece_count++;
	field->piece_count++;
	*piece = (struct template_piece){.text = text, .variable = -1, .divisor = 1};
	return piece;
}

static bool take_item(struct parser *parser, bool is_int)
{
	uint64_t number;
	struct slice item;

	if (!is_int && peek(parser) == '"')
		return take_quoted(parser, &item);
	item = take_while(parser, is_item);
	if (!item.length)
		return fail(parser, "an empty item");
	if (item.length > TEMPLATE_LITERAL_MAX)
		return fail(parser, "an item that is too long");
	if (is_int && !slice_to_u64(item, &number))
		return fail(parser, "an item of an int variable that is no integer of 64 bits");
	return true;
}

/* After "{name:": the type and the items, up to and with the brace. */
static bool take_declaration(struct parser *parser, struct slice name)
{
	struct template *out = parser->out;
	struct template_block *block = current_block(out);
	struct template_variable *variable = &out->variables[out->variable_count];
	struct slice type = take_while(parser, is_name);

	if (out->block_count == 1)
		return fail(parser, "a variable in SELF, which describes one device");
	if (out->variable_count == TEMPLATE_VARIABLES_MAX ||
	    block->variable_count == TEMPLATE_BLOCK_VARIABLES_MAX)
		return fail(parser, "too many variables");
	if (!slice_is(type, "int") && !slice_is(type, "string"))
		return fail(parser, "a variable that is neither int nor string");
	for (unsigned int i = 0; i < block->variable_count; i++) {
		if (slice_equal(out->variables[block->first_variable + i].name, name))
			return fail(parser, "a second declaration of a variable in one block");
	}
	if (peek(parser) != ':')
		return fail(parser, "a declaration without items");
	*variable = (struct template_variable){.name = name, .is_int = slice_is(type, "int")};
	do {
		advance(parser, 1);
		if (!variable->item_count)
			variable->items.text = parser->line.text;
		if (!take_item(parser, variable->is_int))
			return false;
		variable->item_count++;
	} while (peek(parser) == ',');
	variable->items.length = (size_t)(parser->line.text - variable->items.text);
	out->variable_count++;
	block->variable_count++;
	return true;
}

/* "{name:type:items}" or "{name}". */
static bool take_variable(struct parser *parser)
{
	struct template_piece *piece;
	struct slice name;

	advance(parser, 1);
	name = take_while(parser, is_name);
	if (!name.length)
		return fail(parser, "a variable without a name");
	piece = add_piece(parser, name);
	if (!piece)
		return false;
	/* Which one it is, is known at the end of the block. */
	piece->variable = 0;
	if (peek(parser) == ':') {
		advance(parser, 1);
		if (!take_declaration(parser, name))
			return false;
	}
	if (peek(parser) != '}')
		return fail(parser, "a brace that is not closed");
	advance(parser, 1);

	while (peek(parser) == '/' && parser->line.length > 1 && is_digit(parser->line.text[1])) {
		struct slice digits;
		uint64_t divisor;

		advance(parser, 1);
		digits = take_while(parser, is_digit);
		if (!slice_to_u64(digits, &divisor) || !divisor ||
		    __builtin_mul_overflow(piece->divisor, divisor, &piece->divisor))
			return fail(parser, "a division by zero or by more than 64 bits");
	}
	return true;
}

static bool take_value(struct parser *parser)
{
	for (;;) {
		char c = peek(parser);
		struct slice text;

		if (c == '{') {
			if (!take_variable(parser))
				return false;
			continue;
		}
		if (c == '"') {
			if (!take_quoted(parser, &text))
				return false;
		} else if (c && is_literal(c)) {
			text = take_while(parser, is_literal);
		} else {
			return true;
		}
		if (text.length && !add_piece(parser, text))
			return false;
	}
}

/* Blanks to the end of the line, or blanks, "#" and anything. */
static bool take_comment(struct parser *parser)
{
	struct slice blanks = take_while(parser, is_blank);

	if (!parser->line.length || (blanks.length && peek(parser) == '#'))
		return true;
	return fail(parser, "text after the value (a comment begins with a blank and #)");
}

static enum template_key kind_of(struct slice key)
{
	static const char *const names[] = {
		[KEY_DEVICE_TYPE] = "device_type", [KEY_DEVICE_ID] = "device_id",
		[KEY_MDEV_TYPE] = "mdev_type",     [KEY_INTERFACE_VERSION] = "interface_version",
		[KEY_AGGREGATOR] = "aggregator",
	};

	for (unsigned int i = KEY_DEVICE_TYPE; i <= KEY_AGGREGATOR; i++) {
		if (slice_is(key, names[i]))
			return (enum template_key)i;
	}
	return KEY_ATTRIBUTE;
}

static bool take_field(struct parser *parser)
{
	struct template *out = parser->out;
	struct template_field *field = &out->fields[out->field_count];
	struct template_block *block;
	const char *start;

	take_while(parser, is_blank);
	if (!out->block_count)
		return fail(parser, "a field before SELF:");
	block = current_block(out);
	if (out->field_count == TEMPLATE_FIELDS_MAX ||
	    block->field_count == TEMPLATE_BLOCK_FIELDS_MAX)
		return fail(parser, "too many fields");
	*field = (struct template_field){
		.key = take_while(parser, is_name),
		.line = parser->line_number,
		.first_piece = out->piece_count,
		.last_variable = -1,
	};
	if (!field->key.length || peek(parser) != '=')
		return fail(parser, "expected key=value");
	field->kind = kind_of(field->key);
	out->field_count++;
	block->field_count++;
	advance(parser, 1);
	start = parser->line.text;
	if (!take_value(parser))
		return false;
	field->value = (struct slice){start, (size_t)(parser->line.text - start)};
	return take_comment(parser);
}

static int find_variable(const struct template *out, const struct template_block *block,
			 struct slice name)
{
	for (int i = 0; i < block->variable_count; i++) {
		if (slice_equal(out->variables[block->first_variable + i].name, name))
			return block->first_variable + i;
	}
	return -1;
}

/* Lets fail() speak of a piece of a line that was read before. */
static void aim_at(struct parser *parser, const struct template_field *field,
		   const struct template_piece *piece)
{
	parser->line_number = field->line;
	parser->line.text = piece->text.text;
	/* Blanks and nothing else stand before a key, and a newline before them. */
	parser->line_start = field->key.text;
	while (is_blank(parser->line_start[-1]))
		parser->line_start--;
}

static bool resolve_field(struct parser *parser, const struct template_block *block,
			  struct template_field *field)
{
	struct template *out = parser->out;

	for (unsigned int i = 0; i < field->piece_count; i++) {
		struct template_piece *piece = &out->pieces[field->first_piece + i];

		if (piece->variable < 0)
			continue;
		aim_at(parser, field, piece);
		piece->variable = find_variable(out, block, piece->text);
		if (piece->variable < 0)
			return fail(parser,
				    "a reference to a variable that its block does not declare");
		if (piece->divisor != 1 && !out->variables[piece->variable].is_int)
			return fail(parser, "a division of a string");
		if (piece->variable > field->last_variable)
			field->last_variable = piece->variable;
	}
	return true;
}

/* What can be seen at the end of a block only. */
static bool finish_block(struct parser *parser)
{
	struct template *out = parser->out;
	const struct template_block *block;
	uint32_t bindings = 1;

	if (!out->block_count)
		return true;
	block = current_block(out);
	if (!block->field_count)
		return fail(parser, "a block without fields");
	for (unsigned int i = 0; i < block->variable_count; i++) {
		uint32_t items = out->variables[block->first_variable + i].item_count;

		/* At most 2^16 items fit into TEMPLATE_BYTES_MAX, so this cannot overflow. */
		bindings *= items;
		parser->line_number = block->line;
		parser->line_start = parser->line.text;
		if (bindings > TEMPLATE_BINDINGS_MAX)
			return fail(parser, "a block with more than 4096 bindings");
	}
	for (unsigned int i = 0; i < block->field_count; i++) {
		if (!resolve_field(parser, block, &out->fields[block->first_field + i]))
			return false;
	}
	return true;
}

static bool start_block(struct parser *parser, bool is_self)
{
	struct template *out = parser->out;
	struct parser after = *parser;

	if (!finish_block(&after))
		return false;
	if (is_self && out->block_count)
		return fail(parser, "a second SELF:");
	if (!is_self && !out->block_count)
		return fail(parser, "COMPATIBLE: before SELF:");
	if (out->block_count == TEMPLATE_BLOCKS_MAX)
		return fail(parser, "too many blocks");
	out->blocks[out->block_count++] = (struct template_block){
		.line = parser->line_number,
		.first_field = out->field_count,
		.first_variable = out->variable_count,
	};
	return true;
}

static bool parse_line(struct parser *parser)
{
	if (slice_is(parser->line, "SELF:"))
		return start_block(parser, true);
	if (slice_is(parser->line, "COMPATIBLE:"))
		return start_block(parser, false);
	if (is_blank(peek(parser)))
		return take_field(parser);
	return fail(parser, "expected SELF:, COMPATIBLE: or a field after a blank");
}

int template_parse(struct slice text, struct template *out, struct template_error *error)
{
	struct parser parser = {.out = out, .error = error, .rest = slice_chomp(text)};

	parser.line = (struct slice){parser.rest.text, 0};
	parser.line_start = parser.line.text;
	parser.line_number = 1;
	out->block_count = 0;
	out->field_count = 0;
	out->piece_count = 0;
	out->variable_count = 0;
	if (text.length > TEMPLATE_BYTES_MAX) {
		fail(&parser, "a template of more than 64 KiB");
		return -EINVAL;
	}
	for (; slice_cut(&parser.rest, "\n", &parser.line); parser.line_number++) {
		parser.line_start = parser.line.text;
		if (!parse_line(&parser))
			return -EINVAL;
	}
	if (!finish_block(&parser))
		return -EINVAL;
	if (!out->block_count) {
		fail(&parser, "no SELF: block");
		return -EINVAL;
	}
	return 0;
}
