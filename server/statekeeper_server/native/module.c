/* statekeeper_server._native: plain requests on the way of a Save, an Update and a Load, and the
 * rows of a commit on their way to the journal.
 *
 * Of requests, it works on bytes and takes the place of nothing: what these functions do not
 * recognise as plain is left to the general way, which alone knows every rule and every error.
 * What they do must come out as that would have it.
 */
#include "changes.h"
#include "cursor.h"
#include "fast.h"
#include "journal.h"
#include "load.h"
#include "request.h"
#include "versions.h"
#include "view.h"
#include "write.h"

typedef struct {
    PyTypeObject *write_type;
} ModuleState;

static bool check_count(const char *name, Py_ssize_t count, Py_ssize_t wanted) {
    if (count == wanted)
        return true;
    PyErr_Format(PyExc_TypeError, "%s takes %zd arguments, not %zd", name, wanted, count);
    return false;
}

static bool check_bytes(PyObject *object) {
    if (PyBytes_Check(object))
        return true;
    PyErr_Format(PyExc_TypeError, "bytes are wanted, not %.100s", Py_TYPE(object)->tp_name);
    return false;
}

static bool to_count(PyObject *object, uint64_t *count) {
    *count = PyLong_AsUnsignedLongLong(object);
    return *count != (uint64_t)-1 || !PyErr_Occurred();
}

static bool check_write_type(const ModuleState *state, PyObject *object) {
    if (PyType_Check(object) && PyType_IsSubtype((PyTypeObject *)object, state->write_type))
        return true;
    PyErr_SetString(PyExc_TypeError, "a type of Write is wanted");
    return false;
}

static PyObject *read_request(PyObject *module, PyObject *const *args, Py_ssize_t count, bool is_update) {
    const ModuleState *const state = PyModule_GetState(module);
    Limits limits;
    if (!check_count(is_update ? "read_update" : "read_save", count, 5) || !check_write_type(state, args[0]) ||
        !to_count(args[2], &limits.entries_max) || !to_count(args[3], &limits.value_bytes_max) ||
        !check_bytes(args[4]))
        return NULL;
    return read_write((PyTypeObject *)args[0], args[1], args[4], is_update, limits);
}

static PyObject *native_read_save(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    return read_request(module, args, count, false);
}

static PyObject *native_read_update(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    return read_request(module, args, count, true);
}

static PyObject *native_read_load(PyObject *module, PyObject *raw) {
    (void)module;
    return check_bytes(raw) ? read_load(raw) : NULL;
}

static PyObject *native_read_batch(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    uint64_t operations_max;
    (void)module;
    if (!check_count("read_batch", count, 2) || !check_bytes(args[0]) ||
        !to_count(args[1], &operations_max))
        return NULL;
    return read_batch(args[0], operations_max);
}

static PyObject *native_read_writes(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    const ModuleState *const state = PyModule_GetState(module);
    WriteKinds kinds;
    uint64_t operations_max;
    if (!check_count("read_writes", count, 8) || !check_write_type(state, args[0]) ||
        !to_count(args[3], &kinds.limits.entries_max) || !to_count(args[4], &kinds.limits.value_bytes_max) ||
        !to_count(args[5], &kinds.bytes_max) || !to_count(args[6], &operations_max) || !check_bytes(args[7]))
        return NULL;
    kinds.type = (PyTypeObject *)args[0];
    kinds.check_save = args[1];
    kinds.check_update = args[2];
    return read_writes(args[7], operations_max, &kinds);
}

static PyObject *native_load(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    int64_t now_us;
    uint64_t entries_max, value_bytes_max;
    (void)module;
    if (!check_count("load", count, 5) || !check_bytes(args[0]) || !to_number(args[2], &now_us) ||
        !to_count(args[3], &entries_max) || !to_count(args[4], &value_bytes_max))
        return NULL;
    return load(args[0], args[1], now_us, entries_max, value_bytes_max);
}

static bool check_list(PyObject *object) {
    if (PyList_Check(object))
        return true;
    PyErr_Format(PyExc_TypeError, "a list is wanted, not %.100s", Py_TYPE(object)->tp_name);
    return false;
}

static PyObject *native_encode_rows(PyObject *module, PyObject *rows) {
    (void)module;
    return check_list(rows) ? encode_rows(rows) : NULL;
}

static PyObject *native_list_rows(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    int64_t commits;
    (void)module;
    if (!check_count("list_rows", count, 3) || !check_list(args[1]) || !to_number(args[2], &commits))
        return NULL;
    if (!PyDict_Check(args[0])) {
        PyErr_Format(PyExc_TypeError, "a dict is wanted, not %.100s", Py_TYPE(args[0])->tp_name);
        return NULL;
    }
    return list_rows(args[0], args[1], commits);
}

static PyMethodDef methods[] = {
    {"read_save", FAST(native_read_save), METH_FASTCALL, "A plain SaveRequest, checked, or None."},
    {"read_update", FAST(native_read_update), METH_FASTCALL, "A plain UpdateRequest, checked, or None."},
    {"read_load", native_read_load, METH_O, "The key of a plain LoadRequest, or None."},
    {"read_batch", FAST(native_read_batch), METH_FASTCALL, "The operations of a plain BatchRequest, or None."},
    {"read_writes", FAST(native_read_writes), METH_FASTCALL, "The plain writes of a BatchRequest, or None."},
    {"load", FAST(native_load), METH_FASTCALL, "A LoadResponse from the rows of an execution, or None."},
    {"list_rows", FAST(native_list_rows), METH_FASTCALL, "What commits have made of keys."},
    {"encode_rows", native_encode_rows, METH_O, "The body of a journal's record."},
    {NULL, NULL, 0, NULL},
};

static int add_type(PyObject *module, PyType_Spec *spec) {
    PyObject *const type = PyType_FromModuleAndSpec(module, spec, NULL);
    const int outcome = type == NULL ? -1 : PyModule_AddType(module, (PyTypeObject *)type);
    Py_XDECREF(type);
    return outcome;
}

static int module_exec(PyObject *module) {
    ModuleState *const state = PyModule_GetState(module);
    state->write_type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &write_spec, NULL);
    if (state->write_type == NULL || PyModule_AddType(module, state->write_type) < 0 ||
        add_type(module, &changes_spec) < 0 || add_type(module, &cursor_spec) < 0 ||
        add_type(module, &writer_spec) < 0)
        return -1;
    return add_type(module, &view_spec);
}

static int module_traverse(PyObject *module, visitproc visit, void *arg) {
    const ModuleState *const state = PyModule_GetState(module);
    Py_VISIT(state->write_type);
    return 0;
}

static int module_clear(PyObject *module) {
    ModuleState *const state = PyModule_GetState(module);
    Py_CLEAR(state->write_type);
    return 0;
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, (void *)module_exec},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "statekeeper_server._native",
    .m_doc = "Plain requests on their way, and the rows of commits.",
    .m_size = sizeof(ModuleState),
    .m_methods = methods,
    .m_slots = slots,
    .m_traverse = module_traverse,
    .m_clear = module_clear,
};

PyMODINIT_FUNC PyInit__native(void) {
    return PyModuleDef_Init(&definition);
}
