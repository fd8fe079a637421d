/* Messages of the contract, as far as plain requests and heads have them: field by field what
 * statekeeper/v1/execution.proto says.
 */
#ifndef STATEKEEPER_STATE_H
#define STATEKEEPER_STATE_H

#include "wire.h"

enum { LABELS_MAX = 32, STATE_DOCUMENTS_END = 64 };

/* Field numbers of ExecutionState. */
enum {
    STATE_ID = 1,
    STATE_STATUS = 2,
    STATE_INPUT = 3,
    STATE_CONTEXT = 4,
    STATE_MEMBER_OUTPUTS = 5,
    STATE_CURRENT_MEMBER = 6,
    STATE_START_TIME = 7,
    STATE_METADATA = 8,
    STATE_LABELS = 9,
    STATE_SCHEMA_VERSION = 10,
    STATE_FIELDS_END
};

/* Field numbers of ExecutionKey, and of Document and the entries of its map. */
enum { KEY_NAMESPACE = 1, KEY_EXECUTION_ID = 2 };
enum { DOCUMENT_ENTRIES = 1, ENTRY_NAME = 1, ENTRY_VALUE = 2 };

/* A google.protobuf.Timestamp. */
typedef struct {
    bool given;
    int64_t seconds;
    int32_t nanos;
} Time;

/* An ExecutionState; a slice whose `at` is NULL is not set. */
typedef struct {
    Slice id;
    uint64_t status;
    Slice current_member;
    Slice schema_version;
    Time start_time;
    Slice documents[STATE_FIELDS_END]; /* the content of those that are set, by their numbers */
    Slice labels[LABELS_MAX];          /* whole fields */
    unsigned labels_count;
} State;

static inline bool is_document(uint32_t number) {
    return (number >= STATE_INPUT && number <= STATE_MEMBER_OUTPUTS) || number == STATE_METADATA;
}

/* False when it cannot be read, or has what this does not know or twice what can be there once. */
bool read_state(Slice message, State *state);
bool read_time(Slice message, Time *time);

/* Write a State as a field; of its documents, that they are set. */
void put_state(Buffer *buffer, uint32_t number, const State *state);
void put_time(Buffer *buffer, uint32_t number, Time time);
Time time_of_us(int64_t us);

/* Write what is in an ExecutionKey. */
static inline void put_execution_key(Buffer *buffer, Slice namespace_text, Slice id) {
    put_bytes(buffer, KEY_NAMESPACE, namespace_text);
    put_bytes(buffer, KEY_EXECUTION_ID, id);
}

/* An entry of a Document's map: what is in it takes, what the whole field takes, and it itself. */
static inline size_t entry_size(Slice name, Slice value) {
    return bytes_size(ENTRY_NAME, name.size) + bytes_size(ENTRY_VALUE, value.size);
}

static inline size_t entry_field_size(Slice name, Slice value) {
    return bytes_size(DOCUMENT_ENTRIES, entry_size(name, value));
}

static inline void put_entry(Buffer *buffer, Slice name, Slice value) {
    put_key(buffer, DOCUMENT_ENTRIES, entry_size(name, value));
    put_bytes(buffer, ENTRY_NAME, name);
    put_bytes(buffer, ENTRY_VALUE, value);
}

static inline bool same_time(Time left, Time right) {
    return left.given == right.given && left.seconds == right.seconds && left.nanos == right.nanos;
}

/* Whether both are set and the same, or neither is. */
static inline bool same_text(Slice left, Slice right) {
    return (left.at == NULL) == (right.at == NULL) && same_bytes(left, right);
}

#endif
