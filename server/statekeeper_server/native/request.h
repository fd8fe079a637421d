/* Plain requests: those that need nothing but their own bytes to be checked. */
#ifndef STATEKEEPER_REQUEST_H
#define STATEKEEPER_REQUEST_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "state.h"

enum { NAME_BYTES_MAX = 256 };

/* A value of a state. */
typedef struct {
    uint32_t document;
    Slice name;
    Slice value; /* a serialised Value */
    uint64_t value_bytes;
} Value;

/* A SaveRequest or UpdateRequest, checked; its slices are in `raw`. */
typedef struct {
    PyObject_HEAD
    PyObject *raw;
    PyObject *check; /* what the general way checks `raw` by */
    PyObject *namespace_name;
    PyObject *execution_id;
    PyObject *row;
    PyObject *request_id;
    PyObject *canonical;
    Py_ssize_t stored_bytes;
    /* In a message of many: of its result, 0: none; how long it may take, -1: for ever. */
    unsigned long long tag;
    long long timeout_us;
    bool is_update;
    bool expects;
    int64_t expected_revision;
    Slice namespace_text;
    Slice id_text;
    Slice actor;
    State state;
    Value *values; /* by document and name */
    size_t values_count;
} Write;

extern PyType_Spec write_spec;

/* What a state may hold. */
typedef struct {
    uint64_t entries_max;
    uint64_t value_bytes_max;
} Limits;

/* A Write of that type, a new None where the request is not a plain one, or NULL with an exception. */
PyObject *read_write(PyTypeObject *type, PyObject *check, PyObject *raw, bool is_update, Limits limits);

/* (namespace, execution_id, row) of a LoadRequest that asks for all of the present; else None. */
PyObject *read_load(PyObject *raw);

/* The operations of a BatchRequest, each as (field number of its kind, tag, its message, its
 * timeout in microseconds or -1).
 *
 * None where one of them has anything else, and where there are more of them than so many.
 */
PyObject *read_batch(PyObject *raw, uint64_t operations_max);

/* How the writes of a message are read. */
typedef struct {
    PyTypeObject *type; /* what they are made */
    PyObject *check_save;
    PyObject *check_update;
    Limits limits;
    uint64_t bytes_max; /* of one of them */
} WriteKinds;

/* The operations of a BatchRequest as Writes, with their tags and timeouts.
 *
 * None where one is anything but a plain write, and where there are none, or more than so many.
 */
PyObject *read_writes(PyObject *raw, uint64_t operations_max, const WriteKinds *kinds);

static inline Slice slice_of_bytes(PyObject *bytes) {
    return (Slice){(const uint8_t *)PyBytes_AS_STRING(bytes), (size_t)PyBytes_GET_SIZE(bytes)};
}

static inline PyObject *bytes_of_slice(Slice slice) {
    return PyBytes_FromStringAndSize((const char *)slice.at, (Py_ssize_t)slice.size);
}

#endif
