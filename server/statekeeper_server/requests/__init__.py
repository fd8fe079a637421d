"""What makes a request valid: from the contract's messages to checked operations.

One check a request, named after it; what it accepts, the operation can rely on. A
refusal names the field. Values are encoded for the disk here, on the caller's side of
the shard's queue, so that the shard's worker only has to write them.
"""

from statekeeper_server.requests.delete import check_delete
from statekeeper_server.requests.list_revisions import check_list_revisions
from statekeeper_server.requests.load import check_load
from statekeeper_server.requests.save import check_save
from statekeeper_server.requests.update import check_update

__all__ = ["check_delete", "check_list_revisions", "check_load", "check_save", "check_update"]
