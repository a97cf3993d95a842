// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "sinks/journal.h"
#include "sinks/release.h"

#define CATALOG "contrib/systemd/migwarden.catalog"

static unsigned int entries_of(const char *id)
{
	AUTO_FILE FILE *file = fopen(CATALOG, "r");
	unsigned int found = 0;
	char line[512];

	cr_assert_not_null(file);
	while (fgets(line, sizeof(line), file))
		found += strncmp(line, "-- ", 3) == 0 && strncmp(line + 3, id, strlen(id)) == 0;
	return found;
}

Test(journal, each_kind_that_is_told_has_its_own_entry_in_the_catalog)
{
	unsigned int told = 0;

	for (size_t i = 0; audit_kinds[i]; i++) {
		const char *id = journal_message_id(audit_kinds[i]);

		if (!id)
			continue;
		cr_assert_eq(strspn(id, "0123456789abcdef"), 32, "%s", audit_kinds[i]);
		cr_assert_eq(strlen(id), 32);
		cr_assert_eq(entries_of(id), 1, "%s", audit_kinds[i]);
		told++;
	}
	cr_assert_eq(entries_of(RELEASE_MESSAGE_ID), 1);
	cr_assert_eq(entries_of(""), told + 1);
}

Test(journal, what_is_of_the_audit_alone_is_not_told)
{
	cr_assert_null(journal_message_id(AUDIT_BEGIN));
	cr_assert_null(journal_message_id(AUDIT_RETENTION));
	cr_assert_null(journal_message_id("nonsense"));
}
