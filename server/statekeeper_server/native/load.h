/* Load: an execution as it is, from its rows. */
#ifndef STATEKEEPER_LOAD_H
#define STATEKEEPER_LOAD_H

#include "rows.h"

/* A LoadResponse, serialised, or a new None where the general way has to be taken.
 *
 * `head` is the row, bytes; `seek` the seek_before of a cursor of the table entries. What has
 * more entries or bytes than these is left to the general way. NULL: an exception.
 */
PyObject *load(PyObject *head, PyObject *seek, int64_t now_us, uint64_t entries_max,
               uint64_t value_bytes_max);

#endif
