/* BLAKE2b (RFC 7693) with a digest of 16 bytes and no key: as hashlib has it. */
#ifndef STATEKEEPER_BLAKE2B_H
#define STATEKEEPER_BLAKE2B_H

#include <stddef.h>

#include "wire.h"

enum { DIGEST_BYTES = 16, PERSON_BYTES = 16 };

/* The digest of parts that stand behind one another; `person` has 16 bytes at most. */
void blake2b(const Slice *parts, size_t count, Slice person, uint8_t digest[DIGEST_BYTES]);

#endif
