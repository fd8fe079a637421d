#include <stdbool.h>

#include "fast.h"
#include "write.h"

typedef struct {
    PyObject_HEAD
    PyObject *write_type;
    Batch batch;
} Writer;

enum { BATCH_RESULTS = 1, RESULT_SAVE = 1, RESULT_UPDATE = 3, RESULT_TAG = 15 };

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

/* Write one down, where there is nothing against it: as write_plain. */
static int write_one(const Writer *writer, PyObject *object, Place *place, Written *written) {
    const Batch *const batch = &writer->batch;
    if (!PyObject_TypeCheck(object, (PyTypeObject *)writer->write_type)) {
        PyErr_SetString(PyExc_TypeError, "a Write is wanted");
        return -1;
    }
    const Write *const write = (const Write *)object;
    PyObject *const arguments[] = {batch->heads, write->row};
    place->batch = batch;
    place->head = PyObject_Vectorcall(batch->get, arguments, 2, NULL);
    if (place->head == NULL)
        return -1;
    int outcome = -1;
    if (place->head == Py_None || PyBytes_Check(place->head))
        outcome = write_plain(write, place, written);
    else
        PyErr_SetString(PyExc_TypeError, "a head is bytes, or None");
    Py_DECREF(place->head);
    return outcome;
}

static bool to_place(PyObject *const *args, Place *place) {
    return to_number(args[0], &place->revision) && to_number(args[1], &place->log_time_us) &&
           to_number(args[2], &place->now_us);
}

static PyObject *writer_write(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    Place place;
    Written written;
    PyObject *outcome = NULL;
    if (count != 4) {
        PyErr_SetString(PyExc_TypeError, "write takes a Write, a revision and two times");
        return NULL;
    }
    if (!to_place(args + 1, &place))
        return NULL;
    buffer_begin(&written.response);
    const int done = write_one((const Writer *)self, args[0], &place, &written);
    if (done == 0)
        outcome = Py_NewRef(Py_None);
    else if (done > 0)
        outcome = Py_BuildValue("y#NLiN", (const char *)written.response.data,
                                (Py_ssize_t)written.response.size, written.event,
                                (long long)written.event_time_us, written.versions, written.moved);
    buffer_end(&written.response);
    return outcome;
}

/* The result of an operation in a BatchResponse. */
static void put_result(Buffer *buffer, const Write *write, Slice response) {
    const uint32_t kind = write->is_update ? RESULT_UPDATE : RESULT_SAVE;
    const uint64_t tag_key = (uint64_t)RESULT_TAG << 3;
    size_t size = bytes_size(kind, response.size);
    if (write->tag != 0)
        size += varint_size(tag_key) + varint_size(write->tag);
    put_key(buffer, BATCH_RESULTS, size);
    put_bytes(buffer, kind, response);
    put_number(buffer, RESULT_TAG, write->tag);
}

/* Note an event and where it is, and take its reference; -1: an exception. */
static int list_event(PyObject *events, int64_t revision, PyObject *event) {
    PyObject *const listed = Py_BuildValue("LN", (long long)revision, event);
    const int outcome = listed == NULL ? -1 : PyList_Append(events, listed);
    Py_XDECREF(listed);
    return outcome;
}

static PyObject *writer_write_all(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    Place place;
    Written written;
    Buffer results;
    int64_t versions = 0;
    if (count != 5 || !PyList_Check(args[0])) {
        PyErr_SetString(PyExc_TypeError, "write_all takes a list, a place in it, a revision and two times");
        return NULL;
    }
    Py_ssize_t at = PyLong_AsSsize_t(args[1]);
    if ((at == -1 && PyErr_Occurred()) || !to_place(args + 2, &place))
        return NULL;
    if (at < 0) {
        PyErr_SetString(PyExc_ValueError, "a place in a list is not negative");
        return NULL;
    }
    PyObject *const events = PyList_New(0);
    PyObject *moved = Py_NewRef(Py_None), *outcome = NULL;
    int done = events == NULL ? -1 : 1;
    buffer_begin(&results);
    buffer_begin(&written.response);
    while (done > 0 && moved == Py_None && at < PyList_GET_SIZE(args[0])) {
        PyObject *const write = Py_NewRef(PyList_GET_ITEM(args[0], at));
        written.response.size = 0;
        done = write_one((const Writer *)self, write, &place, &written);
        if (done > 0) {
            at++;
            put_result(&results, (const Write *)write, slice_of(&written.response));
            versions += written.versions;
            place.log_time_us = written.event_time_us;
            Py_SETREF(moved, written.moved);
            if (list_event(events, place.revision++, written.event) < 0)
                done = -1;
        }
        Py_DECREF(write);
    }
    if (done >= 0 && results.failed)
        PyErr_NoMemory();
    else if (done >= 0)
        outcome = Py_BuildValue("y#OLLO", (const char *)results.data, (Py_ssize_t)results.size, events,
                                (long long)place.log_time_us, (long long)versions, moved);
    buffer_end(&results);
    buffer_end(&written.response);
    Py_XDECREF(events);
    Py_DECREF(moved);
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
    {"write_all", FAST(writer_write_all), METH_FASTCALL, "Write plain requests down, as far as they are."},
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
