// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "config/recording_read.h"
#include "config/recording_write.h"

static char folder[] = "/tmp/recording-XXXXXX";
static char path[64];
static struct recording_writer *writer;
static struct recording_reader *reader;
static struct recording_item item;
static struct parse_error error;
static struct recording_start start;

static void set_up(void)
{
	cr_assert_not_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/a.mwrec", folder);
	start = (struct recording_start){.time_ns = 1000, .wall_offset_ns = -5};
	strcpy(start.host, "hv-17");
}

static void tear_down(void)
{
	recording_writer_close(writer);
	recording_reader_close(reader);
	unlink(path);
	rmdir(folder);
}

TestSuite(recording, .init = set_up, .fini = tear_down);

static void fill_counts(void *context, struct recording_counts *out)
{
	(void)context;
	out->malformed = 3;
	out->kind[MW_EVENT_ARC] = (struct recording_count){10, 1, 9};
}

static int begin(const struct recording_writer_options *options)
{
	struct recording_writer_options plain = {.counts = fill_counts};

	return recording_writer_open(path, options ? options : &plain, &start, &writer);
}

static void add_arc(uint64_t time_ns)
{
	struct mw_event_arc arc = {
		.head = {.size = sizeof(arc),
			 .version = MW_WIRE_VERSION,
			 .kind = MW_EVENT_ARC,
			 .time_ns = time_ns},
	};

	cr_assert_eq(recording_writer_add(writer, RECORDING_EVENT, &arc, sizeof(arc)), 0);
}

static void end(void)
{
	const struct recording_end last = {.time_ns = 2000, .cause = RECORDING_ASKED};

	cr_assert_eq(recording_writer_end(writer, &last), 0);
	recording_writer_close(writer);
	writer = NULL;
}

static int open_again(void)
{
	recording_reader_close(reader);
	reader = NULL;
	return recording_reader_open(path, &reader, &error);
}

/* Reads to the end; gives its answer and how many events came before it. */
static int read_all(size_t *events)
{
	int r;

	*events = 0;
	cr_assert_eq(open_again(), 0, "%s", error.text);
	while ((r = recording_reader_next(reader, &item, &error)) == 1)
		*events += item.type == RECORDING_EVENT;
	return r;
}

static void make_three_blocks(void)
{
	cr_assert_eq(begin(NULL), 0);
	for (uint64_t i = 0; i < 3; i++) {
		add_arc(100 + i);
		add_arc(200 + i);
		cr_assert_eq(recording_writer_flush(writer), 0);
	}
	end();
}

static size_t file_size(void)
{
	struct stat status;

	cr_assert_eq(stat(path, &status), 0);
	return (size_t)status.st_size;
}

static void overwrite(long offset, const void *data, size_t size)
{
	FILE *file = fopen(path, "r+");

	cr_assert_not_null(file);
	fseek(file, offset, SEEK_SET);
	fwrite(data, size, 1, file);
	fclose(file);
}

static void expect_refused(const char *text)
{
	cr_assert_eq(open_again(), -EINVAL);
	cr_assert_not_null(strstr(error.text, text), "\"%s\" is not in \"%s\"", text, error.text);
}

