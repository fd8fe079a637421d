#include "text.h"

/* Deeper values are left to the general way, which knows the limit. */
enum { JSON_DEPTH_MAX = 64, JSON_DIGITS_MAX = 15 };

/* The size of the character that begins here; 0 where it is none. */
static size_t character_size(const uint8_t *at, const uint8_t *end) {
    const uint8_t first = at[0];
    size_t size;
    uint32_t point;
    if (first < 0x80)
        return 1;
    if (first >= 0xc2 && first <= 0xdf) {
        size = 2;
        point = first & 0x1fu;
    } else if (first >= 0xe0 && first <= 0xef) {
        size = 3;
        point = first & 0x0fu;
    } else if (first >= 0xf0 && first <= 0xf4) {
        size = 4;
        point = first & 0x07u;
    } else {
        return 0;
    }
    if ((size_t)(end - at) < size)
        return 0;
    for (size_t n = 1; n < size; n++) {
        if ((at[n] & 0xc0) != 0x80)
            return 0;
        point = point << 6 | (at[n] & 0x3fu);
    }
    if (size == 3 && (point < 0x800 || (point >= 0xd800 && point <= 0xdfff)))
        return 0;
    if (size == 4 && (point < 0x10000 || point > 0x10ffff))
        return 0;
    return size;
}

/* How many bytes from here on are ASCII, in steps of eight. */
static size_t ascii_run(const uint8_t *at, const uint8_t *end) {
    const uint8_t *const start = at;
    while (end - at >= 8) {
        uint64_t eight;
        memcpy(&eight, at, 8);
        if (eight & UINT64_C(0x8080808080808080))
            break;
        at += 8;
    }
    return (size_t)(at - start);
}

bool is_utf8(Slice text) {
    const uint8_t *at = text.at, *const end = text.at + text.size;
    while (at < end) {
        at += ascii_run(at, end);
        if (at < end) {
            const size_t size = character_size(at, end);
            if (size == 0)
                return false;
            at += size;
        }
    }
    return true;
}

bool is_name(Slice text, size_t bytes_max) {
    if (text.size == 0 || text.size > bytes_max || !is_utf8(text))
        return false;
    for (size_t n = 0; n < text.size; n++) {
        const uint8_t byte = text.at[n];
        if (byte < 0x20 || byte == 0x7f)
            return false;
        /* U+0080 to U+009F; in UTF-8 the second byte is there. */
        if (byte == 0xc2 && text.at[n + 1] < 0xa0)
            return false;
    }
    return true;
}

static bool is_digit(uint8_t byte) {
    return byte >= '0' && byte <= '9';
}

static bool is_letter_or_digit(uint8_t byte) {
    return is_digit(byte) || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
}

bool is_namespace(Slice text) {
    if (text.size == 0 || text.size > 63 || !is_letter_or_digit(text.at[0]))
        return false;
    for (size_t n = 1; n < text.size; n++) {
        const uint8_t byte = text.at[n];
        if (!is_letter_or_digit(byte) && byte != '.' && byte != '_' && byte != '-')
            return false;
    }
    return true;
}

static bool is_hex(uint8_t byte) {
    return is_digit(byte) || (byte >= 'A' && byte <= 'F') || (byte >= 'a' && byte <= 'f');
}

/* Whether all of eight bytes stand for themselves in a string: no control characters, no
 * quotes, no backslashes, nothing but ASCII. */
static bool are_ordinary(uint64_t eight) {
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = UINT64_C(0x8080808080808080);
    const uint64_t quotes = eight ^ (ones * '"'), slashes = eight ^ (ones * '\\');
    const uint64_t found = (eight - ones * 0x20) | (quotes - ones) | (slashes - ones) | eight;
    /* A byte that borrows from the next one only makes this too careful. */
    return (found & tops) == 0;
}

