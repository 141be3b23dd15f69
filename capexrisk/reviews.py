"""Many reviews as columns: one array an input, customers flat behind one another, scenarios in slots.

Figures stand as rows of one table (input by review), so that each input is contiguous and a block of reviews is a
slice. Customers are ragged: their columns are flat arrays, ordered by review, with the start of each review.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from capexrisk import template
from capexrisk.errors import InputError, unknown
from capexrisk.records import Record, read_record
from capexrisk.result import Finding
from capexrisk.typed import LARGEST

Array = NDArray[np.float64]
Codes = NDArray[np.int8]
ScenarioRow = dict[str, float | str | None]

_CODED = {
    "kind": template.KINDS,
    "credit": template.CREDITS,
    "take_or_pay": ("No", "Yes"),
    "circular": ("No", "Yes"),
}


@dataclass(frozen=True)
class Customers:
    """The payers of many reviews, flat. Codes are positions in the template's choices, -1 for blank.

    `starts` has one entry a review and a last one; customer i of review r stands at ``starts[r] + i``.
    """

    starts: NDArray[np.int64]
    revenue: Array
    backlog: Array
    kind: Codes
    credit: Codes
    take_or_pay: Codes
    circular: Codes

    def block(self, first: int, last: int) -> Customers:
        """Give the customers of the reviews from `first` up to `last`, as a view."""
        a, b = self.starts[first], self.starts[last]
        return Customers(
            self.starts[first : last + 1] - a,
            self.revenue[a:b],
            self.backlog[a:b],
            self.kind[a:b],
            self.credit[a:b],
            self.take_or_pay[a:b],
            self.circular[a:b],
        )


@dataclass(frozen=True)
class ScenarioTable:
    """A review's own scenario rows; `whole` when the policy's rows that are not among them are gone."""

    rows: list[ScenarioRow]
    whole: bool


@dataclass(frozen=True)
class Reviews:
    """Reviews as typed, before any default: `figures` is (inputs, reviews) in the order of `template.NUMBERS`.

    nan is blank. `statuses` is (5, reviews) with -1 for blank, `sourced` says where a source stands, `tested` whether
    the three-part test is answered whole. `scenarios` holds a review's own table, or None for the policy's.
    `readings` keeps findings made while reading; `records` the reviews as read, where they came as records.
    """

    figures: Array
    review_type: Codes
    includes_depreciation: Codes
    customers: Customers
    statuses: Codes
    sourced: NDArray[np.bool_]
    tested: NDArray[np.bool_]
    scenarios: tuple[ScenarioTable | None, ...]
    readings: dict[int, list[Finding]]
    records: tuple[Record, ...] | None = None

    def __len__(self) -> int:
        return self.figures.shape[1]

    @staticmethod
    def from_records(raws: Iterable[object]) -> Reviews:
        """Read reviews from the JSON objects of `new --from`; raises InputError for a shape or key not known."""
        records = tuple(read_record(raw) for raw in raws)
        figures = np.array(
            [[record.number("inputs", None, record.inputs, key) for record in records] for key in template.NUMBERS]
        ).reshape(len(template.NUMBERS), len(records))
        rows = [(record, at, row) for record in records for at, row in enumerate(record.customers)]
        starts = np.zeros(len(records) + 1, np.int64)
        np.cumsum([len(record.customers) for record in records], out=starts[1:])
        coded = {
            key: np.array([_code(row[key], choices) for _, _, row in rows], np.int8) for key, choices in _CODED.items()
        }
        customers = Customers(
            starts,
            np.array([record.number("customers", at, row, "revenue") for record, at, row in rows], float),
            np.array([record.number("customers", at, row, "backlog") for record, at, row in rows], float),
            **coded,
        )
        return Reviews(
            figures,
            _codes([record.inputs["review_type"] for record in records], template.REVIEW_TYPES),
            _codes([record.inputs["margin_includes_depreciation"] for record in records], ("No", "Yes")),
            customers,
            np.array(
                [[_code(question["status"], template.STATUSES) for question in record.questions] for record in records],
                np.int8,
            )
            .reshape(len(records), len(template.QUESTIONS))
            .T,
            np.array([[bool(question["source"]) for question in record.questions] for record in records], bool)
            .reshape(len(records), len(template.QUESTIONS))
            .T,
            np.array([all(record.three_part.values()) for record in records], bool),
            tuple(
                ScenarioTable(_shocks(record), record.whole_table) if record.scenarios or record.whole_table else None
                for record in records
            ),
            {at: record.findings for at, record in enumerate(records) if record.findings},
            records,
        )

    @staticmethod
    def from_columns(
        figures: Mapping[str, ArrayLike],
        customers: Mapping[str, ArrayLike] | None = None,
        *,
        review_type: ArrayLike | None = None,
        includes_depreciation: ArrayLike | None = None,
        statuses: ArrayLike | None = None,
        sourced: ArrayLike | None = None,
        tested: ArrayLike | None = None,
    ) -> Reviews:
        """Take reviews that are columns already: one array an input key, nan for blank.

        `customers` holds flat columns: `review` (which review, ascending), revenue, backlog, kind, credit,
        take_or_pay, circular; choices as codes (positions in the template's choices; 0 No, 1 Yes; -1 blank).
        `statuses` and `sourced` are (5, reviews). What is left out is blank; identity and names are not needed.
        Raises InputError for unknown keys, columns of unequal length, and values that no code or number can be.
        """
        for key in figures:
            if key not in template.NUMBERS:
                raise InputError(unknown("input", key, template.NUMBERS))
        n = max((np.size(column) for column in figures.values()), default=0)
        table = np.full((len(template.NUMBERS), n), np.nan)
        for key, column in figures.items():
            table[template.NUMBERS.index(key)] = _numbers(key, column, n)
        flat: dict[str, ArrayLike] = dict(customers or {})
        known = ("review", "revenue", "backlog", *_CODED)
        for key in flat:
            if key not in known:
                raise InputError(unknown("customer column", key, known))
        owner = _whole("review", flat.get("review", ()), (np.size(flat.get("review", ())),), 0, n - 1).astype(np.int64)
        if np.any(np.diff(owner) < 0):
            raise InputError("Customers must be ordered by review.")
        size = owner.size
        starts = np.searchsorted(owner, np.arange(n + 1))
        if np.diff(starts).max(initial=0) > template.MAX_CUSTOMERS:
            raise InputError(f"A review has more than {template.MAX_CUSTOMERS} customers; keep the largest.")
        payers = Customers(
            starts,
            _numbers("revenue", flat.get("revenue"), size),
            _numbers("backlog", flat.get("backlog"), size),
            **{key: _coded(key, flat.get(key), (size,), len(choices)) for key, choices in _CODED.items()},
        )
        questions = (len(template.QUESTIONS), n)
        return Reviews(
            table,
            _coded("review_type", review_type, (n,), len(template.REVIEW_TYPES)),
            _coded("includes_depreciation", includes_depreciation, (n,), 2),
            payers,
            _coded("statuses", statuses, questions, len(template.STATUSES)),
            _coded("sourced", sourced, questions, 2) == 1,
            _coded("tested", tested, (n,), 2) == 1,
            (None,) * n,
            {},
        )

    def block(self, first: int, last: int) -> Reviews:
        """Give the reviews from `first` up to `last`, as views of the same columns."""
        return Reviews(
            self.figures[:, first:last],
            self.review_type[first:last],
            self.includes_depreciation[first:last],
            self.customers.block(first, last),
            self.statuses[:, first:last],
            self.sourced[:, first:last],
            self.tested[first:last],
            self.scenarios[first:last],
            {at - first: self.readings[at] for at in range(first, last) if at in self.readings}
            if self.readings
            else self.readings,
            self.records[first:last] if self.records else None,
        )


def _shocks(record: Record) -> list[ScenarioRow]:
    """Give a review's own scenario rows; a shock that could not be read is blank (the review is Incomplete)."""
    return [
        {key: None if key in template.SHOCK and not isinstance(value, float) else value for key, value in row.items()}
        for row in record.scenarios
    ]


def _numbers(key: str, values: ArrayLike | None, n: int) -> Array:
    """Give a column of numbers, nan for blank."""
    if values is None:
        return np.full(n, np.nan)
    column = _array(key, values, (n,))
    if np.any(np.abs(column) > LARGEST):
        raise InputError(f"Column {key} holds a number of more than 18 digits; use a larger unit.")
    return column


def _coded(key: str, values: ArrayLike | None, shape: tuple[int, ...], choices: int) -> Codes:
    """Give a column of codes, -1 for blank."""
    return (
        np.full(shape, -1, np.int8) if values is None else _whole(key, values, shape, -1, choices - 1).astype(np.int8)
    )


def _whole(key: str, values: ArrayLike, shape: tuple[int, ...], low: int, high: int) -> Array:
    column = _array(key, values, shape)
    if not np.all((column >= low) & (column <= high) & (column == np.floor(column))):
        raise InputError(f"Column {key} must hold whole numbers from {low} to {high}.")
    return column


def _array(key: str, values: ArrayLike, shape: tuple[int, ...]) -> Array:
    try:
        column = np.asarray(values, float)
    except (TypeError, ValueError):
        raise InputError(f"Column {key} must hold numbers only, nan for blank.") from None
    if column.shape != shape:
        raise InputError(f"Column {key} has the shape {column.shape}; it must be {shape}.")
    return column


def _codes(values: Sequence[object], choices: tuple[str, ...]) -> Codes:
    return np.array([_code(value, choices) for value in values], np.int8)


def _code(value: object, choices: tuple[str, ...]) -> int:
    return choices.index(value) if value in choices else -1
