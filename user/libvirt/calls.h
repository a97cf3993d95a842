/* SPDX-License-Identifier: GPL-2.0-only */
/* What is called of libvirt, which is loaded when the first of it is needed (base/library.h). */
#ifndef LIBVIRT_CALLS_H
#define LIBVIRT_CALLS_H

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include "base/library.h"

#define LIBVIRT_LIST(CALL)                      \
	CALL(virConnectClose)                   \
	CALL(virConnectDomainEventRegisterAny)  \
	CALL(virConnectIsAlive)                 \
	CALL(virConnectListAllDomains)          \
	CALL(virConnectOpen)                    \
	CALL(virConnectRegisterCloseCallback)   \
	CALL(virConnectSetKeepAlive)            \
	CALL(virConnectUnregisterCloseCallback) \
	CALL(virDomainFree)                     \
	CALL(virDomainGetName)                  \
	CALL(virDomainGetXMLDesc)               \
	CALL(virDomainIsActive)                 \
	CALL(virDomainIsPersistent)             \
	CALL(virDomainLookupByName)             \
	CALL(virDomainLookupByUUIDString)       \
	CALL(virDomainSetMetadata)              \
	CALL(virEventRegisterImpl)              \
	CALL(virGetLastErrorCode)               \
	CALL(virGetLastErrorMessage)            \
	CALL(virInitialize)                     \
	CALL(virSetErrorFunc)

extern LIBRARY_CALLS(libvirt_calls, LIBVIRT_LIST) libvirt;

/*
 * calls_load - finds libvirt. Before it has given 0 nothing of `libvirt` may be called. Gives
 * -ELIBACC where libvirt is not installed: calls_missing() says so.
 */
int calls_load(void);

/* calls_missing - why calls_load() failed, in words; "" when it did not. Static. */
const char *calls_missing(void);

#endif
