// SPDX-License-Identifier: GPL-2.0-only
#include "cli/describe_schema.h"

#include "core/descriptor.h"

#define FACT(name, text) "    \"" name "\": {\"$ref\": \"#/$defs/fact\", \"description\": \"" text "\"},\n"

const char describe_schema[] =
	"{\n"
	"  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n"
	"  \"$id\": \"" DESCRIPTOR_SCHEMA "\",\n"
	"  \"title\": \"What is known of one VFIO device\",\n"
	"  \"description\": \"null and absent mean the same: not known. {\\\"unreadable\\\": "
	"\\\"EIO\\\"} means that reading failed.\",\n"
	"  \"type\": \"object\",\n"
	"  \"additionalProperties\": false,\n"
	"  \"required\": [\"schema\"],\n"
	"  \"properties\": {\n"
	"    \"schema\": {\"const\": \"" DESCRIPTOR_SCHEMA "\"},\n"
	FACT("host", "name of the host")
	FACT("boot_id", "boot of the host during which this was collected")
	FACT("collected_at", "RFC 3339, UTC")
	FACT("device", "UUID of an mdev, PCI address, ...")
	FACT("device_api", "vfio-pci, vfio-platform, vfio-amba, vfio-ccw, vfio-ap, vfio-fsl-mc or vfio-cdx")
	"    \"vendor\": {\"$ref\": \"#/$defs/id\", \"description\": \"PCI vendor; the parent's for an mdev\"},\n"
	"    \"device_id\": {\"$ref\": \"#/$defs/id\", \"description\": \"PCI device; the parent's for an mdev\"},\n"
	FACT("driver", "bound driver; for an mdev the parent's, as it prefixes the type")
	FACT("driver_version", "version of the driver's module")
	FACT("firmware_version", "firmware of the device or its physical function")
	FACT("mdev_type", "full type, DRIVER-TYPE; null when the device is no mdev")
	"    \"offered_types\": {\n"
	"      \"description\": \"mdev types that the parent offers\",\n"
	"      \"type\": [\"array\", \"null\"],\n"
	"      \"items\": {\n"
	"        \"type\": \"object\",\n"
	"        \"additionalProperties\": false,\n"
	"        \"required\": [\"type\"],\n"
	"        \"properties\": {\n"
	"          \"type\": {\"type\": \"string\"},\n"
	"          \"available_instances\": {\"type\": [\"integer\", \"null\"], \"minimum\": 0}\n"
	"        }\n"
	"      }\n"
	"    },\n"
	"    \"migration\": {\n"
	"      \"description\": \"VFIO_DEVICE_FEATURE_MIGRATION\",\n"
	"      \"anyOf\": [\n"
	"        {\"type\": \"null\"},\n"
	"        {\"$ref\": \"#/$defs/unreadable\"},\n"
	"        {\n"
	"          \"type\": \"object\",\n"
	"          \"additionalProperties\": false,\n"
	"          \"properties\": {\n"
	"            \"protocol\": {\"enum\": [\"v2\", \"v1\", \"none\", null]},\n"
	"            \"capabilities\": {\n"
	"              \"type\": [\"array\", \"null\"],\n"
	"              \"uniqueItems\": true,\n"
	"              \"items\": {\"enum\": [\"stop-copy\", \"p2p\", \"pre-copy\"]}\n"
	"            },\n"
	"            \"stop_copy_bytes\": {\"type\": [\"integer\", \"null\"], \"minimum\": 0},\n"
	"            \"downtime_ns\": {\"type\": [\"integer\", \"null\"], \"minimum\": 0}\n"
	"          }\n"
	"        }\n"
	"      ]\n"
	"    },\n"
	FACT("version", "common part and vendor part, HEX:TEXT")
	FACT("interface_version", "MAJOR.MINOR[.BUGFIX], or what the vendor has instead")
	FACT("interface_version_compatible", "accepted versions, e.g. 2.0.2-2.0.4,2.1.0-")
	"    \"compatible_type\": {\n"
	"      \"description\": \"traits\",\n"
	"      \"type\": [\"array\", \"null\"],\n"
	"      \"items\": {\"type\": \"string\"}\n"
	"    },\n"
	FACT("template", "SELF and COMPATIBLE blocks, byte for byte")
	"    \"attributes\": {\n"
	"      \"description\": \"facts of the vendor, by name\",\n"
	"      \"type\": [\"object\", \"null\"],\n"
	"      \"additionalProperties\": {\"$ref\": \"#/$defs/fact\"}\n"
	"    }\n"
	"  },\n"
	"  \"$defs\": {\n"
	"    \"unreadable\": {\n"
	"      \"type\": \"object\",\n"
	"      \"additionalProperties\": false,\n"
	"      \"required\": [\"unreadable\"],\n"
	"      \"properties\": {\"unreadable\": {\"type\": \"string\", \"pattern\": \"^E[A-Z0-9]+$\"}}\n"
	"    },\n"
	"    \"fact\": {\"anyOf\": [{\"type\": [\"string\", \"null\"]}, {\"$ref\": \"#/$defs/unreadable\"}]},\n"
	"    \"id\": {\"anyOf\": [\n"
	"      {\"type\": \"string\", \"pattern\": \"^(0[xX])?[0-9a-fA-F]{1,8}$\"},\n"
	"      {\"type\": \"null\"},\n"
	"      {\"$ref\": \"#/$defs/unreadable\"}\n"
	"    ]}\n"
	"  }\n"
	"}\n";
