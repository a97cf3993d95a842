// SPDX-License-Identifier: GPL-2.0-only
#include "migwarden/version.h"

int mw_abi(void)
{
	return MW_ABI;
}

const char *mw_version(void)
{
	return MW_VERSION;
}
