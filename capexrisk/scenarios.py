"""Scenario tables as shocks in slots: the policy's scenarios first, then the rows that users added.

Slots make scenarios columnar: the same key stands in the same slot for every review, whatever the order of its own
table, and the scenarios that scores rest on are always there (the policy's stand in for a missing one).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from capexrisk import template
from capexrisk.figures import Figures, Mask
from capexrisk.policy import Policy
from capexrisk.reviews import Array, ScenarioTable

IntArray = NDArray[np.intp]

_KEYS = tuple(template.SHOCK)


@dataclass(frozen=True)
class Shocks:
    """Twelve shocks, each (scenarios, 1) or (scenarios, reviews)."""

    volume: Array
    top_volume: Array
    price: Array
    top_price: Array
    pause: Array
    delay_days: Array
    rate_add: Array
    financing_cut: Array
    draw_cut: Array
    utilization: Array
    resale: Array
    contracts_hold: Array

    def rows(self, which: IntArray) -> Shocks:
        """Give some of the scenarios."""
        return Shocks(*(getattr(self, key)[which] for key in _KEYS))

    def above(self, other: Shocks) -> Shocks:
        """Put these scenarios over others."""
        return Shocks(*(_stacked(getattr(self, key), getattr(other, key)) for key in _KEYS))


@dataclass(frozen=True)
class Slots:
    """The scenarios of a block, one slot each.

    `keys` and `labels` name the policy's slots; `own` holds, for each review with a table of its own, the
    (slot, key, label) of its rows in its order. `stood_in` lists, for such a review, the scenarios it lacked.
    """

    shocks: Shocks
    keys: tuple[str, ...]
    labels: tuple[str, ...]
    own: dict[int, list[tuple[int, str, str]]]
    stood_in: dict[int, list[str]]

    def listed(self, review: int) -> list[tuple[int, str, str]]:
        """Give (slot, key, label) of the scenarios of one review, in its own order, stand-ins last."""
        policy = [(slot, key, self.labels[slot]) for slot, key in enumerate(self.keys)]
        if review not in self.own:
            return policy
        return self.own[review] + [row for row in policy if row[1] in self.stood_in[review]]


def arrange(tables: tuple[ScenarioTable | None, ...], x: Figures, policy: Policy) -> Slots:
    """Put the scenario tables of a block into slots; None stands for the policy's table."""
    keys = tuple(policy.scenarios)
    labels = tuple(row["label"] for row in policy.scenarios.values())
    base, from_input = _policy_rows(policy)
    edited = {at: table for at, table in enumerate(tables) if table is not None}
    known = {key.casefold(): slot for slot, key in enumerate(keys)}
    own: dict[int, list[tuple[int, str, str]]] = {}
    stood_in: dict[int, list[str]] = {}
    filled: dict[int, list[tuple[int, dict[str, float | str | None]]]] = {}
    extra = 0
    for review, table in edited.items():
        free = len(keys)
        rows: list[tuple[int, str, str]] = []
        for row in table.rows:
            key = str(row["scenario"])
            slot = known.get(key.casefold())
            if slot is None:
                slot, free = free, free + 1
            else:
                key = keys[slot]
            rows.append((slot, key, str(row["label"] or (labels[slot] if slot < len(keys) else key))))
        filled[review] = [(slot, row) for (slot, _, _), row in zip(rows, table.rows, strict=True)]
        if not table.whole:
            edits = {slot: (slot, key, label) for slot, key, label in rows}
            rows = [edits.pop(slot, (slot, key, labels[slot])) for slot, key in enumerate(keys)] + list(edits.values())
        own[review] = rows
        extra = max(extra, free - len(keys))
        present = {key for _, key, _ in rows}
        stood_in[review] = [key for key in keys if key not in present and key in ("base", *policy.core)]

    size = len(keys) + extra
    n = len(tables)
    stocked = np.where(x.assumed["inventory_build"], 0.0, x.inventory_build)
    shocks: dict[str, Array] = {}
    for at, key in enumerate(_KEYS):
        column = np.zeros((size, 1))
        column[: len(keys), 0] = base[:, at]
        if own or (key == "volume" and from_input.any()):
            column = np.repeat(column, n, axis=1)
        shocks[key] = column
    shocks["volume"][: len(keys)][from_input] = stocked
    for review, rows in filled.items():
        for slot, row in rows:
            for key in _KEYS:
                value = row[key]
                if isinstance(value, float):
                    shocks[key][slot, review] = value
                elif not (key == "volume" and slot < len(keys) and from_input[slot]):
                    shocks[key][slot, review] = 0.0
    return Slots(Shocks(**shocks), keys, labels, own, stood_in)


def _stacked(one: Array, two: Array) -> Array:
    wide = max(one.shape[1], two.shape[1])
    return np.concatenate([np.broadcast_to(part, (len(part), wide)) for part in (one, two)])


def _policy_rows(policy: Policy) -> tuple[Array, Mask]:
    """Give the policy's shocks, (scenarios, shocks), and which scenarios take their volume from the input."""
    rows = [[row.get(key, 0.0) for key in _KEYS] for row in policy.scenarios.values()]
    from_input = np.array([row[0] == "inventory_build" for row in rows])
    return np.array([[0.0 if isinstance(value, str) else value for value in row] for row in rows]), from_input
