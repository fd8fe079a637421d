#include "write.h"

#include <stdio.h>

#include "blake2b.h"
#include "head.h"

enum { EVENT_UID = 1, EVENT_EXECUTION = 2, EVENT_ACTS = 3, EVENT_ACTOR = 4, EVENT_PREVIOUS = 5, EVENT_TIME = 6 };
enum { ACT_KIND = 1, ACT_CHANGED = 2, EVENT_KIND_SAVED = 1, EVENT_KIND_UPDATED = 2 };
enum { RESPONSE_RESULT = 1 };
enum { DONE_DIGEST = 1, DONE_PLAIN = 2 };

/* What a request is known by: where those of its execution lie, and which of them it is. */
enum { PLACE_BYTES = 8, MARK_BYTES = PLACE_BYTES + DIGEST_BYTES };

static const Slice NOBODY = {NULL, 0};
enum { RESULT_KEY = 1, RESULT_REVISION = 2, RESULT_VERSION = 3, RESULT_UPDATE_TIME = 4, RESULT_WARNINGS = 6, RESULT_EXPIRE_TIME = 7 };

static const char *const DOCUMENT_NAMES[STATE_FIELDS_END] = {
    [STATE_INPUT] = "input",
    [STATE_CONTEXT] = "context",
    [STATE_MEMBER_OUTPUTS] = "member_outputs",
    [STATE_METADATA] = "metadata",
};

/* What becomes of an entry. */
typedef struct {
    const Value *value;
    bool differs;
    Version old; /* of no ordinal: there is none */
} Change;

typedef struct {
    const Write *write;
    const Place *place;
    uint8_t mark[MARK_BYTES]; /* what the request is known by, if it has a request_id */
    Head head;                  /* as it will be */
    bool exists;
    int64_t previous_revision;
    State before;
    int64_t sweep_us; /* when to look at it; 0: as before */
    Change *changes;  /* one for each value */
    Row *rows;        /* keep the old versions alive */
} Plan;

static bool has_request_id(const Write *write) {
    return write->request_id != NULL;
}

/* What a request is known by in the shard: see ExecutionKey.request in keys.py. */
static int mark_request(Plan *plan) {
    const Write *const write = plan->write;
    Py_ssize_t size;
    const char *const text = PyUnicode_AsUTF8AndSize(write->request_id, &size);
    if (text == NULL)
        return -1;
    const Slice parts[] = {slice_of_bytes(write->row),
                           {(const uint8_t *)"\0", 1},
                           {(const uint8_t *)text, (size_t)size}};
    uint8_t place[DIGEST_BYTES];
    blake2b(parts, 1, NOBODY, place);
    memcpy(plan->mark, place, PLACE_BYTES);
    blake2b(parts, sizeof parts / sizeof *parts, NOBODY, plan->mark + PLACE_BYTES);
    return 0;
}

/* The key of the request in a generation. */
static PyObject *request_key(const Plan *plan, PyObject *generation) {
    const Py_ssize_t size = PyBytes_GET_SIZE(generation);
    PyObject *const key = PyBytes_FromStringAndSize(NULL, size + MARK_BYTES);
    if (key != NULL) {
        memcpy(PyBytes_AS_STRING(key), PyBytes_AS_STRING(generation), (size_t)size);
        memcpy(PyBytes_AS_STRING(key) + size, plan->mark, MARK_BYTES);
    }
    return key;
}

/* Whether the request was done before; -1: an exception. */
static int was_done(const Plan *plan) {
    const Batch *const batch = plan->place->batch;
    for (Py_ssize_t n = 0; n < PyTuple_GET_SIZE(batch->generations); n++) {
        PyObject *const key = request_key(plan, PyTuple_GET_ITEM(batch->generations, n));
        PyObject *const arguments[] = {batch->requests, key};
        PyObject *const row = key == NULL ? NULL : PyObject_Vectorcall(batch->get, arguments, 2, NULL);
        Py_XDECREF(key);
        if (row == NULL)
            return -1;
        const bool is_there = row != Py_None;
        Py_DECREF(row);
        if (is_there)
            return 1;
    }
    return 0;
}

