// SPDX-License-Identifier: GPL-2.0-only
#include "core/template.h"

/* More than that in front of a number is not a number any more. */
#define LEADING_ZEROS_MAX 32u

/* What variables of a block are bound to, by their index in the template. */
struct binding {
	struct slice text;
	uint64_t number;
};

struct matcher {
	const struct template *template;
	const struct template_block *block;
	struct slice values[TEMPLATE_BLOCK_FIELDS_MAX]; /* of the source, by field of the block */
	struct binding bindings[TEMPLATE_BLOCK_VARIABLES_MAX];
	uint32_t steps;
};

static struct slice fact_slice(const struct fact *fact)
{
	return fact->state == FACT_KNOWN ? slice_of(fact->text) : (struct slice){NULL, 0};
}

static const struct attribute *find_attribute(const struct descriptor *source, struct slice name)
{
	size_t low = 0;
	size_t high = source->attribute_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const char *candidate = source->attributes[middle].name;
		int order = strncmp(name.text, candidate, name.length);

		if (!order && candidate[name.length])
			order = -1;
		if (!order)
			return &source->attributes[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

/* Vendor and device id in one, as templates have them: 8086591d. */
static struct slice joined_ids(const struct descriptor *source,
			       char scratch[static TEMPLATE_KEY_BYTES])
{
	static const size_t most = TEMPLATE_KEY_BYTES / 2 - 1;
	size_t vendor;
	size_t device;

	if (source->vendor.state != FACT_KNOWN || source->device_id.state != FACT_KNOWN)
		return (struct slice){NULL, 0};
	vendor = strnlen(source->vendor.text, most);
	device = strnlen(source->device_id.text, most);
	memcpy(scratch, source->vendor.text, vendor);
	memcpy(scratch + vendor, source->device_id.text, device);
	return (struct slice){scratch, vendor + device};
}

/* What the source says for a key (SEMANTICS 2.6); empty when it says nothing. */
static struct slice source_value(const struct descriptor *source,
				 const struct template_field *field,
				 char scratch[static TEMPLATE_KEY_BYTES])
{
	const struct attribute *attribute;

	switch (field->kind) {
	case KEY_DEVICE_TYPE:
		return fact_slice(&source->device_api);
	case KEY_DEVICE_ID:
		return joined_ids(source, scratch);
	case KEY_MDEV_TYPE:
		return fact_slice(&source->mdev_type);
	case KEY_INTERFACE_VERSION:
		return fact_slice(&source->interface_version);
	case KEY_AGGREGATOR:
	case KEY_ATTRIBUTE:
		break;
	}
	attribute = find_attribute(source, field->key);
	return attribute ? fact_slice(&attribute->value) : (struct slice){NULL, 0};
}

static bool pieces_match(struct matcher *matcher, const struct template_field *field,
			 unsigned int index, struct slice rest);

/* Decimal digits of @number at the end of @buffer. */
static struct slice to_digits(uint64_t number, char buffer[static 20])
{
	size_t at = 20;

	do {
		buffer[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	return (struct slice){buffer + at, 20 - at};
}

static bool text_matches(struct matcher *matcher, const struct template_field *field,
			 unsigned int index, struct slice rest, struct slice text)
{
	if (rest.length < text.length || (text.length && memcmp(rest.text, text.text, text.length)))
		return false;
	return pieces_match(matcher, field, index + 1, slice_skip(rest, text.length));
}

/* As numbers: leading zeros of the source do not count. */
static bool number_matches(struct matcher *matcher, const struct template_field *field,
			   unsigned int index, struct slice rest, uint64_t number)
{
	char buffer[20];
	struct slice digits = to_digits(number, buffer);

	for (unsigned int zeros = 0; zeros <= LEADING_ZEROS_MAX; zeros++) {
		if (text_matches(matcher, field, index, rest, digits))
			return true;
		if (!rest.length || rest.text[0] != '0')
			return false;
		rest = slice_skip(rest, 1);
	}
	return false;
}

/* Whether the pieces of @field from @index on make up all of @rest. */
static bool pieces_match(struct matcher *matcher, const struct template_field *field,
			 unsigned int index, struct slice rest)
{
	const struct template_piece *piece;
	const struct binding *binding;

	if (++matcher->steps > TEMPLATE_STEPS_MAX)
		return false;
	if (index == field->piece_count)
		return !rest.length;
	piece = &matcher->template->pieces[field->first_piece + index];
	if (piece->variable < 0)
		return text_matches(matcher, field, index, rest, piece->text);
	binding = &matcher->bindings[piece->variable - matcher->block->first_variable];
	if (!matcher->template->variables[piece->variable].is_int)
		return text_matches(matcher, field, index, rest, binding->text);
	/* Exact arithmetic: 1/2 is no integer, so the binding matches nothing. */
	if (binding->number % piece->divisor)
		return false;
	return number_matches(matcher, field, index, rest, binding->number / piece->divisor);
}

static bool device_type_matches(struct matcher *matcher, const struct template_field *field,
				struct slice value)
{
	static const struct slice vfio_pci = {"vfio-pci", 8};

	if (slice_is(value, "pci"))
		value = vfio_pci;
	if (slice_is(field->value, "pci"))
		return slice_equal(value, vfio_pci);
	return pieces_match(matcher, field, 0, value);
}

static bool aggregator_matches(struct matcher *matcher, const struct template_field *field,
			       struct slice value)
{
	uint64_t number;

	/* SEMANTICS 2.11: absent is 1, which "" matches too; 1/2 is no aggregator at all. */
	if (!value.length)
		return pieces_match(matcher, field, 0, value) ||
		       pieces_match(matcher, field, 0, slice_of("1"));
	return slice_to_u64(value, &number) && number && pieces_match(matcher, field, 0, value);
}

static bool field_matches(struct matcher *matcher, unsigned int index)
{
	const struct template_field *field =
		&matcher->template->fields[matcher->block->first_field + index];
	struct slice value = matcher->values[index];

	if (value.length > TEMPLATE_VALUE_MAX)
		return false;
	if (field->kind == KEY_DEVICE_TYPE)
		return device_type_matches(matcher, field, value);
	if (field->kind == KEY_AGGREGATOR)
		return aggregator_matches(matcher, field, value);
	return pieces_match(matcher, field, 0, value);
}

/* Takes the next item off the items of a declaration, all of which the parser has checked. */
static struct slice next_item(struct slice *items)
{
	bool quoted = items->text[0] == '"';
	struct slice item = quoted ? slice_skip(*items, 1) : *items;

	item.length = slice_find(item, quoted ? '"' : ',');
	*items = slice_skip(*items, item.length + (quoted ? 2 : 0));
	*items = slice_skip(*items, 1);
	return item;
}

static void bind(struct matcher *matcher, unsigned int index, struct slice item)
{
	struct binding *binding = &matcher->bindings[index];

	binding->text = item;
	if (matcher->template->variables[matcher->block->first_variable + index].is_int)
		slice_to_u64(item, &binding->number);
}

/* Whether all fields whose last variable is @variable match under what is bound. */
static bool fields_match(struct matcher *matcher, int variable)
{
	for (unsigned int i = 0; i < matcher->block->field_count; i++) {
		const struct template_field *field =
			&matcher->template->fields[matcher->block->first_field + i];

		if (field->last_variable == variable && !field_matches(matcher, i))
			return false;
	}
	return true;
}

/* Binds variable @index and those behind it in every way until all fields match. */
static bool bind_from(struct matcher *matcher, unsigned int index)
{
	const struct template_variable *variable;
	struct slice items;

	if (index == matcher->block->variable_count)
		return true;
	variable = &matcher->template->variables[matcher->block->first_variable + index];
	items = variable->items;
	for (uint32_t i = 0; i < variable->item_count; i++) {
		if (matcher->steps > TEMPLATE_STEPS_MAX)
			return false;
		bind(matcher, index, next_item(&items));
		if (fields_match(matcher, matcher->block->first_variable + (int)index) &&
		    bind_from(matcher, index + 1))
			return true;
	}
	return false;
}

static bool block_matches(struct matcher *matcher)
{
	return fields_match(matcher, -1) && bind_from(matcher, 0);
}

/* Only what the block has fields and variables for is written: most blocks are small. */
static void matcher_init(struct matcher *matcher, const struct template *template,
			 unsigned int block, const struct descriptor *source,
			 char scratch[static TEMPLATE_KEY_BYTES])
{
	matcher->template = template;
	matcher->block = &template->blocks[block];
	matcher->steps = 0;
	memset(matcher->bindings, 0, matcher->block->variable_count * sizeof(matcher->bindings[0]));
	for (unsigned int i = 0; i < matcher->block->field_count; i++)
		matcher->values[i] = source_value(
			source, &template->fields[matcher->block->first_field + i], scratch);
}

static bool names_key(const struct template *template, const struct template_block *block,
		      struct slice key)
{
	for (unsigned int i = 0; i < block->field_count; i++) {
		if (slice_equal(template->fields[block->first_field + i].key, key))
			return true;
	}
	return false;
}

/* The first key of the source that the block leaves open; empty when there is none. */
static struct slice open_key(const struct template *template, const struct template_block *block,
			     const struct descriptor *source, bool device_id_open)
{
	static const struct slice device_id = {"device_id", 9};
	static const struct slice mdev_type = {"mdev_type", 9};
	static const struct slice interface_version = {"interface_version", 17};

	if (!device_id_open && source->device_id.state == FACT_KNOWN &&
	    !names_key(template, block, device_id))
		return device_id;
	if (source->mdev_type.state == FACT_KNOWN && !names_key(template, block, mdev_type))
		return mdev_type;
	if (source->interface_version.state == FACT_KNOWN &&
	    !names_key(template, block, interface_version))
		return interface_version;
	/* Ends within TEMPLATE_BLOCK_FIELDS_MAX attributes with a value: names are unique. */
	for (size_t i = 0; i < source->attribute_count; i++) {
		const struct attribute *attribute = &source->attributes[i];
		struct slice name = slice_of(attribute->name);

		if (attribute->value.state == FACT_KNOWN && attribute->value.text[0] &&
		    !names_key(template, block, name))
			return name;
	}
	return (struct slice){NULL, 0};
}

/* A value "text{variable}", the common form: what the variable has to come to, to be looked up. */
struct tail {
	const struct template_variable *variable;
	uint64_t divisor;
	struct slice text;
	uint64_t number; /* of an int variable */
};

/* The tail of the source's value. False when the field has another form, or @value another start.
 */
static bool tail_of(const struct matcher *matcher, const struct template_field *field,
		    struct slice value, struct tail *out)
{
	const struct template_piece *last =
		&matcher->template->pieces[field->first_piece + field->piece_count - 1];
	struct slice start = {NULL, 0};

	if (field->piece_count == 2 && last[-1].variable < 0)
		start = last[-1].text;
	else if (field->piece_count != 1)
		return false;
	if (last->variable < 0 || field->kind == KEY_DEVICE_TYPE ||
	    value.length > TEMPLATE_VALUE_MAX || value.length <= start.length ||
	    memcmp(value.text, start.text ? start.text : "", start.length))
		return false;
	out->variable = &matcher->template->variables[last->variable];
	out->divisor = last->divisor;
	out->text = slice_skip(value, start.length);
	if (!out->variable->is_int)
		return field->kind != KEY_AGGREGATOR;
	if (out->text.length > LEADING_ZEROS_MAX || !slice_to_u64(out->text, &out->number))
		return false;
	/* An aggregator is a number as a whole, and not 0. */
	return field->kind != KEY_AGGREGATOR || (!start.length && out->number);
}

/* Whether the variable has an item that comes to the tail. */
static bool tail_listed(struct matcher *matcher, const struct tail *tail)
{
	struct slice items = tail->variable->items;

	matcher->steps += tail->variable->item_count;
	for (uint32_t i = 0; i < tail->variable->item_count; i++) {
		struct slice item = next_item(&items);
		uint64_t number = 0;

		if (!tail->variable->is_int) {
			if (slice_equal(item, tail->text))
				return true;
			continue;
		}
		slice_to_u64(item, &number);
		if (!(number % tail->divisor) && number / tail->divisor == tail->number)
			return true;
	}
	return false;
}

static bool field_satisfiable(struct matcher *matcher, unsigned int index, int variable)
{
	const struct template_field *field =
		&matcher->template->fields[matcher->block->first_field + index];
	const struct template_variable *declared;
	struct slice items;
	bool used = false;

	if (variable > field->last_variable)
		return field_matches(matcher, index);
	for (unsigned int i = 0; i < field->piece_count; i++)
		used |= matcher->template->pieces[field->first_piece + i].variable == variable;
	if (!used)
		return field_satisfiable(matcher, index, variable + 1);
	declared = &matcher->template->variables[variable];
	items = declared->items;
	for (uint32_t i = 0; i < declared->item_count; i++) {
		if (matcher->steps > TEMPLATE_STEPS_MAX)
			return false;
		bind(matcher, (unsigned int)variable - matcher->block->first_variable,
		     next_item(&items));
		if (field_satisfiable(matcher, index, variable + 1))
			return true;
	}
	return false;
}

static bool field_has_binding(struct matcher *matcher, unsigned int index)
{
	const struct template_field *field =
		&matcher->template->fields[matcher->block->first_field + index];
	struct tail tail;

	if (field->last_variable >= 0 && tail_of(matcher, field, matcher->values[index], &tail))
		return tail_listed(matcher, &tail);
	return field_satisfiable(matcher, index, matcher->block->first_variable);
}

/* How many fields of the block some binding satisfies, each on its own; *first one that none does.
 */
static unsigned int count_satisfiable(struct matcher *matcher, int *first)
{
	unsigned int count = 0;

	*first = -1;
	for (unsigned int i = 0; i < matcher->block->field_count; i++) {
		if (field_has_binding(matcher, i))
			count++;
		else if (*first < 0)
			*first = (int)i;
	}
	return count;
}

/* The block that came nearest so far: the one with the most fields that fit. */
struct nearest {
	bool is_known;
	unsigned int block;
	unsigned int count;
	const struct template_field
		*field; /* its first that does not fit; NULL: each has a binding */
	struct slice source;
};

static void remember(struct nearest *nearest, const struct matcher *matcher, unsigned int block,
		     unsigned int count, int failing)
{
	if (nearest->is_known && count <= nearest->count)
		return;
	*nearest = (struct nearest){.is_known = true, .block = block, .count = count};
	if (failing < 0)
		return;
	nearest->field = &matcher->template->fields[matcher->block->first_field + failing];
	nearest->source = matcher->values[failing];
}

static bool says_pci(const struct template *template, const struct template_block *block)
{
	for (unsigned int i = 0; i < block->field_count; i++) {
		const struct template_field *field = &template->fields[block->first_field + i];

		if (field->kind == KEY_DEVICE_TYPE && slice_is(field->value, "pci"))
			return true;
	}
	return false;
}

/* A block fits: what it leaves open decides what that is worth. Gives whether all is said. */
static bool settle_fit(const struct template *template, unsigned int index,
		       const struct descriptor *source, bool device_id_open,
		       struct template_result *result)
{
	const struct template_block *block = &template->blocks[index];
	struct slice open = open_key(template, block, source, device_id_open);

	if (open.length && result->answer == TEMPLATE_UNCONSTRAINED)
		return false;
	result->answer = open.length ? TEMPLATE_UNCONSTRAINED : TEMPLATE_MATCH;
	result->block = index;
	result->source = open;
	result->reads_pci = says_pci(template, block);
	return !open.length;
}

void template_match(const struct template *template, const struct descriptor *source,
		    bool device_id_open, char scratch[static TEMPLATE_KEY_BYTES],
		    struct template_result *result)
{
	unsigned int first_block = template->block_count > 1 ? 1 : 0;
	struct nearest nearest = {0};
	uint32_t steps = 0;

	*result = (struct template_result){.answer = TEMPLATE_NO_MATCH, .block = first_block};
	for (unsigned int i = first_block; i < template->block_count; i++) {
		struct matcher matcher;
		unsigned int count;
		int failing;
		bool fits;

		matcher_init(&matcher, template, i, source, scratch);
		matcher.steps = steps;
		/* Each field on its own first: most blocks fail there, and it says why. */
		count = count_satisfiable(&matcher, &failing);
		fits = failing < 0 && block_matches(&matcher);
		steps = matcher.steps;
		if (steps > TEMPLATE_STEPS_MAX) {
			result->answer = TEMPLATE_TOO_COSTLY;
			return;
		}
		if (!fits)
			remember(&nearest, &matcher, i, count, failing);
		else if (settle_fit(template, i, source, device_id_open, result))
			return;
	}
	if (result->answer != TEMPLATE_NO_MATCH)
		return;
	result->block = nearest.block;
	result->field = nearest.field;
	result->source = nearest.source;
	result->source_absent = nearest.field && !nearest.source.text;
}

const struct template_field *template_self_agrees(const struct template *template,
						  const struct descriptor *descriptor)
{
	char scratch[TEMPLATE_KEY_BYTES];
	struct matcher matcher;

	matcher_init(&matcher, template, 0, descriptor, scratch);
	for (unsigned int i = 0; i < matcher.block->field_count; i++) {
		if (!field_matches(&matcher, i))
			return &template->fields[matcher.block->first_field + i];
	}
	return NULL;
}

static void add_note(struct template_note *notes, size_t size, size_t *count,
		     struct template_note note)
{
	if (*count < size)
		notes[*count] = note;
	++*count;
}

static bool divides_all(const struct template *template, const struct template_block *block,
			int variable, uint64_t number)
{
	for (unsigned int i = 0; i < block->field_count; i++) {
		const struct template_field *field = &template->fields[block->first_field + i];

		for (unsigned int j = 0; j < field->piece_count; j++) {
			const struct template_piece *piece =
				&template->pieces[field->first_piece + j];

			if (piece->variable == variable && number % piece->divisor)
				return false;
		}
	}
	return true;
}

/* A run 4,5,6 or a doubling 1,2,4,8 says how it goes on; anything else has to be kept by hand. */
static bool is_sparse(const struct template_variable *variable)
{
	struct slice items = variable->items;
	uint64_t before = 0;
	bool run = true;
	bool doubling = true;

	if (!variable->is_int || variable->item_count < 3)
		return false;
	for (uint32_t i = 0; i < variable->item_count; i++) {
		uint64_t number = 0;

		slice_to_u64(next_item(&items), &number);
		if (i) {
			run = run && number - before == 1;
			doubling = doubling && before && number / before == 2 && !(number % before);
		}
		before = number;
	}
	return !run && !doubling;
}

static void lint_variable(const struct template *template, const struct template_block *block,
			  int index, struct template_note *notes, size_t size, size_t *count)
{
	const struct template_variable *variable = &template->variables[index];
	struct template_note note = {.line = block->line, .variable = variable->name};
	struct slice items = variable->items;

	for (uint32_t i = 0; i < variable->item_count; i++) {
		uint64_t number = 0;

		note.item = next_item(&items);
		if (variable->is_int)
			slice_to_u64(note.item, &number);
		note.kind = TEMPLATE_DEAD_BINDING;
		if (variable->is_int && !divides_all(template, block, index, number))
			add_note(notes, size, count, note);
		note.kind = TEMPLATE_SINGLE_ITEM;
		if (variable->item_count == 1)
			add_note(notes, size, count, note);
	}
	note.kind = TEMPLATE_SPARSE_LIST;
	note.item = (struct slice){NULL, 0};
	if (is_sparse(variable))
		add_note(notes, size, count, note);
}

size_t template_lint(const struct template *template, struct template_note *notes, size_t size)
{
	size_t count = 0;

	for (unsigned int i = 0; i < template->block_count; i++) {
		const struct template_block *block = &template->blocks[i];

		for (int j = 0; j < block->variable_count; j++)
			lint_variable(template, block, block->first_variable + j, notes, size,
				      &count);
	}
	return count;
}
