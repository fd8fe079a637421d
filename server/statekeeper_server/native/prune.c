#include "prune.h"

/* A version that was looked at. */
typedef struct {
    Row row;
    int64_t ordinal;
    int64_t time_us;
    int64_t revision;
    bool has_pieces;
} Looked;

/* The call of a cursor with a key or without; a new row. -1: an exception. */
static int go(PyObject *cursor, const char *method, PyObject *key, Row *row) {
    PyObject *const found = key == NULL ? PyObject_CallMethod(cursor, method, NULL)
                                        : PyObject_CallMethod(cursor, method, "O", key);
    return take_row(found, row);
}

/* The first version that was not looked at before; -1: an exception. */
static int first_row(PyObject *cursor, const Newest *newest, Row *row) {
    uint8_t key[PREFIX_BYTES_MAX + REVISION_BYTES];
    memcpy(key, newest->prefix.at, newest->prefix.size);
    store_big(key + newest->prefix.size, newest->version->pruned_revision);
    PyObject *const from = bytes_of_slice((Slice){key, newest->prefix.size + REVISION_BYTES});
    const int outcome = from == NULL ? -1 : go(cursor, "seek", from, row);
    Py_XDECREF(from);
    return outcome;
}

/* What a row says, where it is a version before the newest; false: it is none. */
static bool is_version(const Newest *newest, const Row *row, Looked *looked, bool *is_readable) {
    const size_t size = newest->prefix.size;
    *is_readable = true;
    if (row->key == NULL || (size_t)PyBytes_GET_SIZE(row->key) != size + REVISION_BYTES ||
        memcmp(PyBytes_AS_STRING(row->key), newest->prefix.at, size) != 0)
        return false;
    Version version;
    *is_readable = read_version(slice_of_bytes(row->value), &version);
    *looked = (Looked){.row = *row,
                       .ordinal = version.ordinal,
                       .time_us = version.time_us,
                       .revision = (int64_t)load_big((uint8_t *)PyBytes_AS_STRING(row->key) + size),
                       .has_pieces = version.form == FORM_CHUNKS};
    return *is_readable && looked->revision < newest->revision;
}

/* The keys of those that go, oldest first, and the oldest that stays; 0: the general way. */
static int choose(const History *history, const Newest *newest, PyObject *cursor, PyObject *keys,
                  int64_t *oldest) {
    const int64_t last_unkept = (int64_t)newest->version->ordinal - history->versions_kept;
    const int64_t oldest_us = newest->time_us - history->window_us;
    Looked older = {.ordinal = 0}, looked;
    Row row = {NULL, NULL};
    int outcome = first_row(cursor, newest, &row);
    bool is_last = false, is_readable = true;
    while (outcome == 0 && !is_last) {
        is_last = !is_version(newest, &row, &looked, &is_readable);
        if (!is_readable) {
            drop_row(&row);
            break;
        }
        if (is_last) {
            drop_row(&row);
            looked = (Looked){.time_us = newest->time_us, .revision = newest->revision};
        }
        if (older.row.key != NULL) {
            if (older.ordinal > last_unkept && looked.time_us >= oldest_us) {
                drop_row(&looked.row);
                break;
            }
            /* Its pieces would have to go, too. */
            is_readable = !older.has_pieces;
            outcome = PyList_Append(keys, older.row.key);
            drop_row(&older.row);
        }
        older = looked;
        if (!is_readable || outcome < 0)
            break;
        if (!is_last)
            outcome = go(cursor, "next", NULL, &row);
    }
    *oldest = older.revision;
    drop_row(&older.row);
    return outcome < 0 ? -1 : is_readable;
}

static int drop_versions(const History *history, PyObject *keys) {
    for (Py_ssize_t n = 0; n < PyList_GET_SIZE(keys); n++) {
        PyObject *const arguments[] = {history->entries, PyList_GET_ITEM(keys, n)};
        PyObject *const done = PyObject_Vectorcall(history->remove, arguments, 2, NULL);
        if (done == NULL)
            return -1;
        Py_DECREF(done);
    }
    return 0;
}

int prune_versions(const History *history, const Newest *newest) {
    int64_t oldest;
    PyObject *const cursor = PyObject_CallOneArg(history->cursor, history->entries);
    PyObject *const keys = cursor == NULL ? NULL : PyList_New(0);
    int outcome = keys == NULL ? -1 : choose(history, newest, cursor, keys, &oldest);
    if (outcome > 0 && PyList_GET_SIZE(keys) > 0) {
        newest->version->pruned_revision = (uint64_t)oldest;
        if (*newest->floor < oldest)
            *newest->floor = oldest;
        if (drop_versions(history, keys) < 0)
            outcome = -1;
    }
    Py_XDECREF(keys);
    Py_XDECREF(cursor);
    return outcome;
}
