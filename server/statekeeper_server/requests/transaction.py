"""What makes a TransactionRequest valid: each of its operations, and what they are together."""

from collections.abc import Callable
from typing import Any

from statekeeper.v1.state_requests_pb2 import LoadRequest, UpdateResponse
from statekeeper.v1.transaction_pb2 import TransactionRequest
from statekeeper_server.errors import InvalidRequestError, SerializationError, invalid
from statekeeper_server.keys import ExecutionKey
from statekeeper_server.limits import OPERATIONS_MAX, OVERHEAD_BYTES, StateLimits
from statekeeper_server.operations.checkpoint import checkpoint
from statekeeper_server.operations.define_state import define_state
from statekeeper_server.operations.delete import Delete, delete
from statekeeper_server.operations.draft import Draft
from statekeeper_server.operations.load import Load
from statekeeper_server.operations.load_draft import load
from statekeeper_server.operations.pause import pause
from statekeeper_server.operations.restore import restore
from statekeeper_server.operations.resume import resume
from statekeeper_server.operations.save import save
from statekeeper_server.operations.transaction import Decide, Part, Transaction
from statekeeper_server.operations.update import Update, update
from statekeeper_server.operations.write_state import write_state
from statekeeper_server.operations.writing import WriteOptions
from statekeeper_server.requests.checkpoint import take_checkpoint, take_restore
from statekeeper_server.requests.fields import check_key, check_options, refuse_options
from statekeeper_server.requests.load import take_load
from statekeeper_server.requests.pause import take_pause
from statekeeper_server.requests.resume import take_resume
from statekeeper_server.requests.save import take_save
from statekeeper_server.requests.shared_state import take_define_state, take_write_state
from statekeeper_server.requests.update import take_update

Take = Callable[[Any, ExecutionKey, WriteOptions, StateLimits], Any]


def _update(draft: Draft, request: Update) -> UpdateResponse:
    response = update(draft, request)
    if request.return_execution:
        response.execution.CopyFrom(load(draft, Load(request.key)).execution)
    return response


_OPERATIONS: dict[str, tuple[Decide, Take]] = {
    "save": (save, take_save),
    "load": (load, lambda request, key, *_: take_load(request, key)),
    "update": (_update, take_update),
    "delete": (delete, lambda _, key, options, __: Delete(key, options)),
    "pause": (pause, take_pause),
    "resume": (resume, take_resume),
    "checkpoint": (
        checkpoint,
        lambda request, key, options, _: take_checkpoint(request, key, options),
    ),
    "define_state": (define_state, take_define_state),
    "write_state": (write_state, take_write_state),
    "restore": (restore, lambda request, key, options, _: take_restore(request, key, options)),
}


def check_transaction(request: TransactionRequest, limits: StateLimits) -> Transaction:
    """Check a TransactionRequest."""
    key = check_key(request.key)
    options = check_options(request, key)
    count = len(request.operations)
    if not count:
        raise invalid("operations", f"is empty, it must have 1 to {OPERATIONS_MAX}")
    if count > OPERATIONS_MAX:
        raise invalid("operations", f"has {count}, the limit is {OPERATIONS_MAX}")
    parts = []
    stored_bytes = OVERHEAD_BYTES
    for number, operation in enumerate(request.operations):
        place = f"operations[{number}]"
        name = operation.WhichOneof("operation")
        if name is None:
            raise invalid(place, "is empty, or of a kind that this server does not know")
        if name not in _OPERATIONS:
            raise invalid(f"{place}.{name}", "cannot be a part of a transaction")
        if name == "delete" and number < count - 1:
            raise invalid(place, "is a delete, which can only be the last one")
        try:
            part = _check_part(name, getattr(operation, name), key, options, limits)
        except (InvalidRequestError, SerializationError) as error:
            raise error.below(f"{place}.{name}") from None
        parts.append(part)
        stored_bytes += getattr(part.request, "stored_bytes", 0)
    return Transaction(key, options, tuple(parts), stored_bytes)


def _check_part(
    name: str, message: Any, key: ExecutionKey, options: WriteOptions, limits: StateLimits
) -> Part:
    if message.HasField("key"):
        if not message.key.execution_id:
            message.key.execution_id = key.execution_id
        if check_key(message.key).row != key.row:
            raise invalid("key", "is not the transaction's, and a transaction is on one execution")
    ttl_us = None
    if not isinstance(message, LoadRequest):
        of = "a part of a transaction, but for the transaction as a whole"
        refuse_options(message, of, "expected_revision", "request_id", "fencing_token", "actor")
        if name == "delete":
            refuse_options(message, "a delete", "ttl")
        ttl_us = check_options(message, key).ttl_us
    decide, take = _OPERATIONS[name]
    return Part(name, decide, take(message, key, options, limits), ttl_us)
