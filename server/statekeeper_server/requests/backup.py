"""The check of Backup."""

import re

from statekeeper.v1.admin_pb2 import BackupRequest
from statekeeper_server.errors import invalid

# No separator and no dot in front: it can only be a folder of its own, and a visible one.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}").fullmatch


def check_backup(request: BackupRequest) -> str:
    """The name of the backup; empty: none was given."""
    if request.name and _NAME(request.name) is None:
        raise invalid(
            "name",
            "must be 1 to 128 of A-Z, a-z, 0-9, '.', '_' and '-', a letter or digit first: "
            "it names a folder below that of the server's backups",
        )
    return request.name
