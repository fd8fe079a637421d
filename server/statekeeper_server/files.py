"""Files and folders."""

import errno
import os
from pathlib import Path

_NO_SPACE = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG))


def sync_folder(path: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def reserve(descriptor: int, start: int, end: int) -> bool:
    """Take room for a part of a file from the disk; False where that has no more.

    Raises:
        OSError: it failed otherwise.
    """
    try:
        os.posix_fallocate(descriptor, start, end - start)
    except OSError as error:
        if error.errno in _NO_SPACE:
            return False
        raise
    return True
