#include "journal.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Before the key and the value of a row: table, bytes of the key, bytes of the value. */
enum { ROW_HEAD_BYTES = 1 + 2 + 4 };
static const uint32_t GONE = UINT32_MAX;

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
