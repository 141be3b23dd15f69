"""The rows of results as the reviews of a portfolio: columns for the model, names for people."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

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
    figures[:, [not whole for whole in complete]] = np.nan  # they may hold what no review can
    customers = [json.loads(text) if whole else [] for text, whole in zip(texts("customers"), complete, strict=True)]
    rows = [row for listed in customers for row in listed]
    owner = np.repeat(np.arange(len(places)), [len(listed) for listed in customers])

    def numbers(key: str) -> list[float]:
        return [np.nan if row[key] is None else row[key] for row in rows]

    def codes(key: str, choices: Sequence[str]) -> list[int]:
        return [-1 if row[key] is None else choices.index(row[key]) for row in rows]

    no_yes = ("No", "Yes")
    reviews = Reviews.from_columns(
        dict(zip(template.NUMBERS, figures, strict=True)),
        {
            "review": owner,
            "revenue": numbers("revenue"),
            "backlog": numbers("backlog"),
            "kind": codes("kind", template.KINDS),
            "credit": codes("credit", template.CREDITS),
            "take_or_pay": codes("take_or_pay", no_yes),
            "circular": codes("circular", no_yes),
        },
        includes_depreciation=[
            -1 if text == "" else no_yes.index(text) if text in no_yes else -1
            for text in texts("input_margin_includes_depreciation")
        ],
    )
    changed = [_number_of(text) for text in texts("modified")]
    payers = [str(row["customer"] or "") for row in rows]
    currencies, units = texts("currency"), texts("unit")
    return (
        Filed(reviews, complete, texts("entity"), texts("period_end"), changed, currencies, units, payers),
        places,
    )


def _number_of(text: str) -> float:
    """Give an ISO time in UTC as seconds, -inf when there is none."""
    from datetime import datetime

    return datetime.fromisoformat(text).timestamp() if text else -np.inf
