/* SPDX-License-Identifier: GPL-2.0-only */
/* Many descriptors: a folder of .json files, a .jsonl file with one on each line, or one file. */
#ifndef CONFIG_COLLECTION_H
#define CONFIG_COLLECTION_H

#include "base/parse_error.h"
#include "core/descriptor.h"

/*
 * Takes a descriptor, which becomes its own. @place names it for people: "FILE" or "FILE:LINE";
 * borrowed for the call. Gives 0 to go on; anything else ends the walk and is its result.
 */
typedef int (*collection_visitor)(const char *place, struct descriptor *descriptor, void *data);

/*
 * Is told of one that cannot be read, with its place in @error: -EINVAL and -EFBIG for what is no
 * descriptor, else the -errno of reading. Gives as a visitor does.
 */
typedef int (*collection_refusal)(int r, const struct parse_error *error, void *data);

/*
 * collection_each - hands over the descriptors at @path, one at a time: of a folder those in
 * *.json and *.jsonl files by name, not below it; of "-" the lines of standard input. One that
 * cannot be read ends the walk. Gives 0; what the visitor gave; -EINVAL or -errno with @error
 * filled.
 */
int collection_each(const char *path, collection_visitor visit, void *data,
		    struct parse_error *error);

/*
 * collection_each_readable - the same, and goes on behind a line or a file that cannot be read once
 * @refuse has been told. What remains an error: a folder that cannot be listed, and -ENOMEM.
 */
int collection_each_readable(const char *path, collection_visitor visit, collection_refusal refuse,
			     void *data, struct parse_error *error);

#endif
