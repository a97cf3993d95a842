// SPDX-License-Identifier: GPL-2.0-only
/* The assembler takes the files in; the Makefile says that this object depends on them. */
#include "daemon/assets.h"

#define TAKE_IN(name, file)                                                              \
	__asm__(".pushsection .rodata\n" #name "_begin: .incbin \"user/daemon/web/" file \
		"\"\n" #name "_end: .byte 0\n.popsection\n");                            \
	extern const char name##_begin[] __attribute__((visibility("hidden")));          \
	extern const char name##_end[] __attribute__((visibility("hidden")))

TAKE_IN(asset_style, "page.css");
TAKE_IN(asset_script, "page.js");
TAKE_IN(asset_icon, "icon.svg");

const struct asset assets[ASSET_COUNT_] = {
	[ASSET_STYLE] = {asset_style_begin, asset_style_end, "text/css; charset=utf-8"},
	[ASSET_SCRIPT] = {asset_script_begin, asset_script_end, "text/javascript; charset=utf-8"},
	[ASSET_ICON] = {asset_icon_begin, asset_icon_end, "image/svg+xml"},
};