Test(recording, what_was_written_is_read_in_order)
{
	struct recording_process process = {.pid = 4711, .vm_name = "db-3"};
	struct recording_limits limits = {.downtime_ns = 300000000, .policy = "site.yaml"};

	cr_assert_eq(begin(NULL), 0);
	cr_assert_eq(recording_writer_add(writer, RECORDING_PROCESS, &process, sizeof(process)), 0);
	cr_assert_eq(recording_writer_add(writer, RECORDING_LIMITS, &limits, sizeof(limits)), 0);
	cr_assert_eq(recording_writer_add(writer, RECORDING_DEVICE, "{}", 2), 0);
	add_arc(1500);
	end();

	cr_assert_eq(open_again(), 0);
	cr_assert_str_eq(recording_reader_start(reader)->host, "hv-17");
	cr_assert_eq(recording_reader_start(reader)->wall_offset_ns, -5);
	cr_assert_eq(recording_reader_next(reader, &item, &error), 1);
	cr_assert_eq(item.type, RECORDING_PROCESS);
	cr_assert_str_eq(item.process->vm_name, "db-3");
	cr_assert_eq(recording_reader_next(reader, &item, &error), 1);
	cr_assert_eq(item.limits->downtime_ns, 300000000);
	cr_assert_eq(recording_reader_next(reader, &item, &error), 1);
	cr_assert_eq(item.type, RECORDING_DEVICE);
	cr_assert_eq(item.device.length, 2);
	cr_assert_eq(recording_reader_next(reader, &item, &error), 1);
	cr_assert_eq(item.event->head.time_ns, 1500);
	cr_assert_eq(recording_reader_next(reader, &item, &error), 1);
	cr_assert_eq(item.type, RECORDING_COUNTS);
	cr_assert_eq(item.counts->recorded, 1);
	cr_assert_eq(item.counts->malformed, 3);
	cr_assert_eq(item.counts->kind[MW_EVENT_ARC].lost, 1);
	cr_assert_eq(recording_reader_next(reader, &item, &error), 1);
	cr_assert_eq(item.end->time_ns, 2000);
	cr_assert_eq(recording_reader_next(reader, &item, &error), 0);
	cr_assert_eq(recording_reader_next(reader, &item, &error), 0);
}

Test(recording, more_than_a_block_holds_goes_into_several)
{
	size_t events;

	cr_assert_eq(begin(NULL), 0);
	for (uint64_t i = 0; i < 10000; i++)
		add_arc(i);
	end();
	cr_assert_eq(read_all(&events), 0);
	cr_assert_eq(events, 10000);
}

Test(recording, an_item_over_the_size_of_a_block_is_refused)
{
	static char large[RECORDING_BLOCK_MAX];

	cr_assert_eq(begin(NULL), 0);
	cr_assert_eq(recording_writer_add(writer, RECORDING_DEVICE, large, sizeof(large)),
		     -EMSGSIZE);
	end();
}

Test(recording, an_existing_file_is_replaced_only_when_asked)
{
	const struct recording_writer_options replace = {.replace = true};

	make_three_blocks();
	cr_assert_eq(begin(NULL), -EEXIST);
	cr_assert_eq(begin(&replace), 0);
}

Test(recording, only_its_owner_may_read_it)
{
	struct stat status;

	cr_assert_eq(begin(NULL), 0);
	cr_assert_eq(stat(path, &status), 0);
	cr_assert_eq(status.st_mode & 077, 0);
}

Test(recording, a_bounded_file_never_exceeds_its_bound)
{
	struct recording_writer_options bounded = {.max_bytes = RECORDING_SIZE_MIN};
	struct mw_event_arc arc = {
		.head = {.size = sizeof(arc), .version = MW_WIRE_VERSION, .kind = MW_EVENT_ARC}};
	uint64_t seed = 1;
	size_t added = 0, events;
	int r;

	cr_assert_eq(begin(&bounded), 0);
	do {
		/* What does not compress. */
		for (size_t i = 0; i < sizeof(arc.head.device); i++) {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			arc.head.device[i] = (char)(seed >> 56);
		}
		r = recording_writer_add(writer, RECORDING_EVENT, &arc, sizeof(arc));
		added += r == 0;
	} while (!r);
	cr_assert_eq(r, -EFBIG);
	end();
	cr_assert_leq(file_size(), RECORDING_SIZE_MIN);
	cr_assert_geq(file_size(), RECORDING_SIZE_MIN * 9 / 10);
	cr_assert_eq(read_all(&events), 0);
	cr_assert_eq(events, added);
}

Test(recording, a_killed_writer_loses_the_last_block_alone)
{
	size_t events;

	cr_assert_eq(begin(NULL), 0);
	add_arc(1);
	cr_assert_eq(recording_writer_flush(writer), 0);
	add_arc(2);
	recording_writer_close(writer);
	writer = NULL;
	cr_assert_eq(read_all(&events), -EINVAL);
	cr_assert_eq(events, 1);
	cr_assert_not_null(strstr(error.text, "its writer was killed"), "%s", error.text);
}

