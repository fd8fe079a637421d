/* A cursor over a table and the commits that it lacks: see engine/overlay.py. */
#ifndef STATEKEEPER_CURSOR_H
#define STATEKEEPER_CURSOR_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

extern PyType_Spec cursor_spec;

#endif
