/* What a transaction changes: listed, and shown to whoever reads from then on. */
#ifndef STATEKEEPER_CHANGES_H
#define STATEKEEPER_CHANGES_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

extern PyType_Spec changes_spec;

#endif