Test(recording, a_cut_file_is_read_up_to_the_cut)
{
	size_t whole, events, last = 0;

	make_three_blocks();
	whole = file_size();
	for (size_t size = whole - 1; size > 0; size--) {
		cr_assert_eq(truncate(path, (off_t)size), 0);
		if (open_again())
			continue;
		cr_assert_eq(read_all(&events), -EINVAL, "cut to %zu of %zu bytes", size, whole);
		cr_assert_eq(events % 2, 0);
		cr_assert(last == 0 || events <= last);
		last = events;
	}
	cr_assert_eq(last, 2);
}

Test(recording, a_flipped_bit_anywhere_is_found)
{
	size_t whole, events;

	make_three_blocks();
	whole = file_size();
	for (size_t at = 0; at < whole; at++) {
		FILE *file = fopen(path, "r");
		uint8_t byte, flipped;
		int r;

		fseek(file, (long)at, SEEK_SET);
		byte = (uint8_t)fgetc(file);
		fclose(file);
		flipped = byte ^ 0x10;
		overwrite((long)at, &flipped, 1);
		r = open_again();
		if (!r)
			r = read_all(&events);
		cr_assert_eq(r, -EINVAL, "bit at byte %zu", at);
		overwrite((long)at, &byte, 1);
	}
	cr_assert_eq(read_all(&events), 0);
}

Test(recording, the_place_of_a_damage_is_told_and_told_again)
{
	uint8_t zero[4] = {0};
	size_t first;

	cr_assert_eq(begin(NULL), 0);
	cr_assert_eq(recording_writer_flush(writer), 0);
	first = recording_writer_bytes(writer);
	add_arc(1);
	end();
	overwrite((long)first, zero, sizeof(zero));
	cr_assert_eq(open_again(), 0);
	cr_assert_eq(recording_reader_next(reader, &item, &error), 1);
	for (int i = 0; i < 2; i++) {
		char expected[64];

		snprintf(expected, sizeof(expected), "byte %zu: expected a block", first);
		cr_assert_eq(recording_reader_next(reader, &item, &error), -EINVAL);
		cr_assert_eq(strncmp(error.text, expected, strlen(expected)), 0, "%s", error.text);
	}
}

Test(recording, what_is_no_recording_is_refused)
{
	FILE *file = fopen(path, "w");

	fputs("{\"event\": \"arc\"}\n this is JSON", file);
	fclose(file);
	expect_refused("byte 0: expected a recording of migwarden, got something else");
	cr_assert_eq(truncate(path, 5), 0);
	expect_refused("got 5 bytes");
	cr_assert_eq(truncate(path, 0), 0);
	expect_refused("got an empty file");
	unlink(path);
	cr_assert_eq(open_again(), -ENOENT);
	cr_assert_eq(recording_reader_open(folder, &reader, &error), -EISDIR);
}

Test(recording, another_version_or_byte_order_is_refused)
{
	const uint16_t two = 2;
	const uint32_t swapped = 0x04030201;

	make_three_blocks();
	overwrite(offsetof(struct recording_file_head, wire_version), &two, sizeof(two));
	expect_refused("byte 14: expected records of version 1, got 2");
	overwrite(offsetof(struct recording_file_head, format), &two, sizeof(two));
	expect_refused("byte 12: expected format 1, got 2");
	overwrite(offsetof(struct recording_file_head, byte_order), &swapped, sizeof(swapped));
	expect_refused("byte 8: expected the byte order of this machine");
}

Test(recording, items_and_kinds_of_a_newer_writer_are_passed_over)
{
	struct mw_event_head head = {
		.size = sizeof(head), .version = MW_WIRE_VERSION, .kind = MW_EVENT_KINDS + 7};
	size_t events;

	cr_assert_eq(begin(NULL), 0);
	cr_assert_eq(recording_writer_add(writer, 999, "abc", 3), 0);
	cr_assert_eq(recording_writer_add(writer, RECORDING_EVENT, &head, sizeof(head)), 0);
	add_arc(1);
	end();
	cr_assert_eq(read_all(&events), 0);
	cr_assert_eq(events, 1);
	cr_assert_eq(recording_reader_unknown(reader), 2);
}

