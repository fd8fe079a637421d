/* The module statekeeper_server._native: what it offers to Python. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>

/* Counts up when a change here needs a change of the Python code that uses it. */
#define ABI 1

static PyObject *abi(PyObject *module, PyObject *ignored) {
    (void)module;
    (void)ignored;
    return PyLong_FromLong(ABI);
}

static PyMethodDef functions[] = {
    {"abi", abi, METH_NOARGS, "The version of what this module offers."},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "statekeeper_server._native",
    .m_doc = "The native part of the server.",
    .m_size = 0,
    .m_methods = functions,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit__native(void);

PyMODINIT_FUNC PyInit__native(void) {
    return PyModuleDef_Init(&definition);
}
