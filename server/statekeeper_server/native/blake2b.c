#include "blake2b.h"

#include <string.h>

enum { WORDS = 8, BLOCK_BYTES = 128 };

static const uint64_t START[WORDS] = {
    0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
    0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
};

static uint64_t load(const uint8_t *at) {
    uint64_t word = 0;
    for (unsigned n = 0; n < 8; n++)
        word |= (uint64_t)at[n] << (8 * n);
    return word;
}

static uint64_t rotate(uint64_t word, unsigned bits) {
    return word >> bits | word << (64 - bits);
}

/* As a macro, so that all indices are known and the words stay in registers. */
#define MIX(a, b, c, d, x, y)                                                                                \
    do {                                                                                                     \
        v[a] += v[b] + m[x];                                                                                 \
        v[d] = rotate(v[d] ^ v[a], 32);                                                                      \
        v[c] += v[d];                                                                                        \
        v[b] = rotate(v[b] ^ v[c], 24);                                                                      \
        v[a] += v[b] + m[y];                                                                                 \
        v[d] = rotate(v[d] ^ v[a], 16);                                                                      \
        v[c] += v[d];                                                                                        \
        v[b] = rotate(v[b] ^ v[c], 63);                                                                      \
    } while (0)

/* A round takes the words of the block in an order of its own. */
#define ROUND(a, b, c, d, e, f, g, h, i, j, k, l, n, o, p, q)                                                \
    do {                                                                                                     \
        MIX(0, 4, 8, 12, a, b);                                                                              \
        MIX(1, 5, 9, 13, c, d);                                                                              \
        MIX(2, 6, 10, 14, e, f);                                                                             \
        MIX(3, 7, 11, 15, g, h);                                                                             \
        MIX(0, 5, 10, 15, i, j);                                                                             \
        MIX(1, 6, 11, 12, k, l);                                                                             \
        MIX(2, 7, 8, 13, n, o);                                                                              \
        MIX(3, 4, 9, 14, p, q);                                                                              \
    } while (0)

/* Take a block in; `taken` bytes are taken with it. */
static void compress(uint64_t h[WORDS], const uint8_t block[BLOCK_BYTES], uint64_t taken, bool is_last) {
    uint64_t v[16], m[16];
    memcpy(v, h, sizeof START);
    memcpy(v + WORDS, START, sizeof START);
    v[12] ^= taken;
    if (is_last)
        v[14] = ~v[14];
    for (unsigned n = 0; n < 16; n++)
        m[n] = load(block + 8 * n);
    ROUND(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    ROUND(14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3);
    ROUND(11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4);
    ROUND(7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8);
    ROUND(9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13);
    ROUND(2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9);
    ROUND(12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11);
    ROUND(13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10);
    ROUND(6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5);
    ROUND(10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0);
    ROUND(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    ROUND(14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3);
    for (unsigned n = 0; n < WORDS; n++)
        h[n] ^= v[n] ^ v[n + WORDS];
}

void blake2b(const Slice *parts, size_t count, Slice person, uint8_t digest[DIGEST_BYTES]) {
    uint64_t h[WORDS], taken = 0;
    uint8_t block[BLOCK_BYTES], named[PERSON_BYTES] = {0};
    size_t size = 0;
    if (person.size > 0)
        memcpy(named, person.at, person.size < PERSON_BYTES ? person.size : PERSON_BYTES);
    memcpy(h, START, sizeof h);
    /* Of the parameters: bytes of the digest, one leaf and no tree, and whom it is for. */
    h[0] ^= DIGEST_BYTES | 1 << 16 | 1 << 24;
    h[6] ^= load(named);
    h[7] ^= load(named + 8);
    for (size_t n = 0; n < count; n++)
        for (size_t place = 0; place < parts[n].size;) {
            /* The last block is compressed as such, even if it is full. */
            if (size == BLOCK_BYTES) {
                taken += BLOCK_BYTES;
                compress(h, block, taken, false);
                size = 0;
            }
            const size_t left = parts[n].size - place, room = BLOCK_BYTES - size;
            const size_t some = left < room ? left : room;
            memcpy(block + size, parts[n].at + place, some);
            size += some;
            place += some;
        }
    memset(block + size, 0, BLOCK_BYTES - size);
    compress(h, block, taken + size, true);
    for (unsigned n = 0; n < DIGEST_BYTES; n++)
        digest[n] = (uint8_t)(h[n / 8] >> (8 * (n % 8)));
}
