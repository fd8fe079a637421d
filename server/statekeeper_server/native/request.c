#include "request.h"

#include <structmember.h>

#include "text.h"

/* These are what the general way has in limits.py and codec.py. */
static const char NAMESPACE_DEFAULT[] = "execution-state";
enum {
    TEXT_BYTES_MAX = 256,
    PLAIN_BYTES_MAX = 10 * 1024,
    OVERHEAD_BYTES = 4096,
    STATUS_MAX = 5,
    TIMEOUT_SECONDS_MAX = 24 * 3600
};
/* The years 1 to 9999. */
static const int64_t SECONDS_MIN = INT64_C(-62135596800), SECONDS_END = INT64_C(253402300800);
/* So many values are too many to be sorted by the way. */
enum { VALUES_MAX = 200 };

enum { REQUEST_KEY = 1, REQUEST_OPTIONS = 2, REQUEST_STATE = 3 };
enum { OPTION_EXPECTED_REVISION = 1, OPTION_REQUEST_ID = 3, OPTION_ACTOR = 5 };
enum { VALUE_JSON = 1, VALUE_BINARY = 2, VALUE_CONTENT_TYPE = 3 };
enum { BATCH_OPERATIONS = 1, OPERATION_TIMEOUT = 14, OPERATION_TAG = 15, OPERATION_KINDS_END = 17 };
enum { OPERATION_SAVE = 1, OPERATION_UPDATE = 3 };

typedef struct {
    Slice namespace_text;
    Slice id;
} Key;

static bool read_key(Slice message, Key *key) {
    Reader reader = reader_of(message);
    *key = (Key){{NULL, 0}, {NULL, 0}};
    while (reader.at < reader.end) {
        Field field;
        if (!read_field(&reader, &field) || field.type != WIRE_BYTES)
            return false;
        Slice *slice = field.number == KEY_NAMESPACE      ? &key->namespace_text
                       : field.number == KEY_EXECUTION_ID ? &key->id
                                                          : NULL;
        if (slice == NULL || slice->at != NULL)
            return false;
        *slice = field.bytes;
    }
    if (key->namespace_text.size == 0)
        key->namespace_text = (Slice){(const uint8_t *)NAMESPACE_DEFAULT, sizeof NAMESPACE_DEFAULT - 1};
    return is_namespace(key->namespace_text) && is_name(key->id, NAME_BYTES_MAX);
}

/* The key of the head's row. */
static PyObject *row_of(const Key *key) {
    const size_t size = key->namespace_text.size + 1 + key->id.size;
    PyObject *const row = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)size);
    if (row != NULL) {
        char *const at = PyBytes_AS_STRING(row);
        memcpy(at, key->namespace_text.at, key->namespace_text.size);
        at[key->namespace_text.size] = 0;
        memcpy(at + key->namespace_text.size + 1, key->id.at, key->id.size);
    }
    return row;
}

static PyObject *text_of(Slice slice) {
    return PyUnicode_DecodeUTF8((const char *)slice.at, (Py_ssize_t)slice.size, NULL);
}

static bool is_text(Slice text) {
    return text.size <= TEXT_BYTES_MAX && is_utf8(text);
}

/* Whether it is not set, or a text that is not empty. */
static bool is_plain_text(Slice text) {
    return text.at == NULL || (text.size > 0 && is_text(text));
}

static bool read_options(Slice message, Write *write, Slice *request_id) {
    Reader reader = reader_of(message);
    while (reader.at < reader.end) {
        Field field;
        if (!read_field(&reader, &field))
            return false;
        if (field.number == OPTION_EXPECTED_REVISION && field.type == WIRE_VARINT && !write->expects) {
            write->expects = true;
            write->expected_revision = (int64_t)field.value;
            if (write->expected_revision < 0)
                return false;
        } else if (field.number == OPTION_REQUEST_ID && field.type == WIRE_BYTES &&
                   request_id->at == NULL) {
            *request_id = field.bytes;
        } else if (field.number == OPTION_ACTOR && field.type == WIRE_BYTES &&
                   write->actor.at == NULL) {
            write->actor = field.bytes;
        } else {
            return false;
        }
    }
    return is_text(*request_id) && is_text(write->actor);
}

