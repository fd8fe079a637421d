"""What a batch gives back."""

from typing import Generic, TypeVar

from statekeeper.errors import StateError

_ResultT = TypeVar("_ResultT")


class BatchResults(list[_ResultT | StateError], Generic[_ResultT]):
    """What became of each operation of a batch, in their order: a result, or a StateError."""

    @property
    def errors(self) -> dict[int, StateError]:
        """The errors, by the positions of their operations; empty: all succeeded."""
        return {index: each for index, each in enumerate(self) if isinstance(each, StateError)}

    def raise_first(self) -> list[_ResultT]:
        """Gives the results where there are no errors.

        Raises:
            StateError: The error of the first operation that did not succeed.
        """
        for error in self.errors.values():
            raise error
        return [each for each in self if not isinstance(each, StateError)]
