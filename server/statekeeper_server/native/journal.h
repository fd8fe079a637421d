/* What a commit writes to the journal. */
#ifndef STATEKEEPER_JOURNAL_H
#define STATEKEEPER_JOURNAL_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

/* The body of a record, of a list of rows: (table, key, value or None). */
PyObject *encode_rows(PyObject *rows);

#endif