/* Check a Value; it is kept as it stands here, so it must stand here as protobuf writes it. */
static bool read_value(Slice message, Value *value) {
    Reader reader = reader_of(message);
    uint32_t kind = 0;
    value->value = message;
    if (message.size > PLAIN_BYTES_MAX)
        return false;
    while (reader.at < reader.end) {
        Field field;
        if (!read_field(&reader, &field) || field.type != WIRE_BYTES)
            return false;
        if (kind == 0 && field.number == VALUE_JSON) {
            if (!is_plain_json(field.bytes))
                return false;
            value->value_bytes = field.bytes.size;
        } else if (kind == 0 && field.number == VALUE_BINARY) {
            value->value_bytes = field.bytes.size;
        } else if (kind != VALUE_BINARY || field.number != VALUE_CONTENT_TYPE ||
                   field.bytes.size == 0 || !is_text(field.bytes)) {
            return false;
        }
        kind = field.number;
    }
    return kind != 0;
}

/* The name and the content of an entry of a map; false unless it has these two in this order. */
static bool read_pair(Slice message, Slice *name, Slice *content) {
    Reader reader = reader_of(message);
    Field first, second;
    if (reader.at == reader.end || !read_field(&reader, &first) || first.number != ENTRY_NAME ||
        first.type != WIRE_BYTES || reader.at == reader.end || !read_field(&reader, &second) ||
        second.number != ENTRY_VALUE || second.type != WIRE_BYTES || reader.at != reader.end)
        return false;
    *name = first.bytes;
    *content = second.bytes;
    return true;
}

static bool read_entry(Slice message, Value *value) {
    Slice content;
    return read_pair(message, &value->name, &content) && is_name(value->name, NAME_BYTES_MAX) &&
           read_value(content, value);
}

/* The order of the keys of a map that protobuf serialises deterministically: that of their
 * bytes, but where one begins with the other the longer one is first. */
static int by_bytes(Slice left, Slice right) {
    const int order = memcmp(left.at, right.at, left.size < right.size ? left.size : right.size);
    return order != 0 ? order : (left.size < right.size) - (left.size > right.size);
}

static int by_place(const void *left, const void *right) {
    const Value *const one = left, *const other = right;
    if (one->document != other->document)
        return one->document < other->document ? -1 : 1;
    return by_bytes(one->name, other->name);
}

/* The values of the state's documents, sorted; false where they are not plain. */
static bool read_values(Write *write, Limits limits, Value *values) {
    uint64_t value_bytes = 0;
    size_t count = 0;
    write->stored_bytes = OVERHEAD_BYTES;
    for (uint32_t document = 0; document < STATE_FIELDS_END; document++) {
        Reader reader = reader_of(write->state.documents[document]);
        uint64_t entries = 0;
        while (reader.at < reader.end) {
            Field field;
            if (!read_field(&reader, &field) || field.number != DOCUMENT_ENTRIES ||
                field.type != WIRE_BYTES || ++entries > limits.entries_max || count == VALUES_MAX)
                return false;
            Value *const value = &values[count++];
            value->document = document;
            if (!read_entry(field.bytes, value))
                return false;
            value_bytes += value->value_bytes;
            write->stored_bytes += (Py_ssize_t)value->value.size;
            if (value_bytes > limits.value_bytes_max)
                return false;
        }
    }
    qsort(values, count, sizeof *values, by_place);
    for (size_t n = 1; n < count; n++)
        if (by_place(&values[n - 1], &values[n]) == 0)
            return false;
    write->values_count = count;
    return true;
}

/* Check the labels and sort them by their names; false where they are not plain. */
static bool read_labels(State *state) {
    Slice names[LABELS_MAX];
    for (unsigned n = 0; n < state->labels_count; n++) {
        const Slice whole = state->labels[n];
        Reader reader = reader_of(whole);
        Field field;
        Slice name, text;
        if (!read_field(&reader, &field) || !read_pair(field.bytes, &name, &text) ||
            !is_plain_text(name) || !is_text(text))
            return false;
        unsigned at = n;
        for (; at > 0; at--) {
            const int order = by_bytes(names[at - 1], name);
            if (order == 0)
                return false;
            if (order < 0)
                break;
            names[at] = names[at - 1];
            state->labels[at] = state->labels[at - 1];
        }
        names[at] = name;
        state->labels[at] = whole;
    }
    return true;
}

