#include "rows.h"

int seek_before(PyObject *seek, Slice key, Row *row) {
    *row = (Row){NULL, NULL};
    PyObject *const wanted = bytes_of_slice(key);
    if (wanted == NULL)
        return -1;
    PyObject *const found = PyObject_CallOneArg(seek, wanted);
    Py_DECREF(wanted);
    if (found == NULL)
        return -1;
    if (found == Py_None) {
        Py_DECREF(found);
        return 0;
    }
    if (!PyTuple_Check(found) || PyTuple_GET_SIZE(found) != 2 ||
        !PyBytes_Check(PyTuple_GET_ITEM(found, 0)) || !PyBytes_Check(PyTuple_GET_ITEM(found, 1))) {
        Py_DECREF(found);
        PyErr_SetString(PyExc_TypeError, "a cursor gives a key and a value, or None");
        return -1;
    }
    row->key = Py_NewRef(PyTuple_GET_ITEM(found, 0));
    row->value = Py_NewRef(PyTuple_GET_ITEM(found, 1));
    Py_DECREF(found);
    return 0;
}
