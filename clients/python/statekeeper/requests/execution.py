"""Which execution a request is about."""

import datetime as dt
from dataclasses import dataclass

from statekeeper.arguments import checked_name, checked_text, invalid
from statekeeper.times import Span, to_timedelta
from statekeeper.v1 import execution_pb2

NAMESPACE_DEFAULT = "execution-state"


@dataclass(frozen=True, slots=True)
class ExecutionRef:
    """Which execution a call is about, and what its handle adds to every write.

    Attributes:
        namespace: Its namespace; empty: not known.
        execution_id: Its id; empty: not known.
        ttl: For every write that gives none; None: leave it to the server.
        actor: For every write that gives none; empty: nobody.
    """

    namespace: str
    execution_id: str
    ttl: dt.timedelta | None = None
    actor: str = ""

    @classmethod
    def checked(
        cls, namespace: object, execution_id: object, ttl: Span | None, actor: object
    ) -> "ExecutionRef":
        """Makes one from what a caller gave.

        Raises:
            InvalidRequestError: The id is empty or something is of no use.
        """
        return cls(
            checked_namespace(namespace),
            checked_name("execution_id", execution_id),
            None if ttl is None else to_timedelta(ttl, "ttl"),
            checked_text("actor", actor),
        )

    def key(self) -> execution_pb2.ExecutionKey:
        """Gives the key to send."""
        return execution_pb2.ExecutionKey(namespace=self.namespace, execution_id=self.execution_id)


def checked_namespace(namespace: object) -> str:
    """Gives a namespace; an empty one means the default.

    Raises:
        InvalidRequestError: It is no text.
    """
    return checked_text("namespace", namespace) or NAMESPACE_DEFAULT


def check_id(execution: ExecutionRef, identity: str) -> None:
    """Refuses a state that says that it is another execution's.

    Raises:
        InvalidRequestError: Its id is not empty, and not the execution's.
    """
    if identity and identity != execution.execution_id:
        raise invalid(
            "id", f"{identity!r} is not the execution's, which is {execution.execution_id!r}"
        )
