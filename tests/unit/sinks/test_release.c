// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>

#include "sinks/release.h"

Test(release, names_who_asked_and_when)
{
	const struct release release = {.time_ns = 1500000000, .pid = 4711, .uid = 1000};
	json_t *object = release_to_json(&release, 0);

	cr_assert_str_eq(json_string_value(json_object_get(object, "event")), "release");
	cr_assert_str_eq(json_string_value(json_object_get(object, "time")),
			 "1970-01-01T00:00:01.500000Z");
	cr_assert_eq(json_integer_value(json_object_get(object, "time_ns")), 1500000000);
	cr_assert_eq(json_integer_value(json_object_get(object, "pid")), 4711);
	cr_assert_eq(json_integer_value(json_object_get(object, "uid")), 1000);
	json_decref(object);
}
