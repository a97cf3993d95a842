/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The data of migrations (bpf/dataflow.bpf.c) in the running kernel: programs on each driver's own
 * functions for its data files. Drivers of the kernel tree are known by name and seen from their
 * first byte; another one is found when it makes its first data file, and seen from then on.
 *
 * While we are attached to a driver its module cannot be unloaded.
 */
#ifndef KERN_DATAFLOW_H
#define KERN_DATAFLOW_H

#include <stddef.h>

#include "kern/observe.h"
#include "migwarden/wire.h"

struct dataflow;

/*
 * dataflow_open - attaches to nothing yet. @observe follows the data (observe_load), its ring gets
 * the records, and it must outlive this. Gives 0 and *out, or -ENOMEM.
 */
int dataflow_open(const struct observe *observe, struct dataflow **out);

/* dataflow_close - detaches everything; NULL is fine. */
void dataflow_close(struct dataflow *dataflow);

/*
 * dataflow_attach - attaches to the drivers that are there, and later to those that have come
 * since; call it on each MODULE record. Gives 0, also without a driver, or the first -errno of what
 * could not be attached to (kernel_message): a driver does not hinder the others.
 */
int dataflow_attach(struct dataflow *dataflow);

/*
 * dataflow_discover - attaches to the functions of a data file that are not known yet; call it on
 * each DATA_FILE record. Gives 1 if there were any, 0 if not, or -errno: then these functions are
 * not tried again.
 */
int dataflow_discover(struct dataflow *dataflow, const struct mw_event_data_file *file);

/* dataflow_count, dataflow_function - what we are attached to: "mtty_save_read"; static order. */
size_t dataflow_count(const struct dataflow *dataflow);
const char *dataflow_function(const struct dataflow *dataflow, size_t index);

/*
 * dataflow_live - hands over the sums of every phase of every data file that is open now, as far as
 * they are; nothing is told twice as long as no file is closed meanwhile. @device is "" for a file
 * that is older than the watching. A look into the maps, of which the programs know nothing. Gives
 * 0, also when nothing is open, or -errno.
 */
typedef void (*dataflow_handler)(void *context, const char *device, const struct mw_flow *flow);
int dataflow_live(const struct dataflow *dataflow, dataflow_handler handler, void *context);

/* dataflow_stop - detaches every program; records already in the ring can still be consumed. */
void dataflow_stop(struct dataflow *dataflow);

#endif
