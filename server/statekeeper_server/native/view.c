#include "view.h"

#include <stdbool.h>

#include "fast.h"
#include "versions.h"

/* What a layer is given as. */
enum { LAYER_VERSIONS, LAYER_PLACES, LAYER_COMMITS, LAYER_PARTS };

typedef struct {
    PyObject_HEAD
    PyObject *layers; /* a tuple of them, the newest first */
    PyObject *get;    /* the snapshot's */
    PyObject *newest; /* called where the layers do not tell */
} View;

/* The version of a key that a layer shows, borrowed; NULL: there is none, or an exception. */
static PyObject *find(PyObject *versions, PyObject *key, PyObject *layer) {
    const long long commits = PyLong_AsLongLong(PyTuple_GET_ITEM(layer, LAYER_COMMITS));
    return commits == -1 && PyErr_Occurred() ? NULL : find_version(versions, key, commits);
}

/* The versions of a table of a layer; borrowed. */
static PyObject *versions_of(PyObject *layer, PyObject *table) {
    PyObject *const tables = PyTuple_GET_ITEM(layer, LAYER_VERSIONS);
    const Py_ssize_t number = PyLong_AsSsize_t(table);
    if (number == -1 && PyErr_Occurred())
        return NULL;
    if (number >= 0 && number < PyTuple_GET_SIZE(tables))
        return PyTuple_GET_ITEM(tables, number);
    PyErr_SetString(PyExc_ValueError, "there is no such table");
    return NULL;
}

static PyObject *view_get(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    const View *const view = (const View *)self;
    if (count != 2) {
        PyErr_SetString(PyExc_TypeError, "get takes a table and a key");
        return NULL;
    }
    for (Py_ssize_t n = 0; n < PyTuple_GET_SIZE(view->layers); n++) {
        PyObject *const layer = PyTuple_GET_ITEM(view->layers, n);
        PyObject *const versions = versions_of(layer, args[0]);
        PyObject *const version =
            versions == NULL ? NULL : find(versions, args[1], layer);
        if (version != NULL)
            return Py_NewRef(PyTuple_GET_ITEM(version, VERSION_VALUE));
        if (PyErr_Occurred())
            return NULL;
    }
    return PyObject_Vectorcall(view->get, args, (size_t)count, NULL);
}

/* The row of the greatest key of a place, where a layer has it; NULL without an exception: it
 * does not tell. */
static PyObject *newest_of(PyObject *layer, PyObject *table, PyObject *place) {
    PyObject *const key = PyDict_GetItemWithError(PyTuple_GET_ITEM(layer, LAYER_PLACES), place);
    PyObject *const versions = key == NULL ? NULL : versions_of(layer, table);
    PyObject *const version =
        versions == NULL ? NULL : find(versions, key, layer);
    PyObject *const value = version == NULL ? NULL : PyTuple_GET_ITEM(version, VERSION_VALUE);
    return value == NULL || value == Py_None ? NULL : PyTuple_Pack(2, key, value);
}

static PyObject *view_newest(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    const View *const view = (const View *)self;
    if (count != 2) {
        PyErr_SetString(PyExc_TypeError, "newest takes a table and the start of keys");
        return NULL;
    }
    PyObject *const place = PyTuple_Pack(2, args[0], args[1]);
    if (place == NULL)
        return NULL;
    for (Py_ssize_t n = 0; n < PyTuple_GET_SIZE(view->layers); n++) {
        PyObject *const layer = PyTuple_GET_ITEM(view->layers, n);
        PyObject *const row = newest_of(layer, args[0], place);
        if (row != NULL || PyErr_Occurred()) {
            Py_DECREF(place);
            return row;
        }
        /* Where it knows of the place, what is below is not looked up in this way. */
        if (PyDict_GetItemWithError(PyTuple_GET_ITEM(layer, LAYER_PLACES), place) != NULL ||
            PyErr_Occurred())
            break;
    }
    Py_DECREF(place);
    if (PyErr_Occurred())
        return NULL;
    return PyObject_Vectorcall(view->newest, args, (size_t)count, NULL);
}

static bool check_layers(PyObject *layers) {
    for (Py_ssize_t n = 0; n < PyTuple_GET_SIZE(layers); n++) {
        PyObject *const layer = PyTuple_GET_ITEM(layers, n);
        if (!PyTuple_Check(layer) || PyTuple_GET_SIZE(layer) != LAYER_PARTS ||
            !is_tuple_of(PyTuple_GET_ITEM(layer, LAYER_VERSIONS), &PyDict_Type) ||
            !PyDict_Check(PyTuple_GET_ITEM(layer, LAYER_PLACES)) ||
            !PyLong_Check(PyTuple_GET_ITEM(layer, LAYER_COMMITS))) {
            PyErr_SetString(PyExc_TypeError, "a layer is dicts of versions, a dict of places and a number");
            return false;
        }
    }
    return true;
}

static PyObject *view_new(PyTypeObject *type, PyObject *args, PyObject *names) {
    PyObject *layers, *get, *newest;
    static char *no_names[] = {"", "", "", NULL};
    if (!PyArg_ParseTupleAndKeywords(args, names, "O!OO", no_names, &PyTuple_Type, &layers, &get, &newest) ||
        !check_layers(layers))
        return NULL;
    View *const view = (View *)type->tp_alloc(type, 0);
    if (view == NULL)
        return NULL;
    view->layers = Py_NewRef(layers);
    view->get = Py_NewRef(get);
    view->newest = Py_NewRef(newest);
    return (PyObject *)view;
}

static int view_traverse(PyObject *self, visitproc visit, void *arg) {
    const View *const view = (const View *)self;
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(view->layers);
    Py_VISIT(view->get);
    Py_VISIT(view->newest);
    return 0;
}

static int view_clear(PyObject *self) {
    View *const view = (View *)self;
    Py_CLEAR(view->layers);
    Py_CLEAR(view->get);
    Py_CLEAR(view->newest);
    return 0;
}

static void view_dealloc(PyObject *self) {
    PyTypeObject *const type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    view_clear(self);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyMethodDef view_methods[] = {
    {"get", FAST(view_get), METH_FASTCALL, "The value of a key, or None."},
    {"newest", FAST(view_newest), METH_FASTCALL, "The row of the greatest key of a place, or None."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot view_slots[] = {
    {Py_tp_doc, "Layers of commits over a snapshot of the tables."},
    {Py_tp_new, view_new},
    {Py_tp_dealloc, view_dealloc},
    {Py_tp_traverse, view_traverse},
    {Py_tp_clear, view_clear},
    {Py_tp_methods, view_methods},
    {0, NULL},
};

PyType_Spec view_spec = {
    .name = "statekeeper_server._native.View",
    .basicsize = sizeof(View),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = view_slots,
};
