// SPDX-License-Identifier: GPL-2.0-only
/* Two versions, a newline between: every form of them, and the whole comparison of a pair. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/compare.h"
#include "core/version.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static void try_xyz(struct slice a, struct slice b)
{
	struct xyz x;
	struct xyz y;
	struct xyz again;
	char text[64];

	if (!xyz_parse(a, &x) || !xyz_parse(b, &y))
		return;
	snprintf(text, sizeof(text), "%u.%u.%u", x.major, x.minor, x.bugfix);
	require(xyz_parse(slice_of(text), &again) && !xyz_order(x, again));
	require(xyz_order(x, y) == -xyz_order(y, x));
	require(xyz_compare(x, x) == MW_REASON_OK);
	require((xyz_compare(x, y) == MW_REASON_VERSION_MAJOR) == (x.major != y.major));
	if (xyz_compare(x, y) == MW_REASON_OK && xyz_compare(y, x) == MW_REASON_OK)
		require(x.major == y.major && x.minor == y.minor);
}

static void try_numeric(struct slice a, struct slice b)
{
	struct slice x;
	struct slice y;
	uint64_t m;
	uint64_t n;

	if (!numeric_parse(a, &x) || !numeric_parse(b, &y))
		return;
	require(numeric_order(x, y) == -numeric_order(y, x));
	if (slice_to_u64(a, &m) && slice_to_u64(b, &n))
		require(numeric_order(x, y) == (m > n) - (m < n));
}

static void try_namespaced(struct slice a, struct slice b)
{
	struct namespaced x;
	struct namespaced y;

	if (!namespaced_parse(a, &x) || !namespaced_parse(b, &y))
		return;
	require(namespaced_compare(&x, &x) == MW_REASON_OK);
	require(namespaced_compare(&x, &y) == namespaced_compare(&y, &x));
	if (x.has_common != y.has_common || (x.has_common && x.common != y.common))
		require(namespaced_compare(&x, &y) == MW_REASON_NAMESPACE_MISMATCH);
}

static struct descriptor *device(const char *version, const char *list)
{
	struct descriptor *descriptor;

	require(!descriptor_new(&descriptor));
	descriptor_set_fact(descriptor, &descriptor->device_api, "vfio-pci");
	descriptor_set_fact(descriptor, &descriptor->vendor, "8086");
	descriptor_set_fact(descriptor, &descriptor->device_id, "591d");
	descriptor_set_fact(descriptor, &descriptor->interface_version, version);
	descriptor_set_fact(descriptor, &descriptor->version, version);
	descriptor_set_fact(descriptor, &descriptor->interface_version_compatible, list);
	descriptor_add_attribute(descriptor, "aggregator", version, 0);
	descriptor_add_attribute(descriptor, "pv_mode", list, 0);
	descriptor->protocol = PROTOCOL_V2;
	descriptor->capabilities_known = true;
	descriptor->capabilities = 1;
	return descriptor;
}

/* The same pair under every comparator and direction, plain and prepared. */
static void try_pair(const char *a, const char *b)
{
	struct descriptor *source = device(a, b);
	struct descriptor *dest = device(b, a);
	struct compare_context context = {.now_s = -1, .device_count = 1};
	struct verdict verdicts[2];
	struct policy *policy;

	require(!policy_default(&policy));
	for (int i = COMPARE_AUTO; i <= COMPARE_OPAQUE; i++) {
		policy->rules->version = (enum comparator)i;
		policy->rules->direction = (enum direction)(i % 3);
		source->prepared = NULL;
		dest->prepared = NULL;
		compare(policy, source, dest, &context, &verdicts[0]);
		descriptor_prepare(source);
		descriptor_prepare(dest);
		compare(policy, source, dest, &context, &verdicts[1]);
		require(verdicts[0].reason == verdicts[1].reason);
		require(!strcmp(verdicts[0].hint, verdicts[1].hint));
		require((verdicts[0].reason == MW_REASON_OK) ==
			(verdicts[0].action == MW_ACTION_ALLOW));
		require((verdicts[0].reason == MW_REASON_OK) == !verdicts[0].hint[0]);
	}
	policy_free(policy);
	descriptor_free(source);
	descriptor_free(dest);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = calloc(1, size + 1);
	struct slice input = {text, size};
	struct slice a = {text, 0};
	struct slice b;

	require(text != NULL);
	if (size)
		memcpy(text, data, size);
	a.length = slice_find(input, '\n');
	b = slice_skip(input, a.length + 1);
	try_xyz(a, b);
	try_numeric(a, b);
	try_namespaced(a, b);
	text[a.length] = '\0';
	try_pair(text, a.length < size ? text + a.length + 1 : NULL);
	free(text);
	return 0;
}
