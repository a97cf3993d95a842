/* SPDX-License-Identifier: GPL-2.0-only */
/* What a recording is of, and its sums: `migwarden replay --info`. */
#ifndef CLI_RECORDING_INFO_H
#define CLI_RECORDING_INFO_H

#include <stdbool.h>

#include "config/recording_read.h"

/*
 * recording_info_show - reads @reader to its end, then prints, as text or as one JSON object; with
 * what is known up to a damage. Gives 0, or 1 with @error for a damaged one.
 */
int recording_info_show(struct recording_reader *reader, const char *path, bool is_json,
			struct parse_error *error);

#endif
