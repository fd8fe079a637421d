/* Functions that take their arguments as an array. */
#ifndef STATEKEEPER_FAST_H
#define STATEKEEPER_FAST_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdbool.h>
#include <stdint.h>

#define FAST(function) ((PyCFunction)(void (*)(void))(function))

/* False, with an exception, where it is no number of 64 bits. */
static inline bool to_number(PyObject *object, int64_t *number) {
    *number = PyLong_AsLongLong(object);
    return *number != -1 || !PyErr_Occurred();
}

#endif
