// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <linux/devlink.h>
#include <linux/genetlink.h>

#include "host/devlink.h"

#define RUNNING DEVLINK_ATTR_INFO_VERSION_RUNNING
#define NAME DEVLINK_ATTR_INFO_VERSION_NAME
#define VALUE DEVLINK_ATTR_INFO_VERSION_VALUE

static char buffer[4096] __attribute__((aligned(8)));
static struct nlmsghdr *message;
static char version[DEVLINK_VERSION_BYTES];

/* An answer about pci/0000:3b:00.0 that says nothing else yet. */
static void set_up(void)
{
	struct genlmsghdr *generic;

	message = mnl_nlmsg_put_header(buffer);
	message->nlmsg_type = 0x15;
	generic = mnl_nlmsg_put_extra_header(message, sizeof(*generic));
	generic->cmd = DEVLINK_CMD_INFO_GET;
	generic->version = 1;
	mnl_attr_put_strz(message, DEVLINK_ATTR_BUS_NAME, "pci");
	mnl_attr_put_strz(message, DEVLINK_ATTR_DEV_NAME, "0000:3b:00.0");
}

TestSuite(devlink, .init = set_up);

static void add_version(uint16_t kind, const char *name, const char *value)
{
	struct nlattr *nest = mnl_attr_nest_start(message, kind);

	if (name)
		mnl_attr_put_strz(message, NAME, name);
	if (value)
		mnl_attr_put_strz(message, VALUE, value);
	mnl_attr_nest_end(message, nest);
}

/* In memory of exactly that size, so that the sanitizer sees a read past it. */
static int parse_bytes(const void *bytes, size_t size)
{
	void *copy = malloc(size ? size : 1);
	int r;

	cr_assert_not_null(copy);
	memcpy(copy, bytes, size);
	memset(version, 'x', sizeof(version));
	r = devlink_parse_info(copy, size, "pci", "0000:3b:00.0", version);
	free(copy);
	cr_assert_not_null(memchr(version, '\0', sizeof(version)));
	cr_assert(r == 0 || !*version, "%d leaves \"%s\"", r, version);
	return r;
}

static int parse(void)
{
	return parse_bytes(buffer, message->nlmsg_len);
}

static void assert_version(const char *text)
{
	cr_assert_eq(parse(), 0);
	cr_assert_str_eq(version, text);
}

struct search {
	uint16_t type;
	struct nlattr *found;
};

static int search_attribute(const struct nlattr *attribute, void *context)
{
	struct search *search = context;

	if (mnl_attr_get_type(attribute) == search->type)
		search->found = (struct nlattr *)(uintptr_t)attribute;
	if (mnl_attr_get_type(attribute) == RUNNING)
		mnl_attr_parse_nested(attribute, search_attribute, context);
	return MNL_CB_OK;
}

/* The last attribute of that type, in the message or in a version. */
static struct nlattr *last_of(uint16_t type)
{
	struct search search = {.type = type};

	mnl_attr_parse(message, GENL_HDRLEN, search_attribute, &search);
	cr_assert_not_null(search.found);
	return search.found;
}

Test(devlink, fw_is_the_firmware_wherever_it_stands)
{
	add_version(RUNNING, "fw.mgmt", "1");
	add_version(RUNNING, "fw.version", "2");
	add_version(RUNNING, "fw", "3");
	add_version(RUNNING, "fw.app", "4");
	assert_version("3");
}

Test(devlink, fw_version_comes_before_fw_mgmt)
{
	add_version(RUNNING, "fw.mgmt", "1");
	add_version(RUNNING, "fw.version", "2");
	assert_version("2");
}

Test(devlink, fw_mgmt_comes_before_any_other)
{
	add_version(RUNNING, "fw.undi", "1.2");
	add_version(RUNNING, "fw.mgmt", "10.20.30");
	assert_version("10.20.30");
}

Test(devlink, of_other_names_the_first_is_taken)
{
	add_version(RUNNING, "fw.mgmt.api", "1");
	add_version(RUNNING, "fw.undi", "2");
	assert_version("1");
}

Test(devlink, of_one_name_twice_the_first_is_taken)
{
	add_version(RUNNING, "fw", "1");
	add_version(RUNNING, "fw", "2");
	assert_version("1");
}

Test(devlink, what_does_not_run_is_not_the_firmware)
{
	add_version(DEVLINK_ATTR_INFO_VERSION_STORED, "fw", "1");
	add_version(DEVLINK_ATTR_INFO_VERSION_FIXED, "fw", "2");
	cr_assert_eq(parse(), -ENODATA);
}