/* The head before the change; false: the general way. */
static bool read_before(Plan *plan) {
    const Write *const write = plan->write;
    Head *const head = &plan->head;
    plan->exists = plan->place->head != Py_None;
    if (plan->place->now_us < 0)
        return false; /* the years before 1970 are not worth a rule of their own */
    if (!plan->exists) {
        memset(head, 0, sizeof *head);
        head->uid = head->history_floor = plan->place->revision;
        head->ttl_us = plan->place->batch->ttl_default_us;
        return !write->is_update && (!write->expects || write->expected_revision == 0);
    }
    if (!read_head(slice_of_bytes(plan->place->head), head) || head->has_open_pauses ||
        is_expired(head, plan->place->now_us) ||
        (write->expects && write->expected_revision != head->revision))
        return false;
    plan->before = head->state;
    plan->previous_revision = head->revision;
    return true;
}

/* The entries as they are; 0: the general way, -1: an exception. */
static int find_changes(Plan *plan) {
    const Write *const write = plan->write;
    uint8_t start[PREFIX_BYTES_MAX];
    uint64_t live = 0;
    for (size_t n = 0; n < write->values_count; n++) {
        const Value *const value = &write->values[n];
        Change *const change = &plan->changes[n];
        Row *const row = &plan->rows[n];
        *change = (Change){.value = value, .differs = true};
        if (!plan->exists)
            continue;
        const size_t size = store_prefix(start, (uint64_t)plan->head.uid, value->document, value->name);
        if (newest_row(plan->place->batch->newest, plan->place->batch->entries, (Slice){start, size}, row) < 0)
            return -1;
        if (row->value != NULL && !read_version(slice_of_bytes(row->value), &change->old))
            return 0;
        live += change->old.form != FORM_NONE;
        change->differs = !(change->old.form == FORM_PLAIN &&
                            change->old.value_bytes == value->value_bytes &&
                            same_bytes(change->old.content, value->value));
    }
    /* Were there others, a Save would have to remove them. */
    return write->is_update || live == state_entries(&plan->head);
}

/* Bring the counts of a document up to date; false where there are too many. */
static bool count(Head *head, const Change *change) {
    const bool is_new = change->old.form == FORM_NONE;
    const uint64_t before = is_new ? 0 : change->old.value_bytes, after = change->value->value_bytes;
    if (!is_new && before == after)
        return true;
    unsigned n = 0;
    while (n < head->sizes_count && head->sizes[n].document != change->value->document)
        n++;
    if (n == SIZES_MAX)
        return false;
    if (n == head->sizes_count)
        head->sizes[head->sizes_count++] = (DocumentSize){change->value->document, 0, 0};
    head->sizes[n].entries += is_new;
    head->sizes[n].value_bytes += after - before;
    return true;
}

static bool count_all(Plan *plan) {
    Head *const head = &plan->head;
    for (size_t n = 0; n < plan->write->values_count; n++)
        if (plan->changes[n].differs && !count(head, &plan->changes[n]))
            return false;
    for (unsigned n = 0; n < head->sizes_count; n++)
        if (head->sizes[n].document < STATE_DOCUMENTS_END &&
            head->sizes[n].entries > plan->place->batch->entries_max)
            return false;
    /* Beyond it, what a state takes must not grow. */
    return all_value_bytes(head) <= plan->place->batch->value_bytes_max;
}

/* Whether a state has all the labels of another one. */
static bool has_labels(const State *state, const State *wanted) {
    for (unsigned n = 0; n < wanted->labels_count; n++) {
        unsigned at = 0;
        while (at < state->labels_count && !same_bytes(state->labels[at], wanted->labels[n]))
            at++;
        if (at == state->labels_count)
            return false;
    }
    return true;
}

