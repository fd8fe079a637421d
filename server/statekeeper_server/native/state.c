#include "state.h"

static bool set_once(Slice *slice, const Field *field) {
    if (field->type != WIRE_BYTES || slice->at != NULL)
        return false;
    *slice = field->bytes;
    return true;
}

bool read_time(Slice message, Time *time) {
    Reader reader = reader_of(message);
    unsigned seen = 0;
    *time = (Time){true, 0, 0};
    while (reader.at < reader.end) {
        Field field;
        if (!read_field(&reader, &field) || field.type != WIRE_VARINT || field.number > 2 ||
            (seen & 1u << field.number) || field.value == 0)
            return false;
        seen |= 1u << field.number;
        if (field.number == 1)
            time->seconds = (int64_t)field.value;
        else if (field.value < 1000000000)
            time->nanos = (int32_t)field.value;
        else
            return false;
    }
    return true;
}

bool read_state(Slice message, State *state) {
    Reader reader = reader_of(message);
    memset(state, 0, sizeof *state);
    while (reader.at < reader.end) {
        Field field;
        if (!read_field(&reader, &field))
            return false;
        bool known;
        switch (field.number) {
        case STATE_ID:
            known = set_once(&state->id, &field);
            break;
        case STATE_STATUS:
            known = field.type == WIRE_VARINT && state->status == 0;
            state->status = field.value;
            break;
        case STATE_CURRENT_MEMBER:
            known = set_once(&state->current_member, &field);
            break;
        case STATE_SCHEMA_VERSION:
            known = set_once(&state->schema_version, &field);
            break;
        case STATE_START_TIME:
            known = field.type == WIRE_BYTES && !state->start_time.given &&
                    read_time(field.bytes, &state->start_time);
            break;
        case STATE_LABELS:
            known = field.type == WIRE_BYTES && state->labels_count < LABELS_MAX;
            if (known)
                state->labels[state->labels_count++] = field.whole;
            break;
        default:
            known = is_document(field.number) && set_once(&state->documents[field.number], &field);
        }
        if (!known)
            return false;
    }
    return true;
}

Time time_of_us(int64_t us) {
    return (Time){true, us / 1000000, (int32_t)(us % 1000000) * 1000};
}

static size_t number_size(uint64_t value) {
    return value == 0 ? 0 : 1 + varint_size(value);
}

void put_time(Buffer *buffer, uint32_t number, Time time) {
    put_key(buffer, number, number_size((uint64_t)time.seconds) + number_size((uint64_t)time.nanos));
    put_number(buffer, 1, (uint64_t)time.seconds);
    put_number(buffer, 2, (uint64_t)time.nanos);
}

void put_state(Buffer *buffer, uint32_t number, const State *state) {
    Buffer inner;
    buffer_begin(&inner);
    if (state->id.size > 0)
        put_bytes(&inner, STATE_ID, state->id);
    put_number(&inner, STATE_STATUS, state->status);
    for (uint32_t document = STATE_INPUT; document <= STATE_MEMBER_OUTPUTS; document++)
        if (state->documents[document].at != NULL)
            put_key(&inner, document, 0);
    if (state->current_member.at != NULL)
        put_bytes(&inner, STATE_CURRENT_MEMBER, state->current_member);
    if (state->start_time.given)
        put_time(&inner, STATE_START_TIME, state->start_time);
    if (state->documents[STATE_METADATA].at != NULL)
        put_key(&inner, STATE_METADATA, 0);
    for (unsigned n = 0; n < state->labels_count; n++)
        put_raw(&inner, state->labels[n]);
    if (state->schema_version.at != NULL)
        put_bytes(&inner, STATE_SCHEMA_VERSION, state->schema_version);
    buffer->failed |= inner.failed;
    put_bytes(buffer, number, slice_of(&inner));
    buffer_end(&inner);
}