static bool read_plain_state(Slice message, Write *write, const Key *key) {
    State *const state = &write->state;
    return read_state(message, state) && read_labels(state) && state->status <= STATUS_MAX &&
           (state->status > 0 || write->is_update) &&
           (state->id.size == 0 || same_bytes(state->id, key->id)) &&
           is_plain_text(state->current_member) && is_plain_text(state->schema_version) &&
           state->start_time.seconds >= SECONDS_MIN && state->start_time.seconds < SECONDS_END;
}

static size_t document_size(const Write *write, uint32_t document, size_t *at) {
    size_t size = 0;
    for (; *at < write->values_count && write->values[*at].document == document; ++*at) {
        const Value *const value = &write->values[*at];
        size += entry_field_size(value->name, value->value);
    }
    return size;
}

static void put_document(Buffer *buffer, const Write *write, uint32_t document, size_t *at) {
    if (write->state.documents[document].at == NULL)
        return;
    const size_t first = *at;
    put_key(buffer, document, document_size(write, document, at));
    for (size_t n = first; n < *at; n++)
        put_entry(buffer, write->values[n].name, write->values[n].value);
}

/* The request as protobuf serialises it deterministically, with its namespace: what its
 * request_id stands for. */
static PyObject *canonical_of(const Write *write, const Key *key, Slice request_id) {
    const State *const state = &write->state;
    Buffer inner, whole;
    buffer_begin(&inner);
    buffer_begin(&whole);

    put_execution_key(&inner, key->namespace_text, key->id);
    put_bytes(&whole, REQUEST_KEY, slice_of(&inner));

    inner.size = 0;
    if (write->expects) {
        put_varint(&inner, OPTION_EXPECTED_REVISION << 3);
        put_varint(&inner, (uint64_t)write->expected_revision);
    }
    put_bytes(&inner, OPTION_REQUEST_ID, request_id);
    if (write->actor.size > 0)
        put_bytes(&inner, OPTION_ACTOR, write->actor);
    put_bytes(&whole, REQUEST_OPTIONS, slice_of(&inner));

    inner.size = 0;
    size_t at = 0;
    if (state->id.size > 0)
        put_bytes(&inner, STATE_ID, state->id);
    put_number(&inner, STATE_STATUS, state->status);
    for (uint32_t document = STATE_INPUT; document <= STATE_MEMBER_OUTPUTS; document++)
        put_document(&inner, write, document, &at);
    if (state->current_member.at != NULL)
        put_bytes(&inner, STATE_CURRENT_MEMBER, state->current_member);
    if (state->start_time.given)
        put_time(&inner, STATE_START_TIME, state->start_time);
    put_document(&inner, write, STATE_METADATA, &at);
    for (unsigned n = 0; n < state->labels_count; n++)
        put_raw(&inner, state->labels[n]);
    if (state->schema_version.at != NULL)
        put_bytes(&inner, STATE_SCHEMA_VERSION, state->schema_version);
    put_bytes(&whole, REQUEST_STATE, slice_of(&inner));

    PyObject *const canonical =
        inner.failed || whole.failed ? PyErr_NoMemory() : bytes_of_slice(slice_of(&whole));
    buffer_end(&inner);
    buffer_end(&whole);
    return canonical;
}