/* The state after a Save: the request's; false: the general way. */
static bool save_state(Plan *plan, int64_t now_us) {
    State *const state = &plan->head.state;
    *state = plan->write->state;
    if (!state->start_time.given) {
        state->start_time = plan->exists ? plan->before.start_time : time_of_us(now_us);
        state->start_time.given = true;
    }
    return state->labels_count == plan->before.labels_count && has_labels(&plan->before, state);
}

/* The state after an Update: what is set replaces what was there; false: the general way. */
static bool merge_state(Plan *plan) {
    const State *const changes = &plan->write->state;
    State *const state = &plan->head.state;
    if (changes->status > 0)
        state->status = changes->status;
    if (changes->current_member.at != NULL)
        state->current_member = changes->current_member;
    if (changes->schema_version.at != NULL)
        state->schema_version = changes->schema_version;
    if (changes->start_time.given)
        state->start_time = changes->start_time;
    for (uint32_t document = 0; document < STATE_FIELDS_END; document++)
        if (changes->documents[document].at != NULL)
            state->documents[document] = changes->documents[document];
    return has_labels(state, changes);
}

/* The head after the change; false: the general way. */
static bool go_on(Plan *plan, Slice key, Slice create_time) {
    const Place *const place = plan->place;
    Head *const head = &plan->head;
    const int64_t now_us = place->now_us > head->update_time_us ? place->now_us : head->update_time_us;
    if (!plan->exists) {
        head->key = key;
        head->create_time = create_time;
    }
    /* Labels that change are found by other rows from then on. */
    if (!(plan->write->is_update ? merge_state(plan) : save_state(plan, now_us)))
        return false;
    head->state.id = plan->write->id_text;
    head->revision = place->revision;
    head->version++;
    head->update_time_us = now_us;
    head->expire_time_us = head->ttl_us > 0 ? now_us + head->ttl_us : 0;
    if (head->sweep_time_us > head->expire_time_us)
        return false;
    if (head->expire_time_us > 0 && head->sweep_time_us == 0)
        plan->sweep_us = head->sweep_time_us = head->expire_time_us;
    return count_all(plan);
}

static void put_name(Buffer *buffer, const char *name) {
    put_bytes(buffer, ACT_CHANGED, (Slice){(const uint8_t *)name, strlen(name)});
}

static bool has_change_in(const Plan *plan, uint32_t document) {
    for (size_t n = 0; n < plan->write->values_count; n++)
        if (plan->changes[n].differs && plan->changes[n].value->document == document)
            return true;
    return false;
}

/* What was done, and the names of what really changed: as storing.py finds them. */
static void put_act(Buffer *buffer, const Plan *plan) {
    const State *const before = &plan->before, *const after = &plan->head.state;
    Buffer act;
    buffer_begin(&act);
    put_number(&act, ACT_KIND, plan->write->is_update ? EVENT_KIND_UPDATED : EVENT_KIND_SAVED);
    if (before->status != after->status)
        put_name(&act, "status");
    if (!same_text(before->current_member, after->current_member))
        put_name(&act, "current_member");
    if (!same_time(before->start_time, after->start_time))
        put_name(&act, "start_time");
    if (!same_text(before->schema_version, after->schema_version))
        put_name(&act, "schema_version");
    for (uint32_t document = 0; document < STATE_FIELDS_END; document++)
        if ((before->documents[document].at == NULL) != (after->documents[document].at == NULL) &&
            !has_change_in(plan, document))
            put_name(&act, DOCUMENT_NAMES[document]);
    for (size_t n = 0; n < plan->write->values_count; n++) {
        const Value *const value = plan->changes[n].value;
        if (!plan->changes[n].differs)
            continue;
        const char *const document = DOCUMENT_NAMES[value->document];
        const Slice name = {(const uint8_t *)document, strlen(document)};
        put_key(&act, ACT_CHANGED, name.size + 1 + value->name.size);
        put_raw(&act, name);
        put_raw(&act, (Slice){(const uint8_t *)".", 1});
        put_raw(&act, value->name);
    }
    buffer->failed |= act.failed;
    put_bytes(buffer, EVENT_ACTS, slice_of(&act));
    buffer_end(&act);
}

