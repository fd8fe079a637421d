/* What a commit writes to the journal, and shows to readers before it is in the tables. */
#ifndef STATEKEEPER_JOURNAL_H
#define STATEKEEPER_JOURNAL_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

/* The body of a record, of a list of rows: (table, key, value or None). */
PyObject *encode_rows(PyObject *rows);

/* Adds rows to an overlay's versions as those of a commit, and gives their bytes.
 *
 * versions and keys have a dict and a list for each table; places is a set. */
PyObject *add_rows(PyObject *rows, PyObject *commit, PyObject *versions, PyObject *keys, PyObject *places);

#endif
