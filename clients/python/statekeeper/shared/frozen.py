"""Values that nobody can change: what members see of the shared state.

They are the dict and list that they look like (equal to plain ones, and written by
`json`), but refuse to be changed, at every depth. A deep copy of one is plain again.
"""

from collections.abc import Mapping
from typing import Any, NoReturn

_REFUSAL = "what a member sees of the state cannot be changed: write with set_state"


def _refuse(*_: object, **__: object) -> NoReturn:
    raise TypeError(_REFUSAL)


class FrozenDict(dict[str, Any]):
    """A dict that cannot be changed."""

    __slots__ = ()
    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def __deepcopy__(self, _: object) -> dict[str, Any]:
        plain: dict[str, Any] = thaw(self)
        return plain

    def __reduce__(self) -> tuple[Any, ...]:
        return freeze, (thaw(self),)


class FrozenList(list[Any]):
    """A list that cannot be changed."""

    __slots__ = ()
    __setitem__ = __delitem__ = __iadd__ = __imul__ = _refuse
    append = clear = extend = insert = pop = _refuse
    remove = reverse = sort = _refuse

    def __deepcopy__(self, _: object) -> list[Any]:
        plain: list[Any] = thaw(self)
        return plain

    def __reduce__(self) -> tuple[Any, ...]:
        return freeze, (thaw(self),)


def freeze(value: Any) -> Any:
    """Gives a copy of a JSON value that nobody can change."""
    return _rebuilt(value, FrozenDict, FrozenList)


def thaw(value: Any) -> Any:
    """Gives a plain copy of a frozen value."""
    return _rebuilt(value, dict, list)


def _rebuilt(value: Any, mapping: type[dict[str, Any]], sequence: type[list[Any]]) -> Any:
    # A loop and no recursion: values may be nested as deeply as JSON can be.
    def shell(item: Any) -> Any:
        if isinstance(item, Mapping):
            made: Any = mapping()
        elif isinstance(item, list | tuple):
            made = sequence()
        else:
            return item
        open_shells.append((item, made))
        return made

    open_shells: list[tuple[Any, Any]] = []
    result = shell(value)
    while open_shells:
        source, target = open_shells.pop()
        if isinstance(source, Mapping):
            dict.update(target, {key: shell(item) for key, item in source.items()})
        else:
            list.extend(target, [shell(item) for item in source])
    return result