/* The log's times never go back, those of an execution may be before others'. */
static int64_t event_time_us(const Plan *plan) {
    const int64_t now_us = plan->head.update_time_us, log_us = plan->place->log_time_us;
    return now_us > log_us ? now_us : log_us;
}

static void put_event(Buffer *buffer, const Plan *plan, Slice execution) {
    put_fixed64(buffer, EVENT_UID, (uint64_t)plan->head.uid);
    put_fixed64(buffer, EVENT_PREVIOUS, (uint64_t)plan->previous_revision);
    put_bytes(buffer, EVENT_EXECUTION, execution);
    put_act(buffer, plan);
    if (plan->write->actor.size > 0)
        put_bytes(buffer, EVENT_ACTOR, plan->write->actor);
    put_fixed64(buffer, EVENT_TIME, (uint64_t)event_time_us(plan));
}

/* That the state is larger than it had better be, if it is. */
static void put_warning(Buffer *buffer, const Plan *plan) {
    const Batch *const batch = plan->place->batch;
    const uint64_t value_bytes = all_value_bytes(&plan->head);
    if (value_bytes <= batch->value_bytes_warn)
        return;
    const Slice start = slice_of_bytes(batch->warning_start), end = slice_of_bytes(batch->warning_end);
    char number[24];
    const int digits = snprintf(number, sizeof number, "%llu", (unsigned long long)value_bytes);
    const Slice count = {(const uint8_t *)number, (size_t)digits};
    put_key(buffer, RESULT_WARNINGS, start.size + count.size + end.size);
    put_raw(buffer, start);
    put_raw(buffer, count);
    put_raw(buffer, end);
}

static void put_response(Buffer *buffer, const Plan *plan) {
    const Head *const head = &plan->head;
    Buffer result;
    buffer_begin(&result);
    put_bytes(&result, RESULT_KEY, head->key);
    put_number(&result, RESULT_REVISION, (uint64_t)head->revision);
    put_number(&result, RESULT_VERSION, (uint64_t)head->version);
    put_time(&result, RESULT_UPDATE_TIME, time_of_us(head->update_time_us));
    put_warning(&result, plan);
    if (head->expire_time_us > 0)
        put_time(&result, RESULT_EXPIRE_TIME, time_of_us(head->expire_time_us));
    buffer->failed |= result.failed;
    put_bytes(buffer, RESPONSE_RESULT, slice_of(&result));
    buffer_end(&result);
}

/* Give a row to the transaction; -1: an exception. */
static int put_objects(const Place *place, PyObject *table, PyObject *key, PyObject *content) {
    PyObject *done = NULL;
    if (key != NULL && content != NULL) {
        PyObject *const arguments[] = {table, key, content};
        done = PyObject_Vectorcall(place->batch->put, arguments, 3, NULL);
    }
    Py_XDECREF(done);
    return done == NULL ? -1 : 0;
}

static int put_row(const Place *place, PyObject *table, PyObject *key, Slice value) {
    PyObject *const content = bytes_of_slice(value);
    const int done = put_objects(place, table, key, content);
    Py_XDECREF(content);
    return done;
}

static int put_event_row(const Plan *plan, PyObject *row) {
    uint8_t at[REVISION_BYTES];
    store_big(at, (uint64_t)plan->place->revision);
    PyObject *const key = bytes_of_slice((Slice){at, sizeof at});
    const int done = put_objects(plan->place, plan->place->batch->log, key, row);
    Py_XDECREF(key);
    return done;
}

