#include "changes.h"

#include <stdbool.h>
#include <structmember.h>

#include "fast.h"
#include "versions.h"

/* Many keys end in a revision; what is before it tells where in its table a row is, about. */
enum { REVISION_BYTES = 8 };

typedef struct {
    PyObject_HEAD
    PyObject *number;   /* of the commit */
    PyObject *versions; /* of each table a dict: key to version */
    PyObject *keys;     /* of each table a list */
    PyObject *places;   /* a dict: (table, start of keys) to the greatest of them */
    PyObject *rows;
    Py_ssize_t size_bytes;
} Changes;

static int list_row(const Changes *changes, PyObject *table, PyObject *key, PyObject *value) {
    PyObject *const row = PyTuple_Pack(3, table, key, value);
    if (row == NULL)
        return -1;
    PyObject_GC_UnTrack(row);
    const int outcome = PyList_Append(changes->rows, row);
    Py_DECREF(row);
    return outcome;
}

/* Note a key that had no version. */
static int add_key(const Changes *changes, PyObject *table, PyObject *key, PyObject *keys) {
    if (PyList_Append(keys, key) < 0)
        return -1;
    const Py_ssize_t size = PyBytes_GET_SIZE(key);
    PyObject *const start = PyBytes_FromStringAndSize(
        PyBytes_AS_STRING(key), size > REVISION_BYTES ? size - REVISION_BYTES : 0);
    if (start == NULL)
        return -1;
    PyObject *const place = PyTuple_Pack(2, table, start);
    Py_DECREF(start);
    if (place == NULL)
        return -1;
    PyObject *const greatest = PyDict_GetItemWithError(changes->places, place);
    int outcome = PyErr_Occurred() ? -1 : 0;
    if (outcome == 0 && (greatest == NULL || compare_keys(key, greatest) > 0))
        outcome = PyDict_SetItem(changes->places, place, key);
    Py_DECREF(place);
    return outcome;
}

static int add_version(const Changes *changes, PyObject *table, PyObject *key, PyObject *value,
                       Py_ssize_t number) {
    PyObject *const versions = PyTuple_GET_ITEM(changes->versions, number);
    PyObject *const before = PyDict_GetItemWithError(versions, key);
    if (before == NULL && PyErr_Occurred())
        return -1;
    PyObject *const version = PyTuple_Pack(3, changes->number, value, before == NULL ? Py_None : before);
    if (version == NULL)
        return -1;
    /* Of numbers, bytes and older versions: no cycle comes of these, and there are many. */
    PyObject_GC_UnTrack(version);
    const bool is_new = before == NULL;
    const int outcome = PyDict_SetItem(versions, key, version);
    Py_DECREF(version);
    if (outcome < 0 || !is_new)
        return outcome;
    return add_key(changes, table, key, PyTuple_GET_ITEM(changes->keys, number));
}

static int add_row(Changes *changes, PyObject *table, PyObject *key, PyObject *value) {
    const Py_ssize_t number = PyLong_AsSsize_t(table);
    if (number == -1 && PyErr_Occurred())
        return -1;
    if (number < 0 || number >= PyTuple_GET_SIZE(changes->versions) ||
        number >= PyTuple_GET_SIZE(changes->keys)) {
        PyErr_SetString(PyExc_ValueError, "there is no such table");
        return -1;
    }
    if (!PyBytes_Check(key) || (value != Py_None && !PyBytes_Check(value))) {
        PyErr_SetString(PyExc_TypeError, "keys and values are bytes");
        return -1;
    }
    if (list_row(changes, table, key, value) < 0 || add_version(changes, table, key, value, number) < 0)
        return -1;
    changes->size_bytes += PyBytes_GET_SIZE(key) + (value == Py_None ? 0 : PyBytes_GET_SIZE(value));
    return 0;
}

static PyObject *changes_put(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    if (count != 3 || args[2] == Py_None) {
        PyErr_SetString(PyExc_TypeError, "put takes a table, a key and a value");
        return NULL;
    }
    if (add_row((Changes *)self, args[0], args[1], args[2]) < 0)
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *changes_delete(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    if (count != 2) {
        PyErr_SetString(PyExc_TypeError, "delete takes a table and a key");
        return NULL;
    }
    if (add_row((Changes *)self, args[0], args[1], Py_None) < 0)
        return NULL;
    Py_RETURN_NONE;
}

static bool check_all(PyObject *object, PyTypeObject *type) {
    const bool all = is_tuple_of(object, type);
    if (!all)
        PyErr_Format(PyExc_TypeError, "a tuple of %.100s is wanted", type->tp_name);
    return all;
}

static PyObject *changes_new(PyTypeObject *type, PyObject *args, PyObject *names) {
    PyObject *number, *versions, *keys, *places;
    static char *no_names[] = {"", "", "", "", NULL};
    if (!PyArg_ParseTupleAndKeywords(args, names, "O!OOO!", no_names, &PyLong_Type, &number, &versions,
                                     &keys, &PyDict_Type, &places) ||
        !check_all(versions, &PyDict_Type) || !check_all(keys, &PyList_Type))
        return NULL;
    Changes *const changes = (Changes *)type->tp_alloc(type, 0);
    if (changes == NULL)
        return NULL;
    changes->number = Py_NewRef(number);
    changes->versions = Py_NewRef(versions);
    changes->keys = Py_NewRef(keys);
    changes->places = Py_NewRef(places);
    changes->rows = PyList_New(0);
    if (changes->rows != NULL)
        return (PyObject *)changes;
    Py_DECREF(changes);
    return NULL;
}

static int changes_traverse(PyObject *self, visitproc visit, void *arg) {
    const Changes *const changes = (const Changes *)self;
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(changes->versions);
    Py_VISIT(changes->keys);
    Py_VISIT(changes->places);
    Py_VISIT(changes->rows);
    return 0;
}

static int changes_clear(PyObject *self) {
    Changes *const changes = (Changes *)self;
    Py_CLEAR(changes->number);
    Py_CLEAR(changes->versions);
    Py_CLEAR(changes->keys);
    Py_CLEAR(changes->places);
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
    {"size_bytes", T_PYSSIZET, offsetof(Changes, size_bytes), READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyMethodDef changes_methods[] = {
    {"put", FAST(changes_put), METH_FASTCALL, "Set a key."},
    {"delete", FAST(changes_delete), METH_FASTCALL, "Remove a key, if it is there."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot changes_slots[] = {
    {Py_tp_doc, "What a transaction changes."},
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
