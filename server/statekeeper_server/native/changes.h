/* The rows that a transaction changes: put into the tables, and listed for the journal. */
#ifndef STATEKEEPER_CHANGES_H
#define STATEKEEPER_CHANGES_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

extern PyType_Spec changes_spec;

#endif
