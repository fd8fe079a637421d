#include "cursor.h"

#include <stdbool.h>

#include "versions.h"

/* The parts of a layer. */
enum { LAYER_VERSIONS, LAYER_KEYS, LAYER_SORTED, LAYER_SORT, LAYER_COMMITS, LAYER_PARTS };

/* The keys of a table, sorted: how many of those that came, most of them, and the others. */
enum { SORTED_COUNT, SORTED_MOST, SORTED_LATELY, SORTED_PARTS };

typedef struct {
    PyObject_HEAD
    PyObject *seek; /* methods of the tables' cursor */
    PyObject *seek_before;
    PyObject *next;
    PyObject *layers; /* a tuple of tuples: versions, keys as they came, ... */
    PyObject *table;
    Py_ssize_t number; /* of the table */
    PyObject *found;   /* the key where it is; NULL: nowhere */
    PyObject *below;   /* the tables' row that is there or behind it, if it came from before */
    bool is_forward;
} Cursor;

/* How many keys are before one; or not behind it. */
static Py_ssize_t bisect(PyObject *keys, PyObject *key, bool with_it) {
    Py_ssize_t low = 0, high = PyList_GET_SIZE(keys);
    while (low < high) {
        const Py_ssize_t middle = low + (high - low) / 2;
        const int order = compare_keys(PyList_GET_ITEM(keys, middle), key);
        if (order < 0 || (with_it && order == 0))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The sorted keys of a layer, borrowed; NULL: an exception. */
static PyObject *sorted_keys(const Cursor *cursor, PyObject *layer) {
    for (int tries = 0;; tries++) {
        PyObject *const sorted = PyList_GET_ITEM(PyTuple_GET_ITEM(layer, LAYER_SORTED), cursor->number);
        if (!PyTuple_Check(sorted) || PyTuple_GET_SIZE(sorted) != SORTED_PARTS ||
            !PyList_Check(PyTuple_GET_ITEM(sorted, SORTED_MOST)) ||
            !PyList_Check(PyTuple_GET_ITEM(sorted, SORTED_LATELY))) {
            PyErr_SetString(PyExc_TypeError, "sorted keys are a number and two lists");
            return NULL;
        }
        const Py_ssize_t count = PyLong_AsSsize_t(PyTuple_GET_ITEM(sorted, SORTED_COUNT));
        if (count == -1 && PyErr_Occurred())
            return NULL;
        /* What came while they were being sorted is of a commit that is not to be seen. */
        if (tries > 0 || count >= PyList_GET_SIZE(PyTuple_GET_ITEM(layer, LAYER_KEYS)))
            return sorted;
        PyObject *const done = PyObject_CallOneArg(PyTuple_GET_ITEM(layer, LAYER_SORT), cursor->table);
        if (done == NULL)
            return NULL;
        Py_DECREF(done);
    }
}

/* Brings the sorted keys of all layers up to date, so that nobody else runs while they are
 * looked at; -1: an exception. */
static int sort_layers(const Cursor *cursor) {
    for (Py_ssize_t n = 0; n < PyTuple_GET_SIZE(cursor->layers); n++)
        if (sorted_keys(cursor, PyTuple_GET_ITEM(cursor->layers, n)) == NULL)
            return -1;
    return 0;
}

/* The lists of sorted keys of a layer, borrowed. */
static PyObject *sorted_part(const Cursor *cursor, Py_ssize_t layer, int part) {
    PyObject *const sorted = PyTuple_GET_ITEM(PyTuple_GET_ITEM(cursor->layers, layer), LAYER_SORTED);
    return PyTuple_GET_ITEM(PyList_GET_ITEM(sorted, cursor->number), part);
}

/* The first key of the layers from one on, or behind it; borrowed, NULL: there is none. */
static PyObject *key_from(const Cursor *cursor, PyObject *key, bool behind) {
    PyObject *first = NULL;
    for (Py_ssize_t n = 0; n < PyTuple_GET_SIZE(cursor->layers); n++)
        for (int part = SORTED_MOST; part <= SORTED_LATELY; part++) {
            PyObject *const keys = sorted_part(cursor, n, part);
            const Py_ssize_t place = bisect(keys, key, behind);
            if (place < PyList_GET_SIZE(keys) &&
                (first == NULL || compare_keys(PyList_GET_ITEM(keys, place), first) < 0))
                first = PyList_GET_ITEM(keys, place);
        }
    return first;
}

/* The last key of the layers before one; borrowed, NULL: there is none. */
static PyObject *key_before(const Cursor *cursor, PyObject *key) {
    PyObject *last = NULL;
    for (Py_ssize_t n = 0; n < PyTuple_GET_SIZE(cursor->layers); n++)
        for (int part = SORTED_MOST; part <= SORTED_LATELY; part++) {
            PyObject *const keys = sorted_part(cursor, n, part);
            const Py_ssize_t place = bisect(keys, key, false);
            if (place > 0 && (last == NULL || compare_keys(PyList_GET_ITEM(keys, place - 1), last) > 0))
                last = PyList_GET_ITEM(keys, place - 1);
        }
    return last;
}

/* What the layers have at a key, borrowed: NULL: nothing, or an exception; None: it is gone. */
static PyObject *value_at(const Cursor *cursor, PyObject *key) {
    for (Py_ssize_t n = 0; n < PyTuple_GET_SIZE(cursor->layers); n++) {
        PyObject *const layer = PyTuple_GET_ITEM(cursor->layers, n);
        const long long commits = PyLong_AsLongLong(PyTuple_GET_ITEM(layer, LAYER_COMMITS));
        PyObject *const version = find_version(PyTuple_GET_ITEM(layer, LAYER_VERSIONS), key, commits);
        if (version != NULL)
            return PyTuple_GET_ITEM(version, VERSION_VALUE);
        if (PyErr_Occurred())
            return NULL;
    }
    return NULL;
}

/* Takes a row that the tables' cursor gave, or None; -1: an exception. */
static int take_below(PyObject **below, PyObject *row) {
    if (row == NULL)
        return -1;
    if (row == Py_None) {
        Py_DECREF(row);
        row = NULL;
    } else if (!PyTuple_Check(row) || PyTuple_GET_SIZE(row) != 2 ||
               !PyBytes_Check(PyTuple_GET_ITEM(row, 0))) {
        Py_DECREF(row);
        PyErr_SetString(PyExc_TypeError, "a row is a key and a value, or None");
        return -1;
    }
    Py_XSETREF(*below, row);
    return 0;
}

/* Be at a row, of which the reference is taken, and give it; NULL: there is none. */
static PyObject *be_at(Cursor *cursor, PyObject *row) {
    Py_XSETREF(cursor->found, row == NULL ? NULL : Py_NewRef(PyTuple_GET_ITEM(row, 0)));
    if (row == NULL)
        Py_RETURN_NONE;
    return row;
}

static int order_of(PyObject *row, PyObject *key) {
    return compare_keys(PyTuple_GET_ITEM(row, 0), key);
}

/* Go to the first row from a key on, or behind it; the tables' row is not before that. */
static PyObject *forward(Cursor *cursor, PyObject *from, bool behind) {
    PyObject *key = Py_NewRef(from), *row = NULL;
    while (sort_layers(cursor) == 0) {
        PyObject *const above = key_from(cursor, key, behind);
        const int order = above == NULL             ? -1
                          : cursor->below == NULL ? 1
                                                  : order_of(cursor->below, above);
        PyObject *const value = order < 0 ? NULL : value_at(cursor, above);
        if (PyErr_Occurred())
            break;
        if (order < 0 || (order == 0 && value == NULL)) {
            row = Py_XNewRef(cursor->below);
            break;
        }
        Py_SETREF(key, Py_NewRef(above));
        behind = true;
        if (value != NULL && value != Py_None) {
            row = PyTuple_Pack(2, key, value);
            break;
        }
        if (order == 0 && take_below(&cursor->below, PyObject_CallNoArgs(cursor->next)) < 0)
            break;
    }
    Py_DECREF(key);
    if (!PyErr_Occurred())
        return be_at(cursor, row);
    Py_XDECREF(row);
    return NULL;
}

static PyObject *cursor_seek(PyObject *self, PyObject *key) {
    Cursor *const cursor = (Cursor *)self;
    if (!PyBytes_Check(key)) {
        PyErr_SetString(PyExc_TypeError, "a key is bytes");
        return NULL;
    }
    if (take_below(&cursor->below, PyObject_CallOneArg(cursor->seek, key)) < 0)
        return NULL;
    cursor->is_forward = true;
    return forward(cursor, key, false);
}

static PyObject *cursor_next(PyObject *self, PyObject *nothing) {
    Cursor *const cursor = (Cursor *)self;
    (void)nothing;
    if (cursor->found == NULL)
        Py_RETURN_NONE;
    PyObject *const found = Py_NewRef(cursor->found);
    PyObject *row = NULL;
    if (!cursor->is_forward && take_below(&cursor->below, PyObject_CallOneArg(cursor->seek, found)) < 0)
        goto end;
    cursor->is_forward = true;
    if (cursor->below != NULL && order_of(cursor->below, found) == 0 &&
        take_below(&cursor->below, PyObject_CallNoArgs(cursor->next)) < 0)
        goto end;
    row = forward(cursor, found, true);
end:
    Py_DECREF(found);
    return row;
}

static PyObject *cursor_seek_before(PyObject *self, PyObject *before) {
    Cursor *const cursor = (Cursor *)self;
    PyObject *below = NULL, *row = NULL;
    if (!PyBytes_Check(before)) {
        PyErr_SetString(PyExc_TypeError, "a key is bytes");
        return NULL;
    }
    cursor->is_forward = false;
    if (take_below(&below, PyObject_CallOneArg(cursor->seek_before, before)) < 0)
        return NULL;
    PyObject *key = Py_NewRef(before);
    while (sort_layers(cursor) == 0) {
        PyObject *const above = key_before(cursor, key);
        const int order = above == NULL ? 1 : below == NULL ? -1 : order_of(below, above);
        PyObject *const value = order > 0 ? NULL : value_at(cursor, above);
        if (PyErr_Occurred())
            break;
        if (order > 0 || (order == 0 && value == NULL)) {
            row = Py_XNewRef(below);
            break;
        }
        Py_SETREF(key, Py_NewRef(above));
        if (value != NULL && value != Py_None) {
            row = PyTuple_Pack(2, key, value);
            break;
        }
        if (order == 0 && take_below(&below, PyObject_CallOneArg(cursor->seek_before, key)) < 0)
            break;
    }
    Py_DECREF(key);
    Py_XDECREF(below);
    if (!PyErr_Occurred())
        return be_at(cursor, row);
    Py_XDECREF(row);
    return NULL;
}

static bool check_layer(PyObject *layer, Py_ssize_t number) {
    if (PyTuple_Check(layer) && PyTuple_GET_SIZE(layer) == LAYER_PARTS &&
        PyDict_Check(PyTuple_GET_ITEM(layer, LAYER_VERSIONS)) &&
        PyList_Check(PyTuple_GET_ITEM(layer, LAYER_KEYS)) &&
        PyList_Check(PyTuple_GET_ITEM(layer, LAYER_SORTED)) &&
        PyList_GET_SIZE(PyTuple_GET_ITEM(layer, LAYER_SORTED)) > number &&
        PyLong_Check(PyTuple_GET_ITEM(layer, LAYER_COMMITS)))
        return true;
    PyErr_SetString(PyExc_TypeError, "a layer is versions, keys, sorted keys, what sorts them and a number");
    return false;
}

static PyObject *cursor_new(PyTypeObject *type, PyObject *args, PyObject *names) {
    PyObject *base, *layers, *table;
    static char *no_names[] = {"", "", "", NULL};
    if (!PyArg_ParseTupleAndKeywords(args, names, "OO!O!", no_names, &base, &PyTuple_Type, &layers,
                                     &PyLong_Type, &table))
        return NULL;
    const Py_ssize_t number = PyLong_AsSsize_t(table);
    if (number < 0) {
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_ValueError, "there is no such table");
        return NULL;
    }
    for (Py_ssize_t n = 0; n < PyTuple_GET_SIZE(layers); n++)
        if (!check_layer(PyTuple_GET_ITEM(layers, n), number))
            return NULL;
    Cursor *const cursor = (Cursor *)type->tp_alloc(type, 0);
    if (cursor == NULL)
        return NULL;
    cursor->layers = Py_NewRef(layers);
    cursor->table = Py_NewRef(table);
    cursor->number = number;
    cursor->seek = PyObject_GetAttrString(base, "seek");
    cursor->seek_before = cursor->seek == NULL ? NULL : PyObject_GetAttrString(base, "seek_before");
    cursor->next = cursor->seek_before == NULL ? NULL : PyObject_GetAttrString(base, "next");
    if (cursor->next != NULL)
        return (PyObject *)cursor;
    Py_DECREF(cursor);
    return NULL;
}

static int cursor_traverse(PyObject *self, visitproc visit, void *arg) {
    const Cursor *const cursor = (const Cursor *)self;
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(cursor->seek);
    Py_VISIT(cursor->seek_before);
    Py_VISIT(cursor->next);
    Py_VISIT(cursor->layers);
    Py_VISIT(cursor->table);
    Py_VISIT(cursor->below);
    return 0;
}

static int cursor_clear(PyObject *self) {
    Cursor *const cursor = (Cursor *)self;
    Py_CLEAR(cursor->seek);
    Py_CLEAR(cursor->seek_before);
    Py_CLEAR(cursor->next);
    Py_CLEAR(cursor->layers);
    Py_CLEAR(cursor->table);
    Py_CLEAR(cursor->found);
    Py_CLEAR(cursor->below);
    return 0;
}

static void cursor_dealloc(PyObject *self) {
    PyTypeObject *const type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    cursor_clear(self);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyMethodDef cursor_methods[] = {
    {"seek", cursor_seek, METH_O, "Go to the first row at or after a key."},
    {"seek_before", cursor_seek_before, METH_O, "Go to the last row before a key."},
    {"next", cursor_next, METH_NOARGS, "Go to the row after."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot cursor_slots[] = {
    {Py_tp_doc, "A cursor over a table and a layer of commits."},
    {Py_tp_new, cursor_new},
    {Py_tp_dealloc, cursor_dealloc},
    {Py_tp_traverse, cursor_traverse},
    {Py_tp_clear, cursor_clear},
    {Py_tp_methods, cursor_methods},
    {0, NULL},
};

PyType_Spec cursor_spec = {
    .name = "statekeeper_server._native.Cursor",
    .basicsize = sizeof(Cursor),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = cursor_slots,
};
