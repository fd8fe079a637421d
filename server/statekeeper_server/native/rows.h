/* Keys of the table entries, and the calls into a transaction of the engine. */
#ifndef STATEKEEPER_ROWS_H
#define STATEKEEPER_ROWS_H

#include "request.h"

/* An entry's prefix is its uid, its document, the length of its name less one, and its name;
 * behind it stands a version's revision. */
enum { UID_BYTES = 8, PREFIX_HEAD_BYTES = 10, REVISION_BYTES = 8 };
enum { PREFIX_BYTES_MAX = PREFIX_HEAD_BYTES + NAME_BYTES_MAX };

static inline void store_big(uint8_t *at, uint64_t value) {
    for (unsigned n = 0; n < 8; n++)
        at[n] = (uint8_t)(value >> (56 - 8 * n));
}

static inline uint64_t load_big(const uint8_t *at) {
    uint64_t value = 0;
    for (unsigned n = 0; n < 8; n++)
        value = value << 8 | at[n];
    return value;
}

/* Writes a prefix and gives its size. */
static inline size_t store_prefix(uint8_t *at, uint64_t uid, uint32_t document, Slice name) {
    store_big(at, uid);
    at[UID_BYTES] = (uint8_t)document;
    at[UID_BYTES + 1] = (uint8_t)(name.size - 1);
    memcpy(at + PREFIX_HEAD_BYTES, name.at, name.size);
    return PREFIX_HEAD_BYTES + name.size;
}

/* A row of a table: two bytes objects; both NULL where there is none. */
typedef struct {
    PyObject *key;
    PyObject *value;
} Row;

static inline void drop_row(Row *row) {
    Py_CLEAR(row->key);
    Py_CLEAR(row->value);
}

/* The row that a call gave, of which the reference is taken; -1: an exception. */
int take_row(PyObject *found, Row *row);

/* The row that a cursor's seek_before finds before a key; -1: an exception. */
int seek_before(PyObject *seek, Slice key, Row *row);

/* The row of the greatest key that is this start and a revision, which a transaction's `newest`
 * gives; -1: an exception. */
int newest_row(PyObject *newest, PyObject *table, Slice start, Row *row);

#endif
