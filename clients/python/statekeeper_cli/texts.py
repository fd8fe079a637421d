"""Values as text of one line.

What commands print comes from whoever may write to the service, so it is shown without
what a terminal would obey.
"""

import datetime as dt
import json


def shown(value: object) -> str:
    """A value as text of one line, without control characters."""
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    text = value if isinstance(value, str) else str(value)
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def json_text(value: object, *, indent: int | None = None) -> str:
    """A value as JSON, readable, but what does not print is escaped."""
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    if text.isprintable():
        return text
    # Such a character stands in a string, where JSON has an escape for it.
    return "".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text)
