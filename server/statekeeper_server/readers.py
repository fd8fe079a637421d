"""Who is reading a shard: none must be when its engine is closed."""

import threading


class Readers:
    """Counts the readers of an engine, and keeps new ones out while it is not fit to read."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._count = 0
        self.admitted = False

    def admit(self) -> None:
        """Let readers in."""
        self.admitted = True

    def dismiss(self) -> None:
        """Let no more readers in."""
        with self._changed:
            self.admitted = False

    def wait_until_gone(self) -> None:
        """Wait for those who are in."""
        with self._changed:
            self._changed.wait_for(lambda: self._count == 0)

    def enter(self) -> bool:
        """Begin to read; False when that is not allowed now."""
        with self._changed:
            if self.admitted:
                self._count += 1
            return self.admitted

    def leave(self) -> None:
        """End what a successful `enter` began."""
        with self._changed:
            self._count -= 1
            self._changed.notify_all()
