// SPDX-License-Identifier: GPL-2.0-only
#include "core/names.h"

#include <stddef.h>
#include <string.h>

#include "base/cleanup.h"
#include "migwarden/wire.h"

const char *ioctl_name(uint32_t cmd)
{
	static const char *const names[] = {
		"GET_INFO",
		"GET_REGION_INFO",
		"GET_IRQ_INFO",
		"SET_IRQS",
		"RESET",
		"GET_PCI_HOT_RESET_INFO",
		"PCI_HOT_RESET",
		"QUERY_GFX_PLANE",
		"GET_GFX_DMABUF",
		"IOEVENTFD",
		"FEATURE",
		"BIND_IOMMUFD",
		"ATTACH_IOMMUFD_PT",
		"DETACH_IOMMUFD_PT",
	};
	uint32_t index = cmd - MW_VFIO_DEVICE_GET_INFO;

	return index < ARRAY_SIZE(names) ? names[index] : NULL;
}

const char *feature_name(uint32_t index)
{
	static const char *const names[] = {
		"PCI_VF_TOKEN",
		"MIGRATION",
		"MIG_DEVICE_STATE",
		"LOW_POWER_ENTRY",
		"LOW_POWER_ENTRY_WITH_WAKEUP",
		"LOW_POWER_EXIT",
		"DMA_LOGGING_START",
		"DMA_LOGGING_STOP",
		"DMA_LOGGING_REPORT",
		"MIG_DATA_SIZE",
		"BUS_MASTER",
		"DMA_BUF",
		"MIG_PRECOPY_INFOv2",
		"ZPCI_ERROR",
	};

	return index < ARRAY_SIZE(names) ? names[index] : NULL;
}

const char *feature_op_name(uint32_t flags)
{
	uint32_t op = flags & (MW_FEATURE_GET | MW_FEATURE_SET);

	if (flags & MW_FEATURE_PROBE) {
		if (op == MW_FEATURE_GET)
			return "PROBE GET";
		return op == MW_FEATURE_SET ? "PROBE SET" : "PROBE";
	}
	if (op == MW_FEATURE_GET)
		return "GET";
	if (op == MW_FEATURE_SET)
		return "SET";
	return op ? "GET SET" : "";
}

static const char *const kind_names[] = {
	[MW_EVENT_IOCTL] = "ioctl",         [MW_EVENT_ARC] = "arc",
	[MW_EVENT_CLOSE] = "close",         [MW_EVENT_ATTRIBUTE] = "attribute",
	[MW_EVENT_MDEV] = "mdev",           [MW_EVENT_GATE] = "gate",
	[MW_EVENT_MODULE] = "module",       [MW_EVENT_SHIELD] = "shield",
	[MW_EVENT_DATA_FILE] = "data-file", [MW_EVENT_PRECOPY] = "precopy",
	[MW_EVENT_FLOW] = "flow",
};

const char *event_kind_name(uint32_t kind)
{
	return kind < ARRAY_SIZE(kind_names) && kind_names[kind] ? kind_names[kind] : "unknown";
}

uint32_t event_kind_from_name(const char *name)
{
	for (uint32_t kind = 1; kind < ARRAY_SIZE(kind_names); kind++)
		if (strcmp(kind_names[kind], name) == 0)
			return kind;
	return 0;
}

const char *gate_answer_name(uint32_t answer)
{
	switch ((enum mw_gate_answer)answer) {
	case MW_GATE_PASSED:
		return "passed";
	case MW_GATE_REFUSED:
		return "refused";
	case MW_GATE_AUDITED:
		return "audited";
	}
	return "unknown";
}

const char *gate_basis_name(uint32_t basis)
{
	switch ((enum mw_gate_basis)basis) {
	case MW_BASIS_DEFAULT:
		return "default";
	case MW_BASIS_ADMISSION:
		return "admission";
	}
	return "unknown";
}

const char *direction_label(uint32_t direction)
{
	switch ((enum mw_direction)direction) {
	case MW_INCOMING:
		return "incoming";
	case MW_OUTGOING:
		return "outgoing";
	}
	return "unknown";
}

const char *shield_piece_name(uint32_t piece)
{
	switch ((enum mw_shield_piece)piece) {
	case MW_SHIELD_MAP:
		return "map";
	case MW_SHIELD_PROGRAM:
		return "program";
	case MW_SHIELD_PIN:
		return "pin";
	case MW_SHIELD_MOUNT:
		return "mount";
	case MW_SHIELD_DAEMON:
		return "daemon";
	}
	return "unknown";
}
