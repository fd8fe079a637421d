#include "rows.h"

int take_row(PyObject *found, Row *row) {
    *row = (Row){NULL, NULL};
    if (found == NULL)
        return -1;
    if (found == Py_None) {
        Py_DECREF(found);
        return 0;
    }
    if (!PyTuple_Check(found) || PyTuple_GET_SIZE(found) != 2 ||
        !PyBytes_Check(PyTuple_GET_ITEM(found, 0)) || !PyBytes_Check(PyTuple_GET_ITEM(found, 1))) {
        Py_DECREF(found);
        PyErr_SetString(PyExc_TypeError, "a row is a key and a value, or None");
        return -1;
    }
    row->key = Py_NewRef(PyTuple_GET_ITEM(found, 0));
    row->value = Py_NewRef(PyTuple_GET_ITEM(found, 1));
    Py_DECREF(found);
    return 0;
}

int seek_before(PyObject *seek, Slice key, Row *row) {
    PyObject *const wanted = bytes_of_slice(key);
    PyObject *const found = wanted == NULL ? NULL : PyObject_CallOneArg(seek, wanted);
    Py_XDECREF(wanted);
    return take_row(found, row);
}

int newest_row(PyObject *newest, PyObject *table, Slice start, Row *row) {
    PyObject *const wanted = bytes_of_slice(start);
    PyObject *const arguments[] = {table, wanted};
    PyObject *const found = wanted == NULL ? NULL : PyObject_Vectorcall(newest, arguments, 2, NULL);
    Py_XDECREF(wanted);
    return take_row(found, row);
}