Test(devlink, an_empty_version_is_none)
{
	add_version(RUNNING, "fw", "");
	cr_assert_eq(parse(), -ENODATA);
	add_version(RUNNING, "fw.undi", "1");
	assert_version("1");
}

Test(devlink, an_answer_without_versions_is_no_error)
{
	cr_assert_eq(parse(), -ENODATA);
}

Test(devlink, unknown_attributes_are_passed_over)
{
	mnl_attr_put_u32(message, 16000, 1);
	add_version(RUNNING, "fw", "1");
	mnl_attr_put(message, 16001, 0, NULL);
	mnl_attr_put_strz(message, DEVLINK_ATTR_INFO_SERIAL_NUMBER, "s");
	assert_version("1");
}

Test(devlink, the_longest_version_fits_and_one_more_byte_does_not)
{
	char text[DEVLINK_VERSION_BYTES + 1];

	memset(text, '1', sizeof(text));
	text[DEVLINK_VERSION_BYTES] = '\0';
	add_version(RUNNING, "fw.undi", text + 1);
	assert_version(text + 1);
	add_version(RUNNING, "fw", text);
	cr_assert_eq(parse(), -EMSGSIZE);
}

Test(devlink, an_answer_about_another_device_is_refused)
{
	add_version(RUNNING, "fw", "1");
	cr_assert_eq(devlink_parse_info(buffer, message->nlmsg_len, "pci", "0000:3b:00.1", version),
		     -EBADMSG);
	cr_assert_eq(devlink_parse_info(buffer, message->nlmsg_len, "pcie", "0000:3b:00.0",
					version),
		     -EBADMSG);
}

Test(devlink, an_answer_about_no_device_is_refused)
{
	struct genlmsghdr *generic;

	memset(buffer, 0, sizeof(buffer));
	message = mnl_nlmsg_put_header(buffer);
	generic = mnl_nlmsg_put_extra_header(message, sizeof(*generic));
	generic->cmd = DEVLINK_CMD_INFO_GET;
	add_version(RUNNING, "fw", "1");
	cr_assert_eq(parse(), -EBADMSG);
}

Test(devlink, an_answer_to_another_question_is_refused)
{
	struct genlmsghdr *generic = mnl_nlmsg_get_payload(message);

	add_version(RUNNING, "fw", "1");
	generic->cmd = DEVLINK_CMD_GET;
	cr_assert_eq(parse(), -EBADMSG);
}

Test(devlink, half_a_version_is_refused)
{
	uint32_t length = message->nlmsg_len;

	add_version(RUNNING, "fw", NULL);
	cr_assert_eq(parse(), -EBADMSG);
	message->nlmsg_len = length;
	add_version(RUNNING, NULL, "1");
	cr_assert_eq(parse(), -EBADMSG);
	message->nlmsg_len = length;
	add_version(RUNNING, NULL, NULL);
	cr_assert_eq(parse(), -EBADMSG);
}

Test(devlink, a_string_without_its_end_is_refused)
{
	struct nlattr *nest = mnl_attr_nest_start(message, RUNNING);

	mnl_attr_put_strz(message, NAME, "fw");
	mnl_attr_put(message, VALUE, 4, "1234");
	mnl_attr_nest_end(message, nest);
	cr_assert_eq(parse(), -EBADMSG);
}

Test(devlink, a_string_with_a_nul_inside_is_refused)
{
	mnl_attr_put(message, DEVLINK_ATTR_BUS_NAME, 6, "pci\0x");
	add_version(RUNNING, "fw", "1");
	cr_assert_eq(parse(), -EBADMSG);
}

Test(devlink, a_string_of_no_bytes_is_refused)
{
	mnl_attr_put(message, DEVLINK_ATTR_DEV_NAME, 0, NULL);
	cr_assert_eq(parse(), -EBADMSG);
}

Test(devlink, a_length_shorter_than_its_header_is_refused)
{
	static const uint16_t types[] = {DEVLINK_ATTR_BUS_NAME, RUNNING, NAME, VALUE};

	add_version(RUNNING, "fw", "1");
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct nlattr *attribute = last_of(types[i]);
		uint16_t right = attribute->nla_len;

		for (uint16_t wrong = 0; wrong < 4; wrong++) {
			attribute->nla_len = wrong;
			cr_assert_eq(parse(), -EBADMSG, "%u of type %u", wrong, types[i]);
		}
		attribute->nla_len = right;
	}
	assert_version("1");
}

