"""Errors that a person can act on. Each one's text is a sentence with the value, what is allowed, and the way out."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

MOST_NAMED = 20
"""How many names an error lists of those that files gave."""


class InputError(ValueError):
    """What was handed in cannot be used as it stands."""


class PolicyError(InputError):
    """The policy file cannot be used as it stands."""


def unknown(what: str, name: object, known: Iterable[str], where: str = "", most: int | None = None) -> str:
    """Say that a name is not known, with the nearest known one and the list of them, of which `most` are named."""
    names = list(known)
    near = get_close_matches(str(name), names, n=1)
    hint = f"Did you mean {near[0]!r}? " if near else ""
    more = "" if most is None or len(names) <= most else f" and {len(names) - most:,} more"
    return f"{what} {str(name)!r} is not known{where}. {hint}Known: {', '.join(names[:most])}{more}."
