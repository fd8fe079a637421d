/* What a text must be: UTF-8, a name, JSON. */
#ifndef STATEKEEPER_TEXT_H
#define STATEKEEPER_TEXT_H

#include "wire.h"

/* Whether it is UTF-8, as protobuf wants it of a string. */
bool is_utf8(Slice text);

/* Whether it is UTF-8 of 1 to `bytes_max` bytes without control characters. */
bool is_name(Slice text, size_t bytes_max);

/* Whether it is a namespace: 1 to 63 of A-Z, a-z, 0-9, '.', '_' and '-', a letter or digit first. */
bool is_namespace(Slice text);

/* Whether it is certainly one JSON value in UTF-8.
 *
 * False says nothing: what parsers see in different ways (surrogates that are escaped, numbers
 * of many digits) and what is nested deeply is for the general way to judge.
 */
bool is_plain_json(Slice text);

#endif