/* Drop old versions of an entry in the general way; -1: an exception. */
static int prune_specially(Plan *plan, Slice prefix, Version *version) {
    Head *const head = &plan->head;
    PyObject *const outcome = PyObject_CallFunction(
        plan->place->batch->prune, "y#LIKLL", (const char *)prefix.at, (Py_ssize_t)prefix.size,
        (long long)plan->place->revision, (unsigned int)version->ordinal,
        (unsigned long long)version->pruned_revision, (long long)head->checkpoints,
        (long long)head->update_time_us);
    if (outcome == NULL)
        return -1;
    const long long revision = PyLong_AsLongLong(outcome);
    Py_DECREF(outcome);
    if (revision == -1 && PyErr_Occurred())
        return -1;
    if ((uint64_t)revision != version->pruned_revision) {
        version->pruned_revision = (uint64_t)revision;
        if (head->history_floor < revision)
            head->history_floor = revision;
    }
    return 0;
}

/* Drop old versions of the entry that a version is written of; -1: an exception. */
static int prune(Plan *plan, Slice prefix, Version *version) {
    const Newest newest = {.prefix = prefix,
                           .version = version,
                           .revision = plan->place->revision,
                           .time_us = plan->head.update_time_us,
                           .floor = &plan->head.history_floor};
    /* What checkpoints need stays. */
    const int outcome =
        plan->head.checkpoints > 0 ? 0 : prune_versions(&plan->place->batch->history, &newest);
    return outcome != 0 ? (outcome < 0 ? -1 : 0) : prune_specially(plan, prefix, version);
}

static int put_version_row(Plan *plan, const Change *change, Buffer *buffer) {
    uint8_t key[PREFIX_BYTES_MAX + REVISION_BYTES];
    const Value *const value = change->value;
    const size_t size = store_prefix(key, (uint64_t)plan->head.uid, value->document, value->name);
    store_big(key + size, (uint64_t)plan->place->revision);
    Version version = {.ordinal = change->old.ordinal + 1,
                       .pruned_revision = change->old.pruned_revision,
                       .value_bytes = value->value_bytes,
                       .form = FORM_PLAIN,
                       .content = value->value};
    if (version.ordinal % plan->place->batch->prune_every == 0 &&
        prune(plan, (Slice){key, size}, &version) < 0)
        return -1;
    buffer->size = 0;
    put_version(buffer, &version, plan->head.update_time_us);
    if (buffer->failed) {
        PyErr_NoMemory();
        return -1;
    }
    PyObject *const row = bytes_of_slice((Slice){key, size + REVISION_BYTES});
    const int done = put_row(plan->place, plan->place->batch->entries, row, slice_of(buffer));
    Py_XDECREF(row);
    return done;
}

/* Remember the request and its response, so that it is not done twice; -1: an exception. */
static int remember(const Plan *plan, Slice response) {
    const Write *const write = plan->write;
    const Slice content = slice_of_bytes(write->canonical);
    const char *const kind = write->is_update ? "UpdateRequest" : "SaveRequest";
    uint8_t digest[DIGEST_BYTES];
    Buffer done;
    blake2b(&content, 1, (Slice){(const uint8_t *)kind, strlen(kind)}, digest);
    buffer_begin(&done);
    put_bytes(&done, DONE_DIGEST, (Slice){digest, sizeof digest});
    put_bytes(&done, DONE_PLAIN, response);
    int outcome = -1;
    if (done.failed) {
        PyErr_NoMemory();
    } else {
        const Batch *const batch = plan->place->batch;
        PyObject *const key = request_key(plan, PyTuple_GET_ITEM(batch->generations, 0));
        outcome = put_row(plan->place, batch->requests, key, slice_of(&done));
        Py_XDECREF(key);
    }
    buffer_end(&done);
    return outcome;
}

