/* SPDX-License-Identifier: GPL-2.0-only */
/* libmigwarden: which version of it this is. */
#ifndef MIGWARDEN_VERSION_H
#define MIGWARDEN_VERSION_H

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The binary interface, the number behind libmigwarden.so. Within one, functions and the constants
 * of reason.h are added and never change.
 */
#define MW_ABI 0

/* mw_abi - MW_ABI of the library at run time. */
int mw_abi(void);

/* mw_version - the release at run time, "MAJOR.MINOR.BUGFIX". Static. */
const char *mw_version(void);

#ifdef __cplusplus
}
#endif

#endif
