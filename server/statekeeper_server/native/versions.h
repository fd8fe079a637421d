/* Versions of rows that were committed and are not in the tables yet: see engine/changes.py. */
#ifndef STATEKEEPER_VERSIONS_H
#define STATEKEEPER_VERSIONS_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdbool.h>

/* The parts of a version, which is a tuple. */
enum { VERSION_NUMBER, VERSION_VALUE, VERSION_BEFORE, VERSION_PARTS };

/* The newest version of a key that so many commits had, borrowed.
 *
 * NULL: there is none, or there is an exception. `versions` is a dict. */
PyObject *find_version(PyObject *versions, PyObject *key, long long commits);

/* What so many commits have made of keys: a list of each one that they touched, with its value or
 * None. `versions` is a dict, `keys` a list of bytes; NULL: an exception. */
PyObject *list_rows(PyObject *versions, PyObject *keys, long long commits);

/* The order of two keys, which are bytes: less than 0, 0 or more, as that of memcmp. */
int compare_keys(PyObject *key, PyObject *other);

/* Whether it is a tuple, and all in it of a type. */
bool is_tuple_of(PyObject *object, PyTypeObject *type);

#endif