/* Behind the string that begins behind its quote; NULL where it is none. */
static const uint8_t *after_string(const uint8_t *at, const uint8_t *end) {
    while (at < end) {
        while (end - at >= 8) {
            uint64_t eight;
            memcpy(&eight, at, 8);
            if (!are_ordinary(eight))
                break;
            at += 8;
        }
        if (at == end)
            return NULL;
        if (*at == '"')
            return at + 1;
        if (*at < 0x20)
            return NULL;
        if (*at != '\\') {
            const size_t size = character_size(at, end);
            if (size == 0)
                return NULL;
            at += size;
            continue;
        }
        if (end - at < 2)
            return NULL;
        if (at[1] == 'u') {
            if (end - at < 6 || !is_hex(at[2]) || !is_hex(at[3]) || !is_hex(at[4]) ||
                !is_hex(at[5]))
                return NULL;
            if ((at[2] == 'd' || at[2] == 'D') && at[3] >= '8')
                return NULL; /* a surrogate */
            at += 6;
        } else {
            if (at[1] == 0 || strchr("\"\\/bfnrt", at[1]) == NULL)
                return NULL;
            at += 2;
        }
    }
    return NULL;
}

static const uint8_t *after_digits(const uint8_t *at, const uint8_t *end) {
    while (at < end && is_digit(*at))
        at++;
    return at;
}

/* Behind a number; NULL where it is none, or one of many digits or with an exponent. */
static const uint8_t *after_number(const uint8_t *at, const uint8_t *end) {
    const uint8_t *const start = at;
    if (*at == '-')
        at++;
    const uint8_t *const whole = at;
    at = after_digits(at, end);
    if (at == whole || (*whole == '0' && at - whole > 1))
        return NULL;
    if (at < end && *at == '.') {
        const uint8_t *const fraction = ++at;
        at = after_digits(at, end);
        if (at == fraction)
            return NULL;
    }
    if (at - start > JSON_DIGITS_MAX || (at < end && (*at == 'e' || *at == 'E')))
        return NULL;
    return at;
}

static const uint8_t *after_word(const uint8_t *at, const uint8_t *end, const char *word) {
    const size_t size = strlen(word);
    if ((size_t)(end - at) < size || memcmp(at, word, size) != 0)
        return NULL;
    return at + size;
}

static const uint8_t *after_space(const uint8_t *at, const uint8_t *end) {
    while (at < end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t'))
        at++;
    return at;
}

/* Behind the quoted key of an object and its colon, or NULL. */
static const uint8_t *after_key(const uint8_t *at, const uint8_t *end) {
    at = after_space(at, end);
    if (at == end || *at != '"')
        return NULL;
    at = after_string(at + 1, end);
    if (at == NULL)
        return NULL;
    at = after_space(at, end);
    return at < end && *at == ':' ? at + 1 : NULL;
}

bool is_plain_json(Slice text) {
    const uint8_t *at = text.at, *const end = text.at + text.size;
    uint64_t objects = 0; /* of the open brackets, the innermost lowest: which are braces */
    unsigned depth = 0;
    for (;;) {
        /* Here a value begins. */
        at = after_space(at, end);
        if (at == end)
            return false;
        if (*at == '{' || *at == '[') {
            const bool object = *at == '{';
            const uint8_t *const inside = after_space(at + 1, end);
            if (inside < end && *inside == (object ? '}' : ']')) {
                at = inside + 1;
            } else {
                if (++depth > JSON_DEPTH_MAX)
                    return false;
                objects = objects << 1 | object;
                at = object ? after_key(inside, end) : inside;
                if (at == NULL)
                    return false;
                continue;
            }
        } else if (*at == '"') {
            at = after_string(at + 1, end);
        } else if (*at == '-' || is_digit(*at)) {
            at = after_number(at, end);
        } else {
            at = after_word(at, end, *at == 't' ? "true" : *at == 'f' ? "false" : "null");
        }
        if (at == NULL)
            return false;
        /* Here one has ended. */
        for (;;) {
            at = after_space(at, end);
            if (depth == 0)
                return at == end;
            if (at == end)
                return false;
            const bool object = objects & 1;
            if (*at == ',') {
                at = object ? after_key(at + 1, end) : at + 1;
                if (at == NULL)
                    return false;
                break;
            }
            if (*at != (object ? '}' : ']'))
                return false;
            at++;
            objects >>= 1;
            depth--;
        }
    }
}
