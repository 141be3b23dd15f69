"""The rows of results as the reviews of a portfolio: columns for the model, names for people."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable, Sequence
from datetime import datetime
from math import inf, nan
from pathlib import Path

from capexrisk import Reviews, template
from capexrisk.portfolio import Filed
from capexrisk_workbooks.results import Row
from capexrisk_workbooks.results_file import Results, Table

_INPUTS = [f"input_{key}" for key in template.NUMBERS]


def spool(rows: Iterable[Row], path: str | Path) -> Table:
    """Write rows to a Parquet file and give it as a table."""
    with Results(path) as results:
        for row in rows:
            results.add(row)
    return Table(path)


def filed(table: Table) -> tuple[Filed, list[int]]:
    """Give the reviews of a table of results, and in which of its rows each stands; files without one are left out."""
    decisions = table.column("decision")
    places = [at for at, decision in enumerate(decisions) if decision is not None]

    def texts(name: str) -> list[str]:
        column = table.column(name)
        return [column[at] or "" for at in places]

    complete = [decisions[at] != template.DECISIONS[0] for at in places]
    figures = table.numbers(_INPUTS)[:, places]
    figures[:, [not whole for whole in complete]] = nan  # they may hold what no review can
    payers = _Payers()
    place_of = {at: place for place, at in enumerate(places) if complete[place]}
    for at, row in enumerate(table.rows(["customers"])):  # the longest texts of all: never held together
        if at in place_of:
            payers.add(place_of[at], row["customers"])
    reviews = Reviews.from_columns(
        dict(zip(template.NUMBERS, figures, strict=True)),
        payers.columns,
        includes_depreciation=[
            _NO_YES.index(text) if text in _NO_YES else -1 for text in texts("input_margin_includes_depreciation")
        ],
    )
    changed = [_number_of(text) for text in texts("modified")]
    currencies, units = texts("currency"), texts("unit")
    return (
        Filed(reviews, complete, texts("entity"), texts("period_end"), changed, currencies, units, payers.names),
        places,
    )


class _Payers:
    """The customers of many reviews, read one review at a time into columns."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self._same: dict[str, str] = {}
        self._owner = array("q")
        self._numbers = {key: array("d") for key in ("revenue", "backlog")}
        self._codes = {key: array("b") for key in _CHOICES}

    def add(self, review: int, text: str) -> None:
        """Read the customers of one review from their JSON."""
        for row in json.loads(text):
            name = str(row["customer"] or "")
            self.names.append(self._same.setdefault(name, name))
            self._owner.append(review)
            for key, numbers in self._numbers.items():
                numbers.append(nan if row[key] is None else row[key])
            for key, codes in self._codes.items():
                codes.append(-1 if row[key] is None else _CHOICES[key].index(row[key]))

    @property
    def columns(self) -> dict[str, array[int] | array[float]]:
        """What `Reviews.from_columns` takes."""
        return {"review": self._owner, **self._numbers, **self._codes}


_NO_YES = ("No", "Yes")
_CHOICES: dict[str, Sequence[str]] = {
    "kind": template.KINDS,
    "credit": template.CREDITS,
    "take_or_pay": _NO_YES,
    "circular": _NO_YES,
}


def _number_of(text: str) -> float:
    """Give an ISO time in UTC as seconds, -inf when there is none."""
    return datetime.fromisoformat(text).timestamp() if text else -inf
