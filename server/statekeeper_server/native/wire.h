/* Reading and writing the wire format of protobuf.
 *
 * What is read here comes from callers, so nothing is taken on trust: whatever is not exactly
 * as a careful writer puts it (a number in more bytes than it takes, a length that reaches too
 * far, a group) is not read at all, and left to protobuf.
 */
#ifndef STATEKEEPER_WIRE_H
#define STATEKEEPER_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2, WIRE_FIXED32 = 5 };

/* Bytes of somebody else; `at` is NULL where there are none at all. */
typedef struct {
    const uint8_t *at;
    size_t size;
} Slice;

static inline bool same_bytes(Slice left, Slice right) {
    return left.size == right.size && (left.size == 0 || memcmp(left.at, right.at, left.size) == 0);
}

typedef struct {
    const uint8_t *at;
    const uint8_t *end;
} Reader;

typedef struct {
    uint32_t number;
    uint32_t type;
    uint64_t value; /* of a number of any size */
    Slice bytes;    /* of WIRE_BYTES, then never NULL */
    Slice whole;    /* the field with its key */
} Field;

static inline Reader reader_of(Slice slice) {
    return (Reader){slice.at, slice.at + slice.size};
}

static inline size_t varint_size(uint64_t value) {
    size_t size = 1;
    while (value >= 0x80) {
        value >>= 7;
        size++;
    }
    return size;
}

static inline bool read_varint(Reader *reader, uint64_t *value) {
    const uint8_t *at = reader->at;
    uint64_t read = 0;
    for (unsigned shift = 0; shift < 64 && at < reader->end; shift += 7) {
        const uint8_t byte = *at++;
        if (shift == 63 && byte > 1)
            return false;
        read |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            if (byte == 0 && shift > 0)
                return false;
            reader->at = at;
            *value = read;
            return true;
        }
    }
    return false;
}

/* Little-endian, as on the wire. */
static inline uint64_t read_little(const uint8_t *at, size_t size) {
    uint64_t value = 0;
    for (size_t n = 0; n < size; n++)
        value |= (uint64_t)at[n] << (8 * n);
    return value;
}

/* The next field; false when it cannot be read. There must be one: reader->at < reader->end. */
static inline bool read_field(Reader *reader, Field *field) {
    const uint8_t *const start = reader->at;
    uint64_t key;
    if (!read_varint(reader, &key) || key < 8 || key > UINT32_MAX)
        return false;
    field->number = (uint32_t)(key >> 3);
    field->type = (uint32_t)(key & 7);
    field->value = 0;
    field->bytes = (Slice){NULL, 0};
    const size_t left = (size_t)(reader->end - reader->at);
    switch (field->type) {
    case WIRE_VARINT:
        if (!read_varint(reader, &field->value))
            return false;
        break;
    case WIRE_FIXED64:
    case WIRE_FIXED32: {
        const size_t size = field->type == WIRE_FIXED64 ? 8 : 4;
        if (left < size)
            return false;
        field->value = read_little(reader->at, size);
        reader->at += size;
        break;
    }
    case WIRE_BYTES: {
        uint64_t size;
        if (!read_varint(reader, &size) || size > (uint64_t)(reader->end - reader->at))
            return false;
        field->bytes = (Slice){reader->at, (size_t)size};
        reader->at += size;
        break;
    }
    default:
        return false;
    }
    field->whole = (Slice){start, (size_t)(reader->at - start)};
    return true;
}

/* Bytes that are being written. Once there is no memory, `failed` says so and all is in vain. */
typedef struct {
    uint8_t *data;
    size_t size;
    size_t room;
    bool failed;
    uint8_t first[1024]; /* most messages need no more */
} Buffer;

static inline void buffer_begin(Buffer *buffer) {
    buffer->data = buffer->first;
    buffer->size = 0;
    buffer->room = sizeof buffer->first;
    buffer->failed = false;
}

static inline void buffer_end(Buffer *buffer) {
    if (buffer->data != buffer->first)
        free(buffer->data);
}

static inline Slice slice_of(const Buffer *buffer) {
    return (Slice){buffer->data, buffer->size};
}

/* Where to write so many bytes; NULL when there is no memory. */
static inline uint8_t *buffer_grow(Buffer *buffer, size_t size) {
    if (buffer->failed)
        return NULL;
    if (buffer->room - buffer->size < size) {
        const size_t room = 2 * (buffer->size + size);
        const bool moves = buffer->data == buffer->first;
        uint8_t *const data = realloc(moves ? NULL : buffer->data, room);
        if (data == NULL) {
            buffer->failed = true;
            return NULL;
        }
        if (moves)
            memcpy(data, buffer->first, buffer->size);
        buffer->data = data;
        buffer->room = room;
    }
    uint8_t *const at = buffer->data + buffer->size;
    buffer->size += size;
    return at;
}

static inline void put_raw(Buffer *buffer, Slice slice) {
    uint8_t *const at = buffer_grow(buffer, slice.size);
    if (at != NULL && slice.size > 0)
        memcpy(at, slice.at, slice.size);
}

static inline void put_varint(Buffer *buffer, uint64_t value) {
    uint8_t *at = buffer_grow(buffer, varint_size(value));
    if (at == NULL)
        return;
    while (value >= 0x80) {
        *at++ = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    *at = (uint8_t)value;
}

/* A number; 0 is what is read where there is none. */
static inline void put_number(Buffer *buffer, uint32_t number, uint64_t value) {
    if (value == 0)
        return;
    put_varint(buffer, (uint64_t)number << 3 | WIRE_VARINT);
    put_varint(buffer, value);
}

static inline void put_little(Buffer *buffer, uint64_t value, size_t size) {
    uint8_t *const at = buffer_grow(buffer, size);
    for (size_t n = 0; at != NULL && n < size; n++)
        at[n] = (uint8_t)(value >> (8 * n));
}

static inline void put_fixed64(Buffer *buffer, uint32_t number, uint64_t value) {
    put_varint(buffer, (uint64_t)number << 3 | WIRE_FIXED64);
    put_little(buffer, value, 8);
}

static inline void put_fixed32(Buffer *buffer, uint32_t number, uint32_t value) {
    put_varint(buffer, (uint64_t)number << 3 | WIRE_FIXED32);
    put_little(buffer, value, 4);
}

/* What stands before a message, a text or bytes of this size. */
static inline void put_key(Buffer *buffer, uint32_t number, size_t size) {
    put_varint(buffer, (uint64_t)number << 3 | WIRE_BYTES);
    put_varint(buffer, size);
}

static inline void put_bytes(Buffer *buffer, uint32_t number, Slice slice) {
    put_key(buffer, number, slice.size);
    put_raw(buffer, slice);
}

/* How much `put_bytes` writes for content of this size. */
static inline size_t bytes_size(uint32_t number, size_t size) {
    return varint_size((uint64_t)number << 3) + varint_size(size) + size;
}

#endif
