// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"

Test(arena, what_it_gives_is_zeroed_and_aligned)
{
	struct arena *arena = arena_new();

	for (size_t size = 0; size < 3000; size += 37) {
		char *bytes = arena_alloc(arena, size);

		cr_assert_eq((uintptr_t)bytes % _Alignof(max_align_t), 0);
		for (size_t i = 0; i < size; i++)
			cr_assert_eq(bytes[i], 0);
		memset(bytes, 0xff, size);
	}
	arena_free(arena);
}

Test(arena, a_size_that_would_overflow_is_refused)
{
	struct arena *arena = arena_new();

	cr_assert_null(arena_alloc(arena, SIZE_MAX));
	cr_assert_null(arena_alloc(arena, SIZE_MAX - 64));
	arena_free(arena);
}

Test(arena, a_grown_array_keeps_its_elements)
{
	struct arena *arena = arena_new();
	int *numbers = NULL;

	for (int i = 0; i < 1000; i++) {
		numbers = arena_grow(arena, numbers, (size_t)i, sizeof(*numbers));
		cr_assert_not_null(numbers);
		numbers[i] = i;
	}
	for (int i = 0; i < 1000; i++)
		cr_assert_eq(numbers[i], i);
	arena_free(arena);
}

Test(arena, strndup_stops_at_a_nul)
{
	struct arena *arena = arena_new();

	cr_assert_str_eq(arena_strndup(arena, "ab\0cd", 5), "ab");
	cr_assert_str_eq(arena_strndup(arena, "abcd", 2), "ab");
	arena_free(arena);
}

Test(arena, printf_holds_any_length)
{
	struct arena *arena = arena_new();
	char *text = arena_printf(arena, "%5000d", 7);

	cr_assert_eq(strlen(text), 5000);
	arena_free(arena);
}

Test(arena, freeing_nothing_is_fine)
{
	arena_free(NULL);
}
