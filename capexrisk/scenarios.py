"""Scenario tables as shocks in slots: drivers, then the policy's scenarios, then the rows that users added.

Slots make scenarios columnar: the same key stands in the same slot for every review, whatever the order of its own
table, and the scenarios that scores rest on are always there (the policy's stand in for a missing one).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from capexrisk import template
from capexrisk.figures import Figures
from capexrisk.policy import Policy
from capexrisk.reviews import Array, ScenarioRow, ScenarioTable

_KEYS = tuple(template.SHOCK)


@dataclass(frozen=True)
class Shocks:
    """Twelve shocks, each (slots, reviews), or (slots, 1) where it is the same for every review of the block."""

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

    def rows(self, which: NDArray[np.intp]) -> Shocks:
        """Give some of the slots."""
        return Shocks(*(getattr(self, key)[which] for key in _KEYS))

    def of(self, slot: int, review: int) -> dict[str, float]:
        """Give the shocks of one slot in one review, zeros left out."""
        values = {key: getattr(self, key)[slot] for key in _KEYS}
        values = {key: float(value[review if len(value) > 1 else 0]) for key, value in values.items()}
        return {key: value for key, value in values.items() if value}


class Listed(NamedTuple):
    """One scenario of one review: its slot among the scenarios, its key and its label."""

    slot: int
    key: str
    label: str


@dataclass(frozen=True)
class Slots:
    """The scenarios of a block and the shocks of their slots.

    The first slots of `shocks` hold each driver's largest shock; scenarios count from there. `policy` lists the
    policy's scenarios, `own` those of each review that has a table of its own. `crowded` are the reviews whose rows,
    added to the policy's, are more than a table has room for.
    """

    shocks: Shocks
    policy: list[Listed]
    own: dict[int, list[Listed]]
    crowded: list[int]

    def listed(self, review: int) -> list[Listed]:
        """List the scenarios of one review in its own order, stand-ins last."""
        return self.own.get(review, self.policy)


def arrange(tables: tuple[ScenarioTable | None, ...], x: Figures, policy: Policy) -> Slots:
    """Put drivers and the scenario tables of a block into slots; None stands for the policy's table."""
    listed = [Listed(slot, key, str(row["label"])) for slot, (key, row) in enumerate(policy.scenarios.items())]
    own: dict[int, list[Listed]] = {}
    typed: dict[int, dict[int, ScenarioRow]] = {}
    crowded: list[int] = []
    for review, table in enumerate(tables):
        if table is not None:
            own[review], typed[review] = _read(table, listed, policy)
            if not table.whole and len(own[review]) > template.MAX_SCENARIOS:
                crowded.append(review)
    last = max(item.slot for rows in (listed, *own.values()) for item in rows)
    added = np.zeros((last + 1 - len(listed), len(_KEYS)))
    fixed = np.concatenate([policy.driver_shocks, policy.scenario_shocks, added])

    left = {"volume": x.inventory_build, "utilization": x.utilization}
    shocks: dict[str, Array] = {}
    for at, key in enumerate(_KEYS):
        column = fixed[:, at : at + 1]
        if typed:
            column = _with_own(column, key, typed, len(tables), len(policy.drivers))
        if key in left:
            column = np.where(np.isnan(column), left[key], column)
        shocks[key] = column[:, :1] if typed and (column == column[:, :1]).all() else column
    return Slots(Shocks(**shocks), listed, own, crowded)


def _read(
    table: ScenarioTable, policy_rows: list[Listed], policy: Policy
) -> tuple[list[Listed], dict[int, ScenarioRow]]:
    """Give a review's scenarios in its order, stand-ins last, and the rows it typed by slot."""
    slots = {item.key.casefold(): item.slot for item in policy_rows}
    own: dict[int, Listed] = {}
    typed: dict[int, ScenarioRow] = {}
    for row in table.rows:
        name = str(row["scenario"])
        slot = slots.setdefault(name.casefold(), len(slots))
        known = policy_rows[slot] if slot < len(policy_rows) else Listed(slot, name, name)
        own[slot] = known._replace(label=str(row["label"] or known.label))
        typed[slot] = row
    if table.whole:
        needed = [item for item in policy_rows if item.key in ("base", *policy.core) and item.slot not in own]
        return [*own.values(), *needed], typed
    return [own.pop(item.slot, item) for item in policy_rows] + list(own.values()), typed


def _with_own(
    column: Array, key: str, typed: dict[int, dict[int, ScenarioRow]], reviews: int, first_slot: int
) -> Array:
    """Put one shock of the reviews' own rows into its slots; a blank is 0, or what the policy leaves to the review."""
    wide = np.repeat(column, reviews, axis=1)
    for review, rows in typed.items():
        for slot, row in rows.items():
            value, at = row[key], (first_slot + slot, review)
            if isinstance(value, float):
                wide[at] = value
            elif not np.isnan(wide[at]):
                wide[at] = 0.0
    return wide
