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
