#include "versions.h"

#include <string.h>

PyObject *find_version(PyObject *versions, PyObject *key, long long commits) {
    PyObject *version = PyDict_GetItemWithError(versions, key);
    while (version != NULL && version != Py_None) {
        if (!PyTuple_Check(version) || PyTuple_GET_SIZE(version) != VERSION_PARTS) {
            PyErr_SetString(PyExc_TypeError, "a version is a number, a value and a version");
            return NULL;
        }
        const long long number = PyLong_AsLongLong(PyTuple_GET_ITEM(version, VERSION_NUMBER));
        if (number == -1 && PyErr_Occurred())
            return NULL;
        if (number <= commits)
            return version;
        version = PyTuple_GET_ITEM(version, VERSION_BEFORE);
    }
    return NULL;
}

PyObject *list_rows(PyObject *versions, PyObject *keys, long long commits) {
    PyObject *const rows = PyList_New(0);
    for (Py_ssize_t n = 0; rows != NULL && n < PyList_GET_SIZE(keys); n++) {
        PyObject *const key = PyList_GET_ITEM(keys, n);
        PyObject *const version = find_version(versions, key, commits);
        if (version == NULL && !PyErr_Occurred())
            continue;
        PyObject *const row =
            version == NULL ? NULL : PyTuple_Pack(2, key, PyTuple_GET_ITEM(version, VERSION_VALUE));
        const int outcome = row == NULL ? -1 : PyList_Append(rows, row);
        Py_XDECREF(row);
        if (outcome < 0) {
            Py_DECREF(rows);
            return NULL;
        }
    }
    return rows;
}

int compare_keys(PyObject *key, PyObject *other) {
    const Py_ssize_t size = PyBytes_GET_SIZE(key), other_size = PyBytes_GET_SIZE(other);
    const int order =
        memcmp(PyBytes_AS_STRING(key), PyBytes_AS_STRING(other), (size_t)Py_MIN(size, other_size));
    return order != 0 ? order : (size > other_size) - (size < other_size);
}

bool is_tuple_of(PyObject *object, PyTypeObject *type) {
    bool all = PyTuple_Check(object);
    for (Py_ssize_t n = 0; all && n < PyTuple_GET_SIZE(object); n++)
        all = Py_IS_TYPE(PyTuple_GET_ITEM(object, n), type);
    return all;
}
