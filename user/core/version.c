// SPDX-License-Identifier: GPL-2.0-only
#include "core/version.h"

/* One component: digits up to a dot or the end, taken off @rest. */
static bool take_component(struct slice *rest, uint32_t *out)
{
	uint64_t value = 0;
	size_t length = 0;

	while (length < rest->length && is_digit(rest->text[length])) {
		value = value * 10 + (uint64_t)(rest->text[length] - '0');
		if (value > UINT32_MAX)
			return false;
		length++;
	}
	if (!length || (length > 1 && rest->text[0] == '0'))
		return false;
	*rest = slice_skip(*rest, length);
	*out = (uint32_t)value;
	return true;
}

static bool take_dot(struct slice *rest)
{
	if (!rest->length || rest->text[0] != '.')
		return false;
	*rest = slice_skip(*rest, 1);
	return true;
}

bool xyz_parse(struct slice text, struct xyz *out)
{
	struct xyz xyz = {0};

	if (!take_component(&text, &xyz.major) || !take_dot(&text) ||
	    !take_component(&text, &xyz.minor))
		return false;
	if (text.length && (!take_dot(&text) || !take_component(&text, &xyz.bugfix)))
		return false;
	if (text.length)
		return false;
	*out = xyz;
	return true;
}

static int order_u32(uint32_t a, uint32_t b)
{
	return (a > b) - (a < b);
}

int xyz_order(struct xyz a, struct xyz b)
{
	int order = order_u32(a.major, b.major);

	if (!order)
		order = order_u32(a.minor, b.minor);
	if (!order)
		order = order_u32(a.bugfix, b.bugfix);
	return order;
}

enum mw_reason xyz_compare(struct xyz source, struct xyz dest)
{
	if (source.major != dest.major)
		return MW_REASON_VERSION_MAJOR;
	if (dest.minor < source.minor)
		return MW_REASON_VERSION_MINOR_OLDER;
	return MW_REASON_OK;
}

bool numeric_parse(struct slice text, struct slice *digits)
{
	if (!text.length)
		return false;
	for (size_t i = 0; i < text.length; i++) {
		if (!is_digit(text.text[i]))
			return false;
	}
	while (text.length > 1 && text.text[0] == '0')
		text = slice_skip(text, 1);
	*digits = text;
	return true;
}

int numeric_order(struct slice a, struct slice b)
{
	int order;

	if (a.length != b.length)
		return a.length < b.length ? -1 : 1;
	order = memcmp(a.text, b.text, a.length);
	return (order > 0) - (order < 0);
}

bool namespaced_parse(struct slice text, struct namespaced *out)
{
	struct namespaced version = {.vendor_part = text};
	size_t colon = slice_find(text, ':');

	if (colon < text.length) {
		version.has_common = true;
		version.vendor_part = slice_skip(text, colon + 1);
		if (!slice_hex_to_u32((struct slice){text.text, colon}, &version.common))
			return false;
	}
	if (!version.vendor_part.length)
		return false;
	*out = version;
	return true;
}

enum mw_reason namespaced_compare(const struct namespaced *source, const struct namespaced *dest)
{
	if (source->has_common != dest->has_common)
		return MW_REASON_NAMESPACE_MISMATCH;
	if (source->has_common && source->common != dest->common)
		return MW_REASON_NAMESPACE_MISMATCH;
	if (!slice_equal(source->vendor_part, dest->vendor_part))
		return MW_REASON_OPAQUE_MISMATCH;
	return MW_REASON_OK;
}