/* Read all of it into `write`; 0: it is not plain, -1: an exception. */
static int fill(Write *write, Limits limits) {
    Slice parts[4] = {{NULL, 0}, {NULL, 0}, {NULL, 0}, {NULL, 0}};
    Slice request_id = {NULL, 0};
    Reader reader = reader_of(slice_of_bytes(write->raw));
    Value values[VALUES_MAX];
    Key key;
    while (reader.at < reader.end) {
        Field field;
        if (!read_field(&reader, &field) || field.type != WIRE_BYTES || field.number > REQUEST_STATE ||
            parts[field.number].at != NULL)
            return 0;
        parts[field.number] = field.bytes;
    }
    if (parts[REQUEST_KEY].at == NULL || parts[REQUEST_STATE].at == NULL ||
        !read_key(parts[REQUEST_KEY], &key) ||
        (parts[REQUEST_OPTIONS].at != NULL &&
         !read_options(parts[REQUEST_OPTIONS], write, &request_id)) ||
        !read_plain_state(parts[REQUEST_STATE], write, &key) || !read_values(write, limits, values))
        return 0;

    write->values = PyMem_Malloc(write->values_count * sizeof *values);
    if (write->values == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    memcpy(write->values, values, write->values_count * sizeof *values);
    write->namespace_text = key.namespace_text;
    write->id_text = key.id;
    write->namespace_name = text_of(key.namespace_text);
    write->execution_id = text_of(key.id);
    write->row = row_of(&key);
    if (request_id.size > 0) {
        write->request_id = text_of(request_id);
        write->canonical = canonical_of(write, &key, request_id);
        if (write->request_id == NULL || write->canonical == NULL)
            return -1;
    }
    return write->namespace_name != NULL && write->execution_id != NULL && write->row != NULL ? 1 : -1;
}

PyObject *read_write(PyTypeObject *type, PyObject *check, PyObject *raw, bool is_update, Limits limits) {
    Write *const write = (Write *)type->tp_alloc(type, 0);
    if (write == NULL)
        return NULL;
    write->raw = Py_NewRef(raw);
    write->check = Py_NewRef(check);
    write->is_update = is_update;
    write->timeout_us = -1;
    const int plain = fill(write, limits);
    if (plain > 0)
        return (PyObject *)write;
    Py_DECREF(write);
    return plain == 0 ? Py_NewRef(Py_None) : NULL;
}

PyObject *read_load(PyObject *raw) {
    Reader reader = reader_of(slice_of_bytes(raw));
    Field field;
    Key key;
    if (reader.at == reader.end || !read_field(&reader, &field) || reader.at != reader.end ||
        field.number != REQUEST_KEY || field.type != WIRE_BYTES || !read_key(field.bytes, &key))
        Py_RETURN_NONE;
    return Py_BuildValue("s#s#N", key.namespace_text.at, (Py_ssize_t)key.namespace_text.size, key.id.at,
                         (Py_ssize_t)key.id.size, row_of(&key));
}

/* A google.protobuf.Duration in microseconds, rounded up; false unless it is one to wait for. */
static bool read_timeout(Slice message, int64_t *timeout_us) {
    Time time; /* the same fields */
    if (!read_time(message, &time) || time.seconds < 0 || time.seconds >= TIMEOUT_SECONDS_MAX)
        return false;
    *timeout_us = time.seconds * 1000000 + (time.nanos + 999) / 1000;
    return true;
}

/* An operation, before its request is looked into. */
typedef struct {
    Field request; /* its number tells the kind */
    uint64_t tag;
    int64_t timeout_us; /* -1: for ever */
} Operation;

/* False where it is not plain. */
static bool read_operation(Slice message, Operation *operation) {
    Reader reader = reader_of(message);
    *operation = (Operation){.request = {.number = 0}, .timeout_us = -1};
    while (reader.at < reader.end) {
        Field field;
        if (!read_field(&reader, &field))
            return false;
        if (field.number == OPERATION_TAG && field.type == WIRE_VARINT && operation->tag == 0)
            operation->tag = field.value;
        else if (field.number == OPERATION_TIMEOUT && field.type == WIRE_BYTES && operation->timeout_us < 0) {
            if (!read_timeout(field.bytes, &operation->timeout_us))
                return false;
        } else if (field.number < OPERATION_KINDS_END && field.number != OPERATION_TIMEOUT &&
                   field.type == WIRE_BYTES && operation->request.number == 0)
            operation->request = field;
        else
            return false;
    }
    return operation->request.number != 0;
}

/* Make something of each operation of a message: NULL: an exception; None: it is not plain. */
typedef PyObject *Make(const Operation *operation, const void *how);

/* A list of what is made of the operations; None where one of them is not plain. */
static PyObject *read_operations(PyObject *raw, uint64_t operations_max, Make *make, const void *how) {
    Reader reader = reader_of(slice_of_bytes(raw));
    PyObject *const made = PyList_New(0);
    if (made == NULL)
        return NULL;
    while (reader.at < reader.end) {
        Field field;
        Operation operation;
        const bool plain = (uint64_t)PyList_GET_SIZE(made) < operations_max && read_field(&reader, &field) &&
                           field.number == BATCH_OPERATIONS && field.type == WIRE_BYTES &&
                           read_operation(field.bytes, &operation);
        PyObject *const each = plain ? make(&operation, how) : Py_NewRef(Py_None);
        if (each == NULL || each == Py_None || PyList_Append(made, each) < 0) {
            Py_DECREF(made);
            if (each != Py_None)
                Py_XDECREF(each);
            return each == Py_None ? each : NULL;
        }
        Py_DECREF(each);
    }
    return made;
}

static PyObject *tell_operation(const Operation *operation, const void *nothing) {
    (void)nothing;
    return Py_BuildValue("IKNL", operation->request.number, (unsigned long long)operation->tag,
                         bytes_of_slice(operation->request.bytes), (long long)operation->timeout_us);
}

PyObject *read_batch(PyObject *raw, uint64_t operations_max) {
    return read_operations(raw, operations_max, tell_operation, NULL);
}

static PyObject *read_write_of(const Operation *operation, const void *how) {
    const WriteKinds *const kinds = how;
    const bool is_update = operation->request.number == OPERATION_UPDATE;
    if ((!is_update && operation->request.number != OPERATION_SAVE) ||
        operation->request.bytes.size > kinds->bytes_max)
        Py_RETURN_NONE;
    PyObject *const raw = bytes_of_slice(operation->request.bytes);
    if (raw == NULL)
        return NULL;
    PyObject *const check = is_update ? kinds->check_update : kinds->check_save;
    PyObject *const write = read_write(kinds->type, check, raw, is_update, kinds->limits);
    Py_DECREF(raw);
    if (write != NULL && write != Py_None) {
        ((Write *)write)->tag = operation->tag;
        ((Write *)write)->timeout_us = operation->timeout_us;
    }
    return write;
}

PyObject *read_writes(PyObject *raw, uint64_t operations_max, const WriteKinds *kinds) {
    PyObject *const writes = read_operations(raw, operations_max, read_write_of, kinds);
    if (writes == NULL || writes == Py_None || PyList_GET_SIZE(writes) > 0)
        return writes;
    Py_DECREF(writes);
    Py_RETURN_NONE;
}

static void write_dealloc(PyObject *self) {
    Write *const write = (Write *)self;
    PyTypeObject *const type = Py_TYPE(self);
    Py_XDECREF(write->raw);
    Py_XDECREF(write->check);
    Py_XDECREF(write->namespace_name);
    Py_XDECREF(write->execution_id);
    Py_XDECREF(write->row);
    Py_XDECREF(write->request_id);
    Py_XDECREF(write->canonical);
    PyMem_Free(write->values);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyMemberDef write_members[] = {
    {"raw", T_OBJECT, offsetof(Write, raw), READONLY, NULL},
    {"check", T_OBJECT, offsetof(Write, check), READONLY, NULL},
    {"namespace", T_OBJECT, offsetof(Write, namespace_name), READONLY, NULL},
    {"execution_id", T_OBJECT, offsetof(Write, execution_id), READONLY, NULL},
    {"row", T_OBJECT, offsetof(Write, row), READONLY, NULL},
    {"request_id", T_OBJECT, offsetof(Write, request_id), READONLY, NULL},
    {"canonical", T_OBJECT, offsetof(Write, canonical), READONLY, NULL},
    {"stored_bytes", T_PYSSIZET, offsetof(Write, stored_bytes), READONLY, NULL},
    {"tag", T_ULONGLONG, offsetof(Write, tag), READONLY, NULL},
    {"timeout_us", T_LONGLONG, offsetof(Write, timeout_us), READONLY, NULL},
    {"is_update", T_BOOL, offsetof(Write, is_update), READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot write_slots[] = {
    {Py_tp_doc, "A SaveRequest or UpdateRequest that was checked from its bytes."},
    {Py_tp_dealloc, write_dealloc},
    {Py_tp_members, write_members},
    {0, NULL},
};

PyType_Spec write_spec = {
    .name = "statekeeper_server._native.Write",
    .basicsize = sizeof(Write),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = write_slots,
};
