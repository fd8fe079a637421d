#include "head.h"

enum {
    HEAD_UID = 1,
    HEAD_EXECUTION = 2,
    HEAD_EXPIRE_TIME = 3,
    HEAD_TTL = 4,
    HEAD_SIZES = 5,
    HEAD_HISTORY_FLOOR = 6,
    HEAD_OPEN_PAUSES = 7,
    HEAD_PAUSES = 8,
    HEAD_CHECKPOINTS = 9,
    HEAD_SWEEP_TIME = 10,
    HEAD_UPDATE_TIME = 11
};
enum { SIZE_DOCUMENT = 1, SIZE_ENTRIES = 2, SIZE_VALUE_BYTES = 3 };
enum { VERSION_ORDINAL = 1, VERSION_TIME = 2, VERSION_VALUE_BYTES = 3, VERSION_PRUNED = 8 };

static bool read_number(const Field *field, int64_t *number) {
    *number = (int64_t)field->value;
    return field->type == WIRE_VARINT && *number >= 0;
}

static bool read_size(Slice message, DocumentSize *size) {
    Reader reader = reader_of(message);
    *size = (DocumentSize){0, 0, 0};
    while (reader.at < reader.end) {
        Field field;
        if (!read_field(&reader, &field) || field.type != WIRE_VARINT)
            return false;
        if (field.number == SIZE_DOCUMENT)
            size->document = field.value;
        else if (field.number == SIZE_ENTRIES)
            size->entries = field.value;
        else if (field.number == SIZE_VALUE_BYTES)
            size->value_bytes = field.value;
        else
            return false;
    }
    return true;
}

static bool read_execution(Slice message, Head *head) {
    Reader reader = reader_of(message);
    bool has_state = false;
    while (reader.at < reader.end) {
        Field field;
        if (!read_field(&reader, &field))
            return false;
        bool known = field.type == WIRE_BYTES;
        switch (field.number) {
        case EXECUTION_KEY:
            head->key = field.bytes;
            break;
        case EXECUTION_REVISION:
            known = read_number(&field, &head->revision);
            break;
        case EXECUTION_VERSION:
            known = read_number(&field, &head->version);
            break;
        case EXECUTION_CREATE_TIME:
            head->create_time = field.bytes;
            break;
        case EXECUTION_UPDATE_TIME: /* these two are in the head as well */
        case EXECUTION_EXPIRE_TIME:
            break;
        case EXECUTION_STATE:
            known = known && !has_state && read_state(field.bytes, &head->state);
            has_state = true;
            break;
        default:
            known = false;
        }
        if (!known)
            return false;
    }
    return has_state && head->key.at != NULL && head->create_time.at != NULL;
}

bool read_head(Slice row, Head *head) {
    Reader reader = reader_of(row);
    memset(head, 0, sizeof *head);
    while (reader.at < reader.end) {
        Field field;
        if (!read_field(&reader, &field))
            return false;
        bool known;
        switch (field.number) {
        case HEAD_UID:
            known = read_number(&field, &head->uid);
            break;
        case HEAD_EXECUTION:
            known = field.type == WIRE_BYTES && head->execution.at == NULL;
            head->execution = field.bytes;
            break;
        case HEAD_EXPIRE_TIME:
            known = read_number(&field, &head->expire_time_us);
            break;
        case HEAD_TTL:
            known = read_number(&field, &head->ttl_us);
            break;
        case HEAD_SIZES:
            known = field.type == WIRE_BYTES && head->sizes_count < SIZES_MAX &&
                    read_size(field.bytes, &head->sizes[head->sizes_count++]);
            break;
        case HEAD_HISTORY_FLOOR:
            known = read_number(&field, &head->history_floor);
            break;
        case HEAD_OPEN_PAUSES:
            known = head->has_open_pauses = true;
            break;
        case HEAD_PAUSES:
            known = read_number(&field, &head->pauses);
            break;
        case HEAD_CHECKPOINTS:
            known = read_number(&field, &head->checkpoints);
            break;
        case HEAD_SWEEP_TIME:
            known = read_number(&field, &head->sweep_time_us);
            break;
        case HEAD_UPDATE_TIME:
            known = read_number(&field, &head->update_time_us);
            break;
        default:
            known = false;
        }
        if (!known)
            return false;
    }
    return head->execution.at != NULL && read_execution(head->execution, head);
}

