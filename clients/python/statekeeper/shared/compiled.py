"""A definition with its schemas compiled: what every write is checked by."""

import json
import threading
from collections import OrderedDict
from typing import Any

from statekeeper.shared.definition import StateDefinition
from statekeeper.shared.validator import Validator, Violation

_WEIGHT_BYTES = 128
"""What a rule takes when it is compiled, about; regular expressions count as many rules."""


class CompiledDefinition:
    """A definition that can check values.

    Raises:
        InvalidRequestError: A schema is none.
    """

    __slots__ = ("_validators", "definition")

    def __init__(self, definition: StateDefinition) -> None:
        self.definition = definition
        self._validators = {
            key: Validator(key, f"schema.{key}", expanded)
            for key, expanded in definition.schemas.items()
        }

    def check(self, key: str, value: Any, size_bytes: int) -> None:
        """Refuses a value that does not fit. Raises SchemaViolationError."""
        validator = self._validators.get(key)
        if validator is not None:
            validator.check(value, size_bytes)

    def initial_values(self, given: Any) -> dict[str, Any]:
        """Gives the initial values, each null or one that fits.

        Raises:
            InvalidRequestError: A path leads to nothing in the input.
            SchemaViolationError: A value does not fit.
        """
        values = self.definition.initial_values(given)
        for key, value in values.items():
            if value is not None:
                self.check(key, value, len(json.dumps(value)))
        return values

    def misfit(self, key: str, value: Any, size_bytes: int) -> Violation | None:
        """Tells how a value that is there does not fit this definition; null always does."""
        if key not in self.definition.keys:
            return Violation("", "declared", "the key is not declared any more")
        validator = self._validators.get(key)
        if validator is None or value is None:
            return None
        return validator.violation(value, size_bytes)


class CompiledCache:
    """Definitions by their JSON texts, those that were used last; for any number of threads.

    Args:
        bytes_max: About how much memory they may take together.
    """

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self._bytes = 0
        self._lock = threading.Lock()
        self._found: OrderedDict[str, CompiledDefinition] = OrderedDict()

    def get(self, text: str, definition: StateDefinition | None = None) -> CompiledDefinition:
        """Gives the definition of a text, compiled now if it is not there.

        Args:
            text: What `to_json` gave.
            definition: The same; None: it is read from the text.

        Raises:
            InvalidRequestError: A schema is none.
        """
        with self._lock:
            compiled = self._found.get(text)
            if compiled is not None:
                self._found.move_to_end(text)
                return compiled
        compiled = CompiledDefinition(definition or StateDefinition.from_json(text))
        with self._lock:
            if text not in self._found:
                self._found[text] = compiled
                self._bytes += _bytes_of(text, compiled)
            while self._bytes > self._bytes_max and len(self._found) > 1:
                self._bytes -= _bytes_of(*self._found.popitem(last=False))
        return compiled

    def __len__(self) -> int:
        return len(self._found)


def _bytes_of(text: str, compiled: CompiledDefinition) -> int:
    return 8 * len(text) + _WEIGHT_BYTES * compiled.definition.weight
