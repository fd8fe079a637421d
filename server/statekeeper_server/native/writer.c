#include <stdbool.h>

#include "fast.h"
#include "write.h"

typedef struct {
    PyObject_HEAD
    PyObject *write_type;
    Batch batch;
} Writer;

/* The objects that a batch works with. */
enum { OBJECTS = 14 };

static void list_objects(Writer *writer, PyObject **objects[OBJECTS]) {
    Batch *const batch = &writer->batch;
    PyObject **const all[OBJECTS] = {&writer->write_type, &batch->get,   &batch->newest,
                                     &batch->put,         &batch->prune, &batch->heads,
                                     &batch->entries,     &batch->log,   &batch->requests,
                                     &batch->generations, &batch->warning_start, &batch->warning_end, &batch->history.cursor,
                                     &batch->history.remove};
    for (int n = 0; n < OBJECTS; n++)
        objects[n] = all[n];
}

static PyObject *writer_write(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    const Writer *const writer = (const Writer *)self;
    const Batch *const batch = &writer->batch;
    Place place = {.batch = batch};
    if (count != 4) {
        PyErr_SetString(PyExc_TypeError, "write takes a Write, a revision and two times");
        return NULL;
    }
    if (!PyObject_TypeCheck(args[0], (PyTypeObject *)writer->write_type)) {
        PyErr_SetString(PyExc_TypeError, "a Write is wanted");
        return NULL;
    }
    if (!to_number(args[1], &place.revision) || !to_number(args[2], &place.log_time_us) ||
        !to_number(args[3], &place.now_us))
        return NULL;
    const Write *const write = (const Write *)args[0];
    PyObject *const arguments[] = {batch->heads, write->row};
    place.head = PyObject_Vectorcall(batch->get, arguments, 2, NULL);
    if (place.head == NULL)
        return NULL;
    PyObject *outcome = NULL;
    if (place.head == Py_None || PyBytes_Check(place.head))
        outcome = write_plain(write, &place);
    else
        PyErr_SetString(PyExc_TypeError, "a head is bytes, or None");
    Py_DECREF(place.head);
    return outcome;
}

static PyObject *writer_new(PyTypeObject *type, PyObject *args, PyObject *names) {
    PyObject *write_type, *get, *newest, *cursor, *put, *remove, *prune, *heads, *entries, *log,
        *requests, *generations, *warning_start, *warning_end;
    unsigned long long entries_max, value_bytes_warn, value_bytes_max;
    unsigned int prune_every;
    long long versions_kept, window_us, ttl_default_us;
    static char *no_names[] = {"", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", NULL};
    if (!PyArg_ParseTupleAndKeywords(args, names, "O!OOOOOOOOOOO!KKSSKILLL", no_names, &PyType_Type, &write_type,
                                     &get, &newest, &cursor, &put, &remove, &prune, &heads, &entries,
                                     &log, &requests, &PyTuple_Type, &generations, &entries_max, &value_bytes_warn, &warning_start, &warning_end, &value_bytes_max, &prune_every, &versions_kept,
                                     &window_us, &ttl_default_us))
        return NULL;
    bool all = PyTuple_GET_SIZE(generations) > 0;
    for (Py_ssize_t n = 0; n < PyTuple_GET_SIZE(generations); n++)
        all = all && PyBytes_Check(PyTuple_GET_ITEM(generations, n));
    if (!all) {
        PyErr_SetString(PyExc_TypeError, "generations are bytes, one at least");
        return NULL;
    }
    if (prune_every == 0) {
        PyErr_SetString(PyExc_ValueError, "prune_every must be at least 1");
        return NULL;
    }
    Writer *const writer = (Writer *)type->tp_alloc(type, 0);
    if (writer == NULL)
        return NULL;
    writer->write_type = write_type;
    writer->batch = (Batch){
        .get = get,
        .newest = newest,
        .put = put,
        .prune = prune,
        .heads = heads,
        .entries = entries,
        .log = log,
        .requests = requests,
        .generations = generations,
        .history = {.cursor = cursor,
                    .remove = remove,
                    .entries = entries,
                    .versions_kept = versions_kept,
                    .window_us = window_us},
        .entries_max = entries_max,
        .value_bytes_warn = value_bytes_warn,
        .warning_start = warning_start,
        .warning_end = warning_end,
        .value_bytes_max = value_bytes_max,
        .prune_every = prune_every,
        .ttl_default_us = ttl_default_us,
    };
    PyObject **objects[OBJECTS];
    list_objects(writer, objects);
    for (int n = 0; n < OBJECTS; n++)
        Py_INCREF(*objects[n]);
    return (PyObject *)writer;
}

static int writer_traverse(PyObject *self, visitproc visit, void *arg) {
    PyObject **objects[OBJECTS];
    list_objects((Writer *)self, objects);
    Py_VISIT(Py_TYPE(self));
    for (int n = 0; n < OBJECTS; n++)
        Py_VISIT(*objects[n]);
    return 0;
}

static int writer_clear(PyObject *self) {
    PyObject **objects[OBJECTS];
    list_objects((Writer *)self, objects);
    for (int n = 0; n < OBJECTS; n++)
        Py_CLEAR(*objects[n]);
    return 0;
}

static void writer_dealloc(PyObject *self) {
    PyTypeObject *const type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    writer_clear(self);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyMethodDef writer_methods[] = {
    {"write", FAST(writer_write), METH_FASTCALL, "Write a plain request down, or None."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot writer_slots[] = {
    {Py_tp_doc, "The plain writes of a batch."},
    {Py_tp_new, writer_new},
    {Py_tp_dealloc, writer_dealloc},
    {Py_tp_traverse, writer_traverse},
    {Py_tp_clear, writer_clear},
    {Py_tp_methods, writer_methods},
    {0, NULL},
};

PyType_Spec writer_spec = {
    .name = "statekeeper_server._native.Writer",
    .basicsize = sizeof(Writer),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = writer_slots,
};