/* By what the execution is to be found from now on, where that is something else; or None. */
static PyObject *moved(const Plan *plan) {
    if (plan->sweep_us == 0 && plan->before.status == plan->head.state.status)
        Py_RETURN_NONE;
    return Py_BuildValue("LLii", (long long)plan->head.uid, (long long)plan->sweep_us,
                         (int)plan->before.status, (int)plan->head.state.status);
}

/* Write the rows, and tell what was done; -1: an exception. */
static int write_down(Plan *plan, Written *written) {
    const Write *const write = plan->write;
    const Head *const head = &plan->head;
    Buffer execution, row, event;
    PyObject *event_row = NULL;
    int outcome = -1;
    buffer_begin(&execution);
    buffer_begin(&row);
    buffer_begin(&event);
    written->versions = 0;
    for (size_t n = 0; n < write->values_count; n++)
        if (plan->changes[n].differs) {
            written->versions++;
            if (put_version_row(plan, &plan->changes[n], &row) < 0)
                goto end;
        }
    put_execution(&execution, head);
    row.size = 0;
    put_head(&row, head, slice_of(&execution));
    put_event(&event, plan, slice_of(&execution));
    put_response(&written->response, plan);
    if (execution.failed || row.failed || event.failed || written->response.failed) {
        PyErr_NoMemory();
        goto end;
    }
    event_row = bytes_of_slice(slice_of(&event));
    if (event_row == NULL || put_row(plan->place, plan->place->batch->heads, write->row, slice_of(&row)) < 0 ||
        put_event_row(plan, event_row) < 0 ||
        (has_request_id(write) && remember(plan, slice_of(&written->response)) < 0))
        goto end;
    written->moved = moved(plan);
    if (written->moved == NULL)
        goto end;
    written->event = Py_NewRef(event_row);
    written->event_time_us = event_time_us(plan);
    outcome = 1;
end:
    buffer_end(&execution);
    buffer_end(&row);
    buffer_end(&event);
    Py_XDECREF(event_row);
    return outcome;
}

static int carry_out(Plan *plan, Written *written) {
    const Write *const write = plan->write;
    Buffer key, time;
    int outcome = find_changes(plan);
    if (outcome <= 0)
        return outcome;
    buffer_begin(&key);
    buffer_begin(&time);
    put_execution_key(&key, write->namespace_text, write->id_text);
    /* As the content of a field: without the field's key and its length. */
    put_time(&time, 0, time_of_us(plan->place->now_us));
    if (key.failed || time.failed) {
        PyErr_NoMemory();
        outcome = -1;
    } else if (go_on(plan, slice_of(&key), (Slice){time.data + 2, time.size - 2})) {
        outcome = write_down(plan, written);
    } else {
        outcome = 0;
    }
    buffer_end(&key);
    buffer_end(&time);
    return outcome;
}

int write_plain(const Write *write, const Place *place, Written *written) {
    enum { FEW = 8 };
    Change few_changes[FEW];
    Row few_rows[FEW];
    Plan plan = {.write = write, .place = place};
    const size_t count = write->values_count;
    const bool is_few = count <= FEW;
    if (has_request_id(write)) {
        const int done = mark_request(&plan) < 0 ? -1 : was_done(&plan);
        if (done != 0)
            return done < 0 ? -1 : 0;
    }
    if (!read_before(&plan))
        return 0;
    plan.changes = is_few ? few_changes : PyMem_Malloc(count * sizeof *plan.changes);
    plan.rows = is_few ? few_rows : PyMem_Malloc(count * sizeof *plan.rows);
    int outcome = -1;
    if (plan.changes == NULL || plan.rows == NULL) {
        PyErr_NoMemory();
    } else {
        memset(plan.rows, 0, count * sizeof *plan.rows);
        outcome = carry_out(&plan, written);
        for (size_t n = 0; n < count; n++)
            drop_row(&plan.rows[n]);
    }
    if (!is_few) {
        PyMem_Free(plan.changes);
        PyMem_Free(plan.rows);
    }
    return outcome;
}
