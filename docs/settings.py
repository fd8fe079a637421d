"""Writes the table of settings into docs/configuration.md, from the fields of Config."""

import re
from pathlib import Path

from pydantic import ByteSize
from pydantic.fields import FieldInfo

from statekeeper_server.config import Config

PAGE = Path(__file__).with_name("configuration.md")
BEGIN = "<!-- settings: begin, made by `make gen` -->\n"
END = "<!-- settings: end -->\n"
# Where no value is the default, the description says what happens then.
_DEFAULT_IN_TEXT = re.compile(r" \[default: (.*?)\]")


def with_table(page: str) -> str:
    """The page with the table as it must be.

    Raises:
        ValueError: The page has no place for it.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{PAGE} has no place for the table")
    return f"{before}{BEGIN}\n{_table()}\n{END}{after}"


def _table() -> str:
    rows = [
        "| Setting | Flag | Variable | Default | What it does |",
        "|---|---|---|---|---|",
        *(_row(name, field) for name, field in Config.model_fields.items()),
    ]
    return "\n".join(rows) + "\n"


def _row(name: str, field: FieldInfo) -> str:
    flag = "--" + name.replace("_", "-")
    if field.annotation is bool:
        flag = f"{flag}` `--no-{flag[2:]}"
    text = field.description or ""
    cells = (
        f"`{name}`",
        f"`{flag}`",
        f"`STATEKEEPER_{name.upper()}`",
        _default(field, text),
        _DEFAULT_IN_TEXT.sub("", text),
    )
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def _default(field: FieldInfo, text: str) -> str:
    value = field.default
    if value is None:
        told = _DEFAULT_IN_TEXT.search(text)
        return told[1] if told else "none"
    if isinstance(value, ByteSize):
        return value.human_readable(separator=" ").replace(".0 ", " ")
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, int | float):
        return f"{value:,}".removesuffix(".0")
    return f"`{value}`"


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text()))
