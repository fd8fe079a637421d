/* Save and Update of a plain request, from the rows that are there to those that will be. */
#ifndef STATEKEEPER_WRITE_H
#define STATEKEEPER_WRITE_H

#include "rows.h"

/* What a write works on: methods of the shard's write transaction, and what holds for it. */
typedef struct {
    PyObject *head;   /* the execution's row of the table heads, or None */
    PyObject *seek;   /* seek_before of a cursor of the table entries */
    PyObject *put;    /* put(table, key, value) */
    PyObject *prune;  /* Writer.prune_plain */
    PyObject *heads;  /* these tables */
    PyObject *entries;
    PyObject *log;
    int64_t log_time_us; /* of the newest event in it */
    int64_t revision; /* the next position of the log */
    int64_t now_us;
    uint64_t entries_max;
    uint64_t value_bytes_warn;
    uint32_t prune_every; /* at so many versions of an entry old ones are looked for */
    int64_t ttl_default_us;
} Place;

/* Write it down.
 *
 * A tuple of its response and its Event, serialised, the time of that, the execution's uid, when the execution is to be looked at (0: as it was), its status before (0: there was
 * none) and after, and how many versions of entries were written. A new None, and nothing
 * written, where the general way has to be taken. NULL: an exception.
 */
PyObject *write_plain(const Write *write, const Place *place);

#endif
