"""Definitions as the YAML of workflows has them: a block `state:`, and the flow's members.

Only the values of JSON are made of the text (YAML 1.2, so `no` is a text), and errors
name line and key.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

try:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError
    from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
except ImportError as error:  # pragma: no cover - the extra is installed where this runs
    raise ImportError(
        "YAML needs the library ruamel.yaml: pip install 'statekeeper[shared]'"
    ) from error

from statekeeper.arguments import invalid
from statekeeper.errors import InvalidRequestError
from statekeeper.shared.definition import StateDefinition

TEXT_CHARACTERS_MAX = 256 * 1024
_NODES_MAX = 10_000
_DEPTH_MAX = 100
_TAG = "tag:yaml.org,2002:"


def load_definition(text: str) -> StateDefinition:
    """Reads the definition of a shared state from the YAML of a workflow.

    It is the block `state:` with `schema` and `initial`; the members are those of the
    block `flow:` that have a `state:` with `use` and `set`, at any depth of it (what a
    member declares at several places, it may do at all). What else there is, is left to
    whoever runs the flow.

    Raises:
        InvalidRequestError: The text is no YAML, or the definition is of no use; names
            the line and the key.
    """
    document = _Document.read(text)
    state = document.value.get("state")
    if state is None:
        state = {}
    if not isinstance(state, dict):
        raise document.error("state", "must be a mapping with schema and initial")
    for name in state:
        if name not in ("schema", "initial"):
            raise document.error(f"state.{name}", "is neither schema nor initial")
    members: dict[str, dict[str, list[str]]] = {}
    lines: dict[str, str] = {}
    for at, name, access in _members(document, "flow", document.value.get("flow")):
        _join(document, at, members.setdefault(name, {}), access)
        lines[f"members.{name}"] = f"{at}.state"
    try:
        return StateDefinition(
            schema=state.get("schema"), initial=state.get("initial"), members=members
        )
    except InvalidRequestError as error:
        raise document.located(error, lines) from None


def _members(document: "_Document", at: str, steps: Any) -> Iterator[tuple[str, str, Any]]:
    """The steps of a flow that are members with a state of their own, however deep."""
    if isinstance(steps, list):
        for number, step in enumerate(steps):
            yield from _members(document, f"{at}[{number}]", step)
    elif isinstance(steps, dict):
        if "member" in steps:
            name = steps["member"]
            if not isinstance(name, str):
                raise document.error(f"{at}.member", "must be the name of a member")
            yield at, name, steps.get("state")
        for key, below in steps.items():
            if key not in ("member", "state", "input"):
                yield from _members(document, f"{at}.{key}", below)


def _join(document: "_Document", at: str, joined: dict[str, list[str]], access: Any) -> None:
    if access is None:
        return
    if not isinstance(access, dict):
        raise document.error(f"{at}.state", "must be a mapping with use, set or both")
    for part, keys in access.items():
        place = f"{at}.state.{part}"
        if part not in ("use", "set"):
            raise document.error(place, "is neither use nor set")
        if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
            raise document.error(place, "must be a list of keys")
        joined.setdefault(part, []).extend(keys)


@dataclass(slots=True)
class _Document:
    """A YAML document: its value, and the line of everything in it."""

    value: dict[str, Any] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    nodes: int = 0

    @classmethod
    def read(cls, text: str) -> "_Document":
        if not isinstance(text, str):
            raise invalid("text", f"must be a str, not {type(text).__name__}")
        if len(text) > TEXT_CHARACTERS_MAX:
            raise invalid("text", f"has more than {TEXT_CHARACTERS_MAX} characters")
        try:
            node = YAML(typ="safe", pure=True).compose(text)
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = 0 if mark is None else mark.line + 1
            raise invalid(f"line {line}", f"is no YAML: {error.problem or error.context}") from None
        except (RecursionError, ValueError) as error:
            raise invalid("text", f"is no YAML: {error}") from None
        document = cls()
        if node is not None:
            value = document._construct("", node, 0)
            if not isinstance(value, dict):
                raise document.error("", "must be a mapping with state, flow or both")
            document.value = value
        return document

    def error(self, at: str, problem: str) -> InvalidRequestError:
        """The error for what stands at a place."""
        line = self._line(at)
        place = f"line {line}, {at}" if at else f"line {line}"
        return invalid(place, problem)

    def located(self, error: InvalidRequestError, places: dict[str, str]) -> InvalidRequestError:
        """The error of a definition, with the line of its field."""
        ((name, problem), *_) = error.fields
        for prefix, place in places.items():
            if name == prefix or name.startswith((f"{prefix}.", f"{prefix}[")):
                return self.error(place + name[len(prefix) :], problem)
        return self.error(f"state.{name}", problem)

    def _line(self, at: str) -> int:
        while at and at not in self.lines:
            at = at[: max(at.rfind("."), at.rfind("["), 0)]
        return self.lines.get(at, 1)

    def _construct(self, at: str, node: Node, depth: int) -> Any:
        self.nodes += 1
        self.lines.setdefault(at, node.start_mark.line + 1)
        if depth > _DEPTH_MAX or self.nodes > _NODES_MAX:
            raise self.error(at, "is too large, or nested too deeply")
        if isinstance(node, MappingNode):
            return self._mapping(at, node, depth)
        if isinstance(node, SequenceNode):
            return [
                self._construct(f"{at}[{number}]", item, depth + 1)
                for number, item in enumerate(node.value)
            ]
        assert isinstance(node, ScalarNode)  # noqa: S101 - there are no other nodes
        return self._scalar(at, node)

    def _mapping(self, at: str, node: MappingNode, depth: int) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, ScalarNode):
                raise invalid(f"line {line}, {at}", "has a key that is no text")
            # As it is written: `1`, `true` and `null` are good names too.
            key = key_node.value
            place = f"{at}.{key}" if at else key
            self.lines[place] = line
            if key in result:
                raise self.error(place, "stands there twice")
            if str(key_node.tag) == _TAG + "merge":
                raise self.error(place, "merge keys are not supported")
            result[key] = self._construct(place, value_node, depth + 1)
        return result

    def _scalar(self, at: str, node: ScalarNode) -> Any:
        tag, text = str(node.tag), node.value
        try:
            if tag == _TAG + "null":
                return None
            if tag == _TAG + "bool":
                return text.lower() == "true"
            if tag == _TAG + "int":
                return int(
                    text.replace("_", ""), 0 if text.lstrip("+-")[:2].lower() in _BASES else 10
                )
            if tag == _TAG + "float":
                return float(
                    text.replace("_", "").lower().replace(".inf", "inf").replace(".nan", "nan")
                )
        except ValueError:
            raise self.error(at, f"{text!r} is no number") from None
        if tag in (_TAG + "str", _TAG + "timestamp"):
            # JSON has no times: a time is the text that it is written as.
            return text
        raise self.error(at, f"has the tag {tag}, and only the values of JSON are read")


_BASES = ("0x", "0o", "0b")
