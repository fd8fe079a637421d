/* Dropping superseded versions of entries: what store/prune.py does where nothing is special. */
#ifndef STATEKEEPER_PRUNE_H
#define STATEKEEPER_PRUNE_H

#include "head.h"
#include "rows.h"

/* Where versions are dropped, and how much is kept of the past. */
typedef struct {
    PyObject *cursor; /* cursor(table) */
    PyObject *remove; /* delete(table, key) */
    PyObject *entries;
    int64_t versions_kept;
    int64_t window_us;
} History;

/* The version that is about to be written, and the execution's history floor. */
typedef struct {
    Slice prefix;
    Version *version;
    int64_t revision;
    int64_t time_us;
    int64_t *floor;
} Newest;

/* Drops the superseded versions of an entry that are no longer kept, notes in the newest one what
 * was looked at, and raises the floor.
 *
 * 0: that takes the general way, and nothing was changed; -1: an exception.
 */
int prune_versions(const History *history, const Newest *newest);

#endif
