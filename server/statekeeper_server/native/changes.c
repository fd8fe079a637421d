#include "changes.h"

#include <stdbool.h>
#include <structmember.h>

typedef struct {
    PyObject_HEAD
    PyObject *put;       /* LMDB's */
    PyObject *remove;    /* LMDB's */
    PyObject *databases; /* LMDB's, in the order of the tables */
    PyObject *large;     /* a set of (table, key): what was put and takes several pages */
    Py_ssize_t large_bytes; /* beyond that a value does */
    PyObject *failed;    /* called with an exception of LMDB's: raises the engine's */
    PyObject *rows;
} Changes;

/* LMDB's exception becomes the engine's. */
static void fail(const Changes *changes) {
    PyObject *type, *error, *traceback;
    PyErr_Fetch(&type, &error, &traceback);
    PyErr_NormalizeException(&type, &error, &traceback);
    if (error != NULL) {
        PyObject *const outcome = PyObject_CallOneArg(changes->failed, error);
        if (outcome != NULL) {
            /* It is not for the engine to judge. */
            Py_DECREF(outcome);
            PyErr_Restore(type, error, traceback);
            return;
        }
    }
    Py_XDECREF(type);
    Py_XDECREF(error);
    Py_XDECREF(traceback);
}

/* The database of a table; borrowed. */
static PyObject *database_of(const Changes *changes, PyObject *table) {
    const Py_ssize_t number = PyLong_AsSsize_t(table);
    if (number == -1 && PyErr_Occurred())
        return NULL;
    if (number >= 0 && number < PyTuple_GET_SIZE(changes->databases))
        return PyTuple_GET_ITEM(changes->databases, number);
    PyErr_SetString(PyExc_ValueError, "there is no such table");
    return NULL;
}

static int list(const Changes *changes, PyObject *table, PyObject *key, PyObject *value) {
    PyObject *const row = PyTuple_Pack(3, table, key, value);
    if (row == NULL)
        return -1;
    const int outcome = PyList_Append(changes->rows, row);
    Py_DECREF(row);
    return outcome;
}

static int finish(const Changes *changes, PyObject *outcome) {
    if (outcome == NULL) {
        fail(changes);
        return -1;
    }
    Py_DECREF(outcome);
    return 0;
}

static int remove_row(const Changes *changes, PyObject *key, PyObject *database) {
    PyObject *const any = PyBytes_FromStringAndSize(NULL, 0);
    if (any == NULL)
        return -1;
    PyObject *const arguments[] = {key, any, database};
    const int outcome = finish(changes, PyObject_Vectorcall(changes->remove, arguments, 3, NULL));
    Py_DECREF(any);
    return outcome;
}

/* Remove what takes several pages before something else is put in its place; -1: an exception. */
static int make_way(const Changes *changes, PyObject *table, PyObject *key, PyObject *value,
                    PyObject *database) {
    const bool is_large = PyBytes_GET_SIZE(value) > changes->large_bytes;
    if (!is_large && PySet_GET_SIZE(changes->large) == 0)
        return 0;
    PyObject *const place = PyTuple_Pack(2, table, key);
    if (place == NULL)
        return -1;
    int outcome = PySet_Contains(changes->large, place);
    if (outcome > 0)
        outcome = remove_row(changes, key, database);
    if (outcome == 0 && is_large)
        outcome = PySet_Add(changes->large, place);
    Py_DECREF(place);
    return outcome;
}

static PyObject *changes_put(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    const Changes *const changes = (const Changes *)self;
    if (count != 3) {
        PyErr_SetString(PyExc_TypeError, "put takes a table, a key and a value");
        return NULL;
    }
    if (!PyBytes_Check(args[2])) {
        PyErr_SetString(PyExc_TypeError, "a value is bytes");
        return NULL;
    }
    PyObject *const database = database_of(changes, args[0]);
    if (database == NULL || list(changes, args[0], args[1], args[2]) < 0 ||
        make_way(changes, args[0], args[1], args[2], database) < 0)
        return NULL;
    /* dupdata, overwrite, append: by position, as that is LMDB's quick way. */
    PyObject *const arguments[] = {args[1], args[2], Py_True, Py_True, Py_False, database};
    if (finish(changes, PyObject_Vectorcall(changes->put, arguments, 6, NULL)) < 0)
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *changes_delete(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    const Changes *const changes = (const Changes *)self;
    if (count != 2) {
        PyErr_SetString(PyExc_TypeError, "delete takes a table and a key");
        return NULL;
    }
    PyObject *const database = database_of(changes, args[0]);
    if (database == NULL || list(changes, args[0], args[1], Py_None) < 0)
        return NULL;
    if (remove_row(changes, args[1], database) < 0)
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *changes_new(PyTypeObject *type, PyObject *args, PyObject *names) {
    PyObject *put, *delete, *databases, *large, *failed;
    Py_ssize_t large_bytes;
    static char *no_names[] = {"", "", "", "", "", "", NULL};
    if (!PyArg_ParseTupleAndKeywords(args, names, "OOO!O!nO", no_names, &put, &delete, &PyTuple_Type,
                                     &databases, &PySet_Type, &large, &large_bytes, &failed))
        return NULL;
    Changes *const changes = (Changes *)type->tp_alloc(type, 0);
    if (changes == NULL)
        return NULL;
    changes->put = Py_NewRef(put);
    changes->remove = Py_NewRef(delete);
    changes->databases = Py_NewRef(databases);
    changes->large = Py_NewRef(large);
    changes->large_bytes = large_bytes;
    changes->failed = Py_NewRef(failed);
    changes->rows = PyList_New(0);
    if (changes->rows != NULL)
        return (PyObject *)changes;
    Py_DECREF(changes);
    return NULL;
}

static int changes_traverse(PyObject *self, visitproc visit, void *arg) {
    const Changes *const changes = (const Changes *)self;
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(changes->put);
    Py_VISIT(changes->remove);
    Py_VISIT(changes->databases);
    Py_VISIT(changes->large);
    Py_VISIT(changes->failed);
    Py_VISIT(changes->rows);
    return 0;
}

static int changes_clear(PyObject *self) {
    Changes *const changes = (Changes *)self;
    Py_CLEAR(changes->put);
    Py_CLEAR(changes->remove);
    Py_CLEAR(changes->databases);
    Py_CLEAR(changes->large);
    Py_CLEAR(changes->failed);
    Py_CLEAR(changes->rows);
    return 0;
}

static void changes_dealloc(PyObject *self) {
    PyTypeObject *const type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    changes_clear(self);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyMemberDef changes_members[] = {
    {"rows", T_OBJECT, offsetof(Changes, rows), READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

#define FAST(function) ((PyCFunction)(void (*)(void))(function))

static PyMethodDef changes_methods[] = {
    {"put", FAST(changes_put), METH_FASTCALL, "Set a key."},
    {"delete", FAST(changes_delete), METH_FASTCALL, "Remove a key, if it is there."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot changes_slots[] = {
    {Py_tp_doc, "The rows that a transaction changes."},
    {Py_tp_new, changes_new},
    {Py_tp_dealloc, changes_dealloc},
    {Py_tp_traverse, changes_traverse},
    {Py_tp_clear, changes_clear},
    {Py_tp_members, changes_members},
    {Py_tp_methods, changes_methods},
    {0, NULL},
};

PyType_Spec changes_spec = {
    .name = "statekeeper_server._native.Changes",
    .basicsize = sizeof(Changes),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = changes_slots,
};