/* Writes a block of @size bytes that claims to hold @claimed of items. */
static void add_forged_block(uint32_t number, const void *items, size_t size, uint32_t claimed)
{
	struct recording_block_head head = {
		.mark = RECORDING_BLOCK_MARK, .number = number, .item_bytes = claimed};
	static uint8_t stored[1 << 20];
	uLongf stored_bytes = sizeof(stored);
	FILE *file = fopen(path, "a");

	cr_assert_eq(compress(stored, &stored_bytes, items, (uLong)size), Z_OK);
	head.stored_bytes = (uint32_t)stored_bytes;
	head.crc = (uint32_t)crc32(crc32(0, (const Bytef *)&head, 16), stored, head.stored_bytes);
	fwrite(&head, sizeof(head), 1, file);
	fwrite(stored, stored_bytes, 1, file);
	fclose(file);
}

static void expect_forgery_found(const void *items, size_t size, uint32_t claimed, const char *text)
{
	size_t events;

	unlink(path);
	cr_assert_eq(begin(NULL), 0);
	cr_assert_eq(recording_writer_flush(writer), 0);
	recording_writer_close(writer);
	writer = NULL;
	add_forged_block(1, items, size, claimed);
	cr_assert_eq(read_all(&events), -EINVAL);
	cr_assert_not_null(strstr(error.text, text), "\"%s\" is not in \"%s\"", text, error.text);
}

Test(recording, a_block_that_swells_is_not_inflated)
{
	static uint8_t zeros[64 << 20];

	expect_forgery_found(zeros, sizeof(zeros), sizeof(zeros), "expected a block of at most");
	expect_forgery_found(zeros, sizeof(zeros), 4096, "expected a block of 4096 bytes");
}

Test(recording, items_that_do_not_fit_their_block_are_refused)
{
	const struct recording_item_head beyond = {.type = RECORDING_DEVICE, .size = UINT32_MAX};
	const struct recording_item_head again = {.type = RECORDING_START};
	const struct recording_item_head process = {.type = RECORDING_PROCESS};
	const struct recording_item_head event = {.type = RECORDING_EVENT};
	const struct recording_item_head counts = {.type = RECORDING_COUNTS};

	expect_forgery_found("abc", 3, 3, "expected an item");
	expect_forgery_found(&beyond, 8, 8, "expected whole items");
	expect_forgery_found(&again, 8, 8, "expected one beginning, got a second");
	expect_forgery_found(&process, 8, 8, "expected a process");
	expect_forgery_found(&event, 8, 8, "wrong size");
	expect_forgery_found(&counts, 8, 8, "expected sums");
}

Test(recording, texts_without_an_end_are_ended)
{
	struct recording_process process;

	memset(&process, 'a', sizeof(process));
	cr_assert_eq(begin(NULL), 0);
	cr_assert_eq(recording_writer_add(writer, RECORDING_PROCESS, &process, sizeof(process)), 0);
	end();
	cr_assert_eq(open_again(), 0);
	cr_assert_eq(recording_reader_next(reader, &item, &error), 1);
	cr_assert_eq(strlen(item.process->vm_name), sizeof(item.process->vm_name) - 1);
	cr_assert_eq(strlen(item.process->cgroup), sizeof(item.process->cgroup) - 1);
}

Test(recording, nothing_may_follow_the_end)
{
	struct recording_item_head other = {.type = RECORDING_DEVICE};
	size_t events;

	cr_assert_eq(begin(NULL), 0);
	end();
	add_forged_block(1, &other, sizeof(other), sizeof(other));
	cr_assert_eq(read_all(&events), -EINVAL);
	cr_assert_not_null(strstr(error.text, "expected the end of the file"), "%s", error.text);
}
