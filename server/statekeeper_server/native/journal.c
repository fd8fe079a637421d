#include "journal.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Before the key and the value of a row: table, bytes of the key, bytes of the value. */
enum { ROW_HEAD_BYTES = 1 + 2 + 4 };
static const uint32_t GONE = UINT32_MAX;

/* Many keys end in a revision; what is before it tells where in its table a row is, about. */
enum { REVISION_BYTES = 8 };

typedef struct {
    uint8_t table;
    PyObject *key;
    PyObject *value; /* None: it is gone */
} Row;

static bool read_row(PyObject *item, Row *row) {
    if (!PyTuple_Check(item) || PyTuple_GET_SIZE(item) != 3) {
        PyErr_SetString(PyExc_TypeError, "a row is a table, a key and a value");
        return false;
    }
    const long table = PyLong_AsLong(PyTuple_GET_ITEM(item, 0));
    if (table == -1 && PyErr_Occurred())
        return false;
    row->key = PyTuple_GET_ITEM(item, 1);
    row->value = PyTuple_GET_ITEM(item, 2);
    if (!PyBytes_Check(row->key) || (row->value != Py_None && !PyBytes_Check(row->value))) {
        PyErr_SetString(PyExc_TypeError, "a key is bytes, a value bytes or None");
        return false;
    }
    if (table < 0 || table > UINT8_MAX || PyBytes_GET_SIZE(row->key) > UINT16_MAX ||
        (row->value != Py_None && PyBytes_GET_SIZE(row->value) >= (Py_ssize_t)GONE)) {
        PyErr_SetString(PyExc_ValueError, "a row is too large");
        return false;
    }
    row->table = (uint8_t)table;
    return true;
}

static size_t value_bytes(const Row *row) {
    return row->value == Py_None ? 0 : (size_t)PyBytes_GET_SIZE(row->value);
}

static uint8_t *store_little(uint8_t *at, uint32_t number, unsigned bytes) {
    for (unsigned n = 0; n < bytes; n++)
        *at++ = (uint8_t)(number >> (8 * n));
    return at;
}

static uint8_t *store_bytes(uint8_t *at, PyObject *bytes) {
    const size_t size = (size_t)PyBytes_GET_SIZE(bytes);
    memcpy(at, PyBytes_AS_STRING(bytes), size);
    return at + size;
}

PyObject *encode_rows(PyObject *rows) {
    const Py_ssize_t count = PyList_GET_SIZE(rows);
    size_t size = 0;
    Row row;
    for (Py_ssize_t n = 0; n < count; n++) {
        if (!read_row(PyList_GET_ITEM(rows, n), &row))
            return NULL;
        size += ROW_HEAD_BYTES + (size_t)PyBytes_GET_SIZE(row.key) + value_bytes(&row);
    }
    PyObject *const body = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)size);
    if (body == NULL)
        return NULL;
    uint8_t *at = (uint8_t *)PyBytes_AS_STRING(body);
    for (Py_ssize_t n = 0; n < count; n++) {
        /* It was read before, and nobody else has run since. */
        (void)read_row(PyList_GET_ITEM(rows, n), &row);
        const bool gone = row.value == Py_None;
        *at++ = row.table;
        at = store_little(at, (uint32_t)PyBytes_GET_SIZE(row.key), 2);
        at = store_little(at, gone ? GONE : (uint32_t)value_bytes(&row), 4);
        at = store_bytes(at, row.key);
        if (!gone)
            at = store_bytes(at, row.value);
    }
    return body;
}

/* Notes a key that the overlay did not have. */
static bool add_key(PyObject *table, PyObject *key, PyObject *keys, PyObject *places) {
    if (PyList_Append(keys, key) < 0)
        return false;
    const Py_ssize_t size = PyBytes_GET_SIZE(key);
    PyObject *const start = PyBytes_FromStringAndSize(
        PyBytes_AS_STRING(key), size > REVISION_BYTES ? size - REVISION_BYTES : 0);
    if (start == NULL)
        return false;
    PyObject *const place = PyTuple_Pack(2, table, start);
    Py_DECREF(start);
    if (place == NULL)
        return false;
    const int outcome = PySet_Add(places, place);
    Py_DECREF(place);
    return outcome == 0;
}

static bool add_row(PyObject *item, const Row *row, PyObject *commit, PyObject *versions, PyObject *keys,
                    PyObject *places) {
    PyObject *const table = PyTuple_GET_ITEM(versions, row->table);
    PyObject *const before = PyDict_GetItemWithError(table, row->key);
    if (before == NULL && PyErr_Occurred())
        return false;
    PyObject *const version = PyTuple_Pack(3, commit, row->value, before == NULL ? Py_None : before);
    if (version == NULL)
        return false;
    /* Of numbers, bytes and older versions: no cycle comes of these, and there are many. */
    PyObject_GC_UnTrack(version);
    const int outcome = PyDict_SetItem(table, row->key, version);
    Py_DECREF(version);
    if (outcome < 0)
        return false;
    return before != NULL ||
           add_key(PyTuple_GET_ITEM(item, 0), row->key, PyTuple_GET_ITEM(keys, row->table), places);
}

PyObject *add_rows(PyObject *rows, PyObject *commit, PyObject *versions, PyObject *keys, PyObject *places) {
    const Py_ssize_t count = PyList_GET_SIZE(rows), tables = PyTuple_GET_SIZE(versions);
    size_t size = 0;
    for (Py_ssize_t n = 0; n < count; n++) {
        PyObject *const item = PyList_GET_ITEM(rows, n);
        Row row;
        if (!read_row(item, &row))
            return NULL;
        if (row.table >= tables || row.table >= PyTuple_GET_SIZE(keys)) {
            PyErr_SetString(PyExc_ValueError, "there is no such table");
            return NULL;
        }
        if (!add_row(item, &row, commit, versions, keys, places))
            return NULL;
        size += (size_t)PyBytes_GET_SIZE(row.key) + value_bytes(&row);
    }
    return PyLong_FromSize_t(size);
}
