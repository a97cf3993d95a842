// SPDX-License-Identifier: GPL-2.0-only
/*
 * tsc-khz: how fast this machine's time stamp counter runs, in kHz, against CLOCK_MONOTONIC.
 * The guest of an emulator that others keep from running measures it wrong by a factor
 * (tests/vm/lab).
 */
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <x86intrin.h>

#define MEASURE_NS 100000000ll
#define READINGS 1000

struct reading {
	int64_t ns;
	uint64_t ticks;
};

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ll + now.tv_nsec;
}

/* Both clocks at one moment: of many readings the one that nothing came between. */
static struct reading read_both(void)
{
	struct reading best = {0};
	int64_t shortest = INT64_MAX;

	for (int i = 0; i < READINGS; i++) {
		int64_t before = now_ns();
		uint64_t ticks = __rdtsc();
		int64_t took = now_ns() - before;

		if (took < shortest) {
			shortest = took;
			best = (struct reading){before + took / 2, ticks};
		}
	}
	return best;
}

int main(void)
{
	struct reading begin = read_both(), end;

	do
		end = read_both();
	while (end.ns - begin.ns < MEASURE_NS);
	printf("%lld\n",
	       (long long)((double)(end.ticks - begin.ticks) * 1e6 / (double)(end.ns - begin.ns) +
			   0.5));
	return 0;
}
