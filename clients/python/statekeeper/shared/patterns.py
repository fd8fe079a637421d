"""What a regular expression may cost, before anybody runs it.

The engine does not backtrack, so its time is at most the length of the text times the
states of the pattern. Those are estimated here: every character is one, and what is
repeated so many times counts so many times.
"""

import re

PATTERN_CHARACTERS_MAX = 512
PATTERN_WEIGHT_MAX = 5_000
_COUNT = re.compile(r"\{(\d{1,9})?(?:,(\d{1,9})?)?\}")


def pattern_weight(pattern: str) -> int:
    """Estimates the states of a pattern; malformed ones are the engine's to refuse."""
    groups = [0]
    last = 0
    at = 0
    while at < len(pattern):
        character = pattern[at]
        count = _COUNT.match(pattern, at) if character == "{" else None
        if count is not None:
            times = max(int(count[1] or 0), int(count[2] or 0), 1)
            groups[-1] += last * (times - 1)
            last *= times
            at = count.end()
            continue
        if character == "(":
            groups.append(0)
            last, at = 0, at + 1
            continue
        if character == ")" and len(groups) > 1:
            last, at = groups.pop() + 1, at + 1
        else:
            last, at = 1, _after_atom(pattern, at)
        groups[-1] += last
    return sum(groups) + 1


def _after_atom(pattern: str, at: int) -> int:
    if pattern[at] == "\\":
        return at + 2
    if pattern[at] != "[":
        return at + 1
    at += 1
    while at < len(pattern) and pattern[at] != "]":
        at += 2 if pattern[at] == "\\" else 1
    return at + 1