void put_head(Buffer *buffer, const Head *head, Slice execution) {
    put_number(buffer, HEAD_UID, (uint64_t)head->uid);
    put_bytes(buffer, HEAD_EXECUTION, execution);
    put_number(buffer, HEAD_EXPIRE_TIME, (uint64_t)head->expire_time_us);
    put_number(buffer, HEAD_TTL, (uint64_t)head->ttl_us);
    for (unsigned n = 0; n < head->sizes_count; n++) {
        const DocumentSize *const size = &head->sizes[n];
        Buffer inner;
        buffer_begin(&inner);
        put_number(&inner, SIZE_DOCUMENT, size->document);
        put_number(&inner, SIZE_ENTRIES, size->entries);
        put_number(&inner, SIZE_VALUE_BYTES, size->value_bytes);
        put_bytes(buffer, HEAD_SIZES, slice_of(&inner));
        buffer_end(&inner);
    }
    put_number(buffer, HEAD_HISTORY_FLOOR, (uint64_t)head->history_floor);
    put_number(buffer, HEAD_PAUSES, (uint64_t)head->pauses);
    put_number(buffer, HEAD_CHECKPOINTS, (uint64_t)head->checkpoints);
    put_number(buffer, HEAD_SWEEP_TIME, (uint64_t)head->sweep_time_us);
    put_number(buffer, HEAD_UPDATE_TIME, (uint64_t)head->update_time_us);
}

void put_execution(Buffer *buffer, const Head *head) {
    put_bytes(buffer, EXECUTION_KEY, head->key);
    put_number(buffer, EXECUTION_REVISION, (uint64_t)head->revision);
    put_number(buffer, EXECUTION_VERSION, (uint64_t)head->version);
    put_bytes(buffer, EXECUTION_CREATE_TIME, head->create_time);
    put_time(buffer, EXECUTION_UPDATE_TIME, time_of_us(head->update_time_us));
    if (head->expire_time_us > 0)
        put_time(buffer, EXECUTION_EXPIRE_TIME, time_of_us(head->expire_time_us));
    put_state(buffer, EXECUTION_STATE, &head->state);
}

uint64_t state_entries(const Head *head) {
    uint64_t entries = 0;
    for (unsigned n = 0; n < head->sizes_count; n++)
        if (head->sizes[n].document < STATE_DOCUMENTS_END)
            entries += head->sizes[n].entries;
    return entries;
}

uint64_t all_value_bytes(const Head *head) {
    uint64_t bytes = 0;
    for (unsigned n = 0; n < head->sizes_count; n++)
        bytes += head->sizes[n].value_bytes;
    return bytes;
}

bool read_version(Slice row, Version *version) {
    Reader reader = reader_of(row);
    memset(version, 0, sizeof *version);
    while (reader.at < reader.end) {
        Field field;
        if (!read_field(&reader, &field))
            return false;
        switch (field.number) {
        case VERSION_ORDINAL:
            if (field.type != WIRE_FIXED32)
                return false;
            version->ordinal = (uint32_t)field.value;
            break;
        case VERSION_TIME:
            if (field.type != WIRE_FIXED64)
                return false;
            version->time_us = (int64_t)field.value;
            break;
        case VERSION_VALUE_BYTES:
            if (field.type != WIRE_FIXED64)
                return false;
            version->value_bytes = field.value;
            break;
        case VERSION_PRUNED:
            if (field.type != WIRE_FIXED64)
                return false;
            version->pruned_revision = field.value;
            break;
        case FORM_PLAIN:
        case FORM_ZSTD:
        case FORM_CHUNKS:
            if (field.type != WIRE_BYTES || version->form != FORM_NONE)
                return false;
            version->form = field.number;
            version->content = field.bytes;
            break;
        default:
            return false;
        }
    }
    return true;
}

void put_version(Buffer *buffer, const Version *version, int64_t time_us) {
    put_fixed32(buffer, VERSION_ORDINAL, version->ordinal);
    put_fixed64(buffer, VERSION_TIME, (uint64_t)time_us);
    put_fixed64(buffer, VERSION_PRUNED, version->pruned_revision);
    put_fixed64(buffer, VERSION_VALUE_BYTES, version->value_bytes);
    put_bytes(buffer, version->form, version->content);
}
