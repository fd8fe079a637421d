/* Reading what was committed and is not in the tables yet, over a snapshot of them. */
#ifndef STATEKEEPER_VIEW_H
#define STATEKEEPER_VIEW_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

extern PyType_Spec view_spec;

#endif
