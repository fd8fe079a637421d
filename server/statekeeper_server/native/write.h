/* Save and Update of a plain request, from the rows that are there to those that will be. */
#ifndef STATEKEEPER_WRITE_H
#define STATEKEEPER_WRITE_H

#include "prune.h"

/* What the writes of a batch work on: methods of its transaction, and what holds for it. */
typedef struct {
    PyObject *get;    /* get(table, key) */
    PyObject *newest; /* newest(table, start of keys) */
    PyObject *put;    /* put(table, key, value) */
    PyObject *prune;  /* _prune_plain of store/writer.py, for what is special */
    PyObject *heads;  /* these tables */
    PyObject *entries;
    PyObject *log;
    PyObject *requests;
    PyObject *generations; /* a tuple: what the keys of requests begin with, those of now first */
    History history;
    uint64_t entries_max;
    uint64_t value_bytes_warn; /* beyond that there is a warning, with its bytes between these */
    PyObject *warning_start;
    PyObject *warning_end;
    uint64_t value_bytes_max;
    uint32_t prune_every; /* at so many versions of an entry old ones are looked for */
    int64_t ttl_default_us;
} Batch;

/* Where a write comes. */
typedef struct {
    const Batch *batch;
    PyObject *head;      /* the execution's row of the table heads, or None */
    int64_t revision;    /* the next position of the log */
    int64_t log_time_us; /* of the newest event in it */
    int64_t now_us;
} Place;

/* What came of a write. */
typedef struct {
    Buffer response; /* serialised; begun and ended by the caller */
    PyObject *event; /* serialised, new */
    int64_t event_time_us;
    int versions;    /* of entries, that were written */
    PyObject *moved; /* new: None, or its uid, when the execution is to be looked at (0: as it
                        was), its status before (0: there was none) and after */
} Written;

/* Write it down: 1. 0, and nothing is written, where that takes the general way; -1: an exception.
 *
 * Where it has a request_id it must not have been done before, and is remembered.
 */
int write_plain(const Write *write, const Place *place, Written *written);

extern PyType_Spec writer_spec;

#endif
