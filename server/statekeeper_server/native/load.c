#include "load.h"

#include "head.h"

enum { RESPONSE_EXECUTION = 1 };
/* An execution of more entries takes the general way, whatever its caller allows. */
enum { ENTRIES_MAX = 256 };

typedef struct {
    Row row; /* keeps the slices alive */
    uint32_t document;
    Slice name;
    Slice value;
} Found;

/* Make of a row what it says; 0: it is not a plain value, or it is removed (`value.at` is NULL). */
static bool read_found(Found *found) {
    const Slice key = slice_of_bytes(found->row.key);
    Version version;
    if (key.size <= PREFIX_HEAD_BYTES + REVISION_BYTES ||
        !read_version(slice_of_bytes(found->row.value), &version))
        return false;
    found->document = key.at[UID_BYTES];
    found->name =
        (Slice){key.at + PREFIX_HEAD_BYTES, key.size - PREFIX_HEAD_BYTES - REVISION_BYTES};
    found->value = version.content;
    return version.form == FORM_PLAIN || version.form == FORM_NONE;
}

/* The newest versions of the state's entries that are not removed, the last one first.
 *
 * How many; -1: an exception; -2: the general way has to be taken.
 */
static int find_entries(const Head *head, PyObject *seek, Found *found) {
    const unsigned wanted = (unsigned)state_entries(head);
    uint8_t at[PREFIX_BYTES_MAX + REVISION_BYTES];
    size_t size = UID_BYTES + 1;
    unsigned count = 0;
    store_big(at, (uint64_t)head->uid);
    at[UID_BYTES] = STATE_DOCUMENTS_END;
    while (count < wanted) {
        Found *const next = &found[count];
        if (seek_before(seek, (Slice){at, size}, &next->row) < 0)
            return -1;
        if (next->row.key == NULL || PyBytes_GET_SIZE(next->row.key) < UID_BYTES ||
            memcmp(PyBytes_AS_STRING(next->row.key), at, UID_BYTES) != 0) {
            drop_row(&next->row);
            return -2; /* fewer than the head says: the general way tells what that means */
        }
        count++;
        if (!read_found(next) || next->name.size > NAME_BYTES_MAX)
            return -2;
        /* Before its oldest version; the uid stays what it was. */
        size = (size_t)PyBytes_GET_SIZE(next->row.key);
        memcpy(at, PyBytes_AS_STRING(next->row.key), size - REVISION_BYTES);
        store_big(at + size - REVISION_BYTES, 0);
        if (next->value.at == NULL) {
            drop_row(&next->row);
            count--;
        }
    }
    return (int)count;
}

static void put_document(Buffer *buffer, uint32_t document, const Found *found, int count) {
    size_t size = 0;
    for (int n = 0; n < count; n++)
        if (found[n].document == document)
            size += entry_field_size(found[n].name, found[n].value);
    put_key(buffer, document, size);
    for (int n = 0; n < count; n++)
        if (found[n].document == document)
            put_entry(buffer, found[n].name, found[n].value);
}

/* The state with its values: the fields that are documents get content, the others stay. */
static void put_full_state(Buffer *buffer, Slice state, const Found *found, int count) {
    Reader reader = reader_of(state);
    Field field;
    while (reader.at < reader.end && read_field(&reader, &field))
        if (is_document(field.number))
            put_document(buffer, field.number, found, count);
        else
            put_raw(buffer, field.whole);
}

static PyObject *response_of(const Head *head, const Found *found, int count) {
    Reader reader = reader_of(head->execution);
    Buffer state, execution, response;
    Field field;
    buffer_begin(&state);
    buffer_begin(&execution);
    buffer_begin(&response);
    while (reader.at < reader.end && read_field(&reader, &field))
        if (field.number == EXECUTION_STATE) {
            put_full_state(&state, field.bytes, found, count);
            put_bytes(&execution, EXECUTION_STATE, slice_of(&state));
        } else {
            put_raw(&execution, field.whole);
        }
    put_bytes(&response, RESPONSE_EXECUTION, slice_of(&execution));
    PyObject *const answer = state.failed || execution.failed || response.failed
                                 ? PyErr_NoMemory()
                                 : bytes_of_slice(slice_of(&response));
    buffer_end(&state);
    buffer_end(&execution);
    buffer_end(&response);
    return answer;
}

/* Whether all values have a document to be in. */
static bool have_documents(const Head *head, const Found *found, int count) {
    for (int n = 0; n < count; n++)
        if (!is_document(found[n].document) || head->state.documents[found[n].document].at == NULL)
            return false;
    return true;
}

PyObject *load(PyObject *row, PyObject *seek, int64_t now_us, uint64_t entries_max,
               uint64_t value_bytes_max) {
    Head head;
    if (!read_head(slice_of_bytes(row), &head) || head.pauses > 0 || head.has_open_pauses ||
        is_expired(&head, now_us) || state_entries(&head) > entries_max ||
        state_entries(&head) > ENTRIES_MAX || all_value_bytes(&head) > value_bytes_max)
        Py_RETURN_NONE;
    Found found[ENTRIES_MAX];
    memset(found, 0, state_entries(&head) * sizeof *found);
    const int count = find_entries(&head, seek, found);
    PyObject *answer = NULL;
    if (count == -2 || (count >= 0 && !have_documents(&head, found, count)))
        answer = Py_NewRef(Py_None);
    else if (count >= 0)
        answer = response_of(&head, found, count);
    for (uint64_t n = 0; n < state_entries(&head); n++)
        drop_row(&found[n].row);
    return answer;
}
