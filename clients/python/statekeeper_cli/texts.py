"""Values as text of one line.

What commands print comes from whoever may write to the service, so it is shown without
what a terminal would obey.
"""

import datetime as dt


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
