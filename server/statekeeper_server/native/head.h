/* Rows of the tables heads and entries: statekeeper/storage/v1/records.proto. */
#ifndef STATEKEEPER_HEAD_H
#define STATEKEEPER_HEAD_H

#include "state.h"

enum { SIZES_MAX = 16 };

typedef struct {
    uint64_t document;
    uint64_t entries;
    uint64_t value_bytes;
} DocumentSize;

/* Field numbers of Execution. */
enum {
    EXECUTION_KEY = 1,
    EXECUTION_REVISION = 2,
    EXECUTION_VERSION = 3,
    EXECUTION_CREATE_TIME = 4,
    EXECUTION_UPDATE_TIME = 5,
    EXECUTION_EXPIRE_TIME = 6,
    EXECUTION_STATE = 7
};

/* A Head, and the Execution in it; negative numbers are not read. */
typedef struct {
    int64_t uid;
    int64_t expire_time_us;
    int64_t ttl_us;
    int64_t history_floor;
    int64_t pauses;
    int64_t checkpoints;
    int64_t sweep_time_us;
    int64_t update_time_us;
    bool has_open_pauses;
    DocumentSize sizes[SIZES_MAX];
    unsigned sizes_count;
    Slice execution; /* the whole message */
    Slice key;
    int64_t revision;
    int64_t version;
    Slice create_time;
    State state;
} Head;

/* False when it cannot be read, or has what this does not know. */
bool read_head(Slice row, Head *head);
void put_head(Buffer *buffer, const Head *head, Slice execution);
/* The Execution as the head is now, with the times of the write. */
void put_execution(Buffer *buffer, const Head *head);

static inline bool is_expired(const Head *head, int64_t now_us) {
    return head->expire_time_us > 0 && head->expire_time_us <= now_us;
}

/* How many entries the documents of the state have. */
uint64_t state_entries(const Head *head);
/* How many bytes the values of all documents have. */
uint64_t all_value_bytes(const Head *head);

enum { FORM_NONE = 0, FORM_PLAIN = 4, FORM_ZSTD = 5, FORM_CHUNKS = 6 };

/* An EntryVersion. */
typedef struct {
    uint32_t ordinal;
    int64_t time_us; /* not written from here: see put_version */
    uint64_t pruned_revision;
    uint64_t value_bytes;
    uint32_t form; /* the field that tells the value; FORM_NONE: the entry was removed */
    Slice content;
} Version;

bool read_version(Slice row, Version *version);
/* A version that has a value, written at a time. */
void put_version(Buffer *buffer, const Version *version, int64_t time_us);

#endif