/* The value would take in the next version, which is inside the message but outside its nest. */
Test(devlink, a_length_that_leaves_its_nest_is_refused)
{
	struct nlattr *value;

	add_version(RUNNING, "fw", "1");
	value = last_of(VALUE);
	add_version(RUNNING, "fw.mgmt", "2");
	for (unsigned int length = value->nla_len + 3u; length <= UINT16_MAX; length++) {
		value->nla_len = (uint16_t)length;
		cr_assert_eq(parse(), -EBADMSG, "%u", length);
	}
}

Test(devlink, a_nest_that_leaves_the_message_is_refused)
{
	struct nlattr *nest;

	add_version(RUNNING, "fw", "1");
	nest = last_of(RUNNING);
	for (unsigned int length = nest->nla_len + 1u; length <= UINT16_MAX; length++) {
		nest->nla_len = (uint16_t)length;
		cr_assert_eq(parse(), -EBADMSG, "%u", length);
	}
}

/* Only what a version holds is looked at, so depth costs nothing. */
Test(devlink, nests_in_nests_are_not_followed)
{
	struct nlattr *nests[200];

	for (size_t i = 0; i < 200; i++)
		nests[i] = mnl_attr_nest_start(message, RUNNING);
	mnl_attr_put_strz(message, NAME, "fw");
	mnl_attr_put_strz(message, VALUE, "1");
	for (size_t i = 200; i-- > 0;)
		mnl_attr_nest_end(message, nests[i]);
	cr_assert_eq(parse(), -EBADMSG);
}

Test(devlink, a_message_that_claims_more_than_there_is_is_refused)
{
	uint32_t length;

	add_version(RUNNING, "fw", "1");
	length = message->nlmsg_len;
	message->nlmsg_len = length + 1;
	cr_assert_eq(parse_bytes(buffer, length), -EBADMSG);
	message->nlmsg_len = UINT32_MAX;
	cr_assert_eq(parse_bytes(buffer, length), -EBADMSG);
	message->nlmsg_len = 0;
	cr_assert_eq(parse_bytes(buffer, length), -EBADMSG);
	message->nlmsg_len = NLMSG_HDRLEN;
	cr_assert_eq(parse_bytes(buffer, length), -EBADMSG);
}

Test(devlink, bytes_after_the_message_are_not_read)
{
	add_version(RUNNING, "fw.undi", "1");
	memset(buffer + message->nlmsg_len, 0xff, 64);
	cr_assert_eq(parse_bytes(buffer, message->nlmsg_len + 64), 0);
	cr_assert_str_eq(version, "1");
}

Test(devlink, a_message_cut_off_anywhere_is_refused)
{
	add_version(RUNNING, "fw", "1");
	for (size_t size = 0; size < message->nlmsg_len; size++)
		cr_assert_eq(parse_bytes(buffer, size), -EBADMSG, "%zu", size);
}

/* Cut off between two attributes, in the padding too, it is a shorter message; else it is none. */
Test(devlink, a_message_cut_off_with_its_length_is_refused)
{
	uint32_t whole, length = message->nlmsg_len;

	add_version(RUNNING, "fw", "1");
	whole = message->nlmsg_len;
	for (uint32_t size = 0; size < whole; size++) {
		bool is_between = size <= length && length - size < NLA_ALIGNTO;

		message->nlmsg_len = size;
		cr_assert_eq(parse(), is_between ? -ENODATA : -EBADMSG, "%u", size);
	}
	message->nlmsg_len = whole;
	assert_version("1");
}

/* Whatever one byte says, the answer is a documented one and no other memory is read. */
Test(devlink, any_byte_may_be_anything)
{
	add_version(RUNNING, "fw.undi", "1");
	add_version(RUNNING, "fw", "2.3");
	for (size_t i = 0; i < message->nlmsg_len; i++) {
		uint32_t length = message->nlmsg_len;
		char right = buffer[i];

		for (unsigned int value = 0; value <= UINT8_MAX; value++) {
			int r;

			buffer[i] = (char)value;
			r = parse_bytes(buffer, length);
			cr_assert(r == 0 || r == -ENODATA || r == -EBADMSG, "%d", r);
		}
		buffer[i] = right;
	}
	assert_version("2.3");
}

/* On a kernel with devlink or without, and in any sandbox. */
Test(devlink, a_device_that_does_not_exist_is_not_known)
{
	char name[5000];

	cr_assert_eq(devlink_firmware("migwarden", "none", version), -ENODATA);
	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	cr_assert_eq(devlink_firmware("migwarden", name, version), -ENODATA);
	cr_assert_str_eq(version, "");
}
