"""The policy as a table for cells: one row for each of its tables, with the values in words and their source."""

from __future__ import annotations

from typing import Any

from capexrisk import Policy, template
from capexrisk_udfs.cells import Rows


def rows(policy: Policy) -> Rows:
    """Give name and hash, then each table of the policy: its path, its values, its source."""
    global _last
    if _last is None or _last[0] is not policy:
        _last = policy, [["name", policy.name, ""], ["hash", policy.hash, ""], *_rows(policy.data, "")]
    return [row.copy() for row in _last[1]]


_last: tuple[Policy, Rows] | None = None  # replaced whole, so that threads may share it


def _rows(values: dict[str, Any], path: str) -> Rows:
    own = [(key, value) for key, value in values.items() if key != "source" and not isinstance(value, dict)]
    found: Rows = []
    if path and own:
        text = "; ".join(f"{key.replace('_', ' ')} {_text(value)}" for key, value in own)
        found.append([path, text, values.get("source", "")])
    for key, value in values.items():
        if isinstance(value, dict):
            found += _rows(value, f"{path}.{key}" if path else key)
    return found


def _text(value: Any) -> str:
    if isinstance(value, list):
        if value and isinstance(value[0], list):
            return " ".join(f"({_text(item)})" for item in value)
        return ", ".join(map(_text, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


SIZE = len(rows(Policy.built_in())) + template.MAX_SCENARIOS - len(Policy.built_in().scenarios)
"""How many rows a policy may take: those of the built-in one, and scenarios that a firm adds."""
