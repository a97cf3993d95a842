// SPDX-License-Identifier: GPL-2.0-only
#include "daemon/boots.h"

#include <stdio.h>
#include <string.h>

static struct boot *find(struct boots *boots, const char *key)
{
	for (size_t i = 0; i < boots->count; i++)
		if (strcmp(boots->list[i].key, key) == 0)
			return &boots->list[i];
	return NULL;
}

const struct boot *boots_find(const struct boots *boots, const char *key)
{
	return find((struct boots *)boots, key);
}

void boots_learn(struct boots *boots, const struct stamp *stamp)
{
	struct boot *boot = find(boots, stamp->key);

	if (strlen(stamp->key) >= sizeof(boot->key) || strlen(stamp->boot_id) >= sizeof(boot->id))
		return;
	if (!boot && boots->count < BOOTS_MAX)
		boot = &boots->list[boots->count++];
	if (!boot || (*boot->key && stamp->time_s < boot->time_s))
		return;
	snprintf(boot->key, sizeof(boot->key), "%s", stamp->key);
	snprintf(boot->id, sizeof(boot->id), "%s", stamp->boot_id);
	boot->time_s = stamp->time_s;
}
