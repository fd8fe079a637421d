"""What makes a request valid: from the contract's messages to checked operations.

One check a request, named after it; what it accepts, the operation can rely on. A
refusal names the field. Values are encoded for the disk here, on the caller's side of
the shard's queue, so that the shard's worker only has to write them. `check_save` checks
all of a request; `take_save` what is left where it is a part of another one.
"""

from statekeeper_server.requests.backup import check_backup
from statekeeper_server.requests.checkpoint import (
    check_checkpoint,
    check_delete_checkpoint,
    check_list_checkpoints,
    check_restore,
)
from statekeeper_server.requests.delete import check_delete
from statekeeper_server.requests.get_pause import check_get_pause
from statekeeper_server.requests.list import check_list
from statekeeper_server.requests.list_pauses import check_list_pauses
from statekeeper_server.requests.list_revisions import check_list_revisions
from statekeeper_server.requests.load import check_load
from statekeeper_server.requests.lock import (
    check_get_lock,
    check_lock,
    check_renew_lock,
    check_unlock,
)
from statekeeper_server.requests.pause import check_pause
from statekeeper_server.requests.plain import (
    ReadWrites,
    plain_load,
    plain_save,
    plain_update,
    plain_writes,
)
from statekeeper_server.requests.resume import check_resume, key_of_resume
from statekeeper_server.requests.save import check_save
from statekeeper_server.requests.shared_state import (
    check_define_state,
    check_get_access_report,
    check_read_state,
    check_write_state,
)
from statekeeper_server.requests.transaction import check_transaction
from statekeeper_server.requests.update import check_update
from statekeeper_server.requests.watch import check_watch

__all__ = [
    "ReadWrites",
    "check_backup",
    "check_checkpoint",
    "check_define_state",
    "check_delete",
    "check_delete_checkpoint",
    "check_get_access_report",
    "check_get_lock",
    "check_get_pause",
    "check_list",
    "check_list_checkpoints",
    "check_list_pauses",
    "check_list_revisions",
    "check_load",
    "check_lock",
    "check_pause",
    "check_read_state",
    "check_renew_lock",
    "check_restore",
    "check_resume",
    "check_save",
    "check_transaction",
    "check_unlock",
    "check_update",
    "check_watch",
    "check_write_state",
    "key_of_resume",
    "plain_load",
    "plain_save",
    "plain_update",
    "plain_writes",
]
