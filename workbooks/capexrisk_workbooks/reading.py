"""Reading a review back out of a workbook: by defined names, labels and headers, never by position.

What the functions see is what is read here: the cells of the four ranges go through the same `ranges.read`. Beyond
that, a reader of files knows the sources, and in which cell everything stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from capexrisk import ErrorCell, template
from capexrisk_udfs import ranges
from capexrisk_udfs.cells import CallError, Rows, cell
from capexrisk_udfs.runs import Held, known_reading
from capexrisk_workbooks.ooxml.book import Book
from capexrisk_workbooks.ooxml.cells import Area, CellError, Spot, Value, address
from capexrisk_workbooks.ooxml.unusable import UnusableFile

NAMES = ("Inputs", "Customers", "Scenarios", "Questions")
"""The defined names by which a workbook is known to be a review, and its ranges are found."""

VERSION_NAME = "template_version"
LARGEST_RANGE = 500_000
"""Cells; a range beyond this was stretched by mistake, or to do harm."""

DAYS_1904 = 1462
"""How many days the calendar that begins in 1904 lies behind the one of 1900."""

Place = tuple[str, int | None, str]
Values = Mapping[str, Mapping[Spot, Value]]
"""Values that stand in for those of the file, by sheet and (row, column)."""


class NotAReview(UnusableFile):
    """The file is a workbook, but not a review made by this tool."""


@dataclass(frozen=True)
class Read:
    """A review as it stands in a workbook.

    `record` is what `Reviews.from_records` takes, sources and findings about labels included. `places` says where in
    its range each value stands, row and column from 0, by (table, row, key); row is None for inputs and for the header
    of a column. `areas` says which sheet and rectangle each of the four names stands for, `tables` what stands there
    as functions take it. `template_version` is None when the workbook does not say.
    """

    record: dict[str, Any]
    places: dict[Place, tuple[int, int]]
    sources: dict[str, str]
    areas: dict[str, tuple[str, Area]]
    tables: tuple[Rows, Rows, Rows, Rows]
    template_version: str | None

    @cached_property
    def cells(self) -> dict[Place, str]:
        """The cell of each value by (table, row, key), such as "Review!C31"."""
        return {place: _cell(self.areas[ranges.RANGES[place[0]]], *spot) for place, spot in self.places.items()}


def read_review(
    source: str | Path | bytes | Book,
    values: Values | None = None,
    tables: Mapping[tuple[str, Area], Rows] | None = None,
) -> Read:
    """Read the review in a workbook; values of formulas among the inputs are those stored in the file.

    `values`, by sheet and (row, column), stand in for stored ones: those of a recalculation that is not written yet.
    `tables` are ranges that were read already with these values, by sheet and area, as functions take them.
    Raises NotAReview for a workbook without our names, or whose ranges hold something else, and the other kinds of
    UnusableFile for a file that is no sound workbook.
    """
    book = source if isinstance(source, Book) else Book.read(source)
    areas = {name: area(book, name) for name in NAMES}
    inputs, customers, scenarios, questions = _tables(book, areas, values or {}, tables or {})
    try:
        reading = known_reading((inputs, customers, scenarios, questions))
    except CallError as error:
        raise NotAReview(f"The workbook has the names of a review, but cannot be read as one: {error}") from None
    record = {**reading.record, "inputs": dict(reading.record["inputs"])}
    if book.date1904:
        _move_dates(record["inputs"])
    sources = _sources(book, areas["Inputs"], reading.places, values or {})
    for key, text in sources.items():
        record["inputs"][key] = {"value": record["inputs"][key], "source": text}
    return Read(
        record, reading.places, sources, areas, (inputs, customers, scenarios, questions), template_version(book)
    )


def tables(book: Book) -> tuple[Rows, Rows, Rows, Rows]:
    """Read the ranges of the four names as functions take them, from the values that are stored."""
    return _tables(book, {name: area(book, name) for name in NAMES}, {}, {})


def _tables(
    book: Book, areas: Mapping[str, tuple[str, Area]], values: Values, known: Mapping[tuple[str, Area], Rows]
) -> tuple[Rows, Rows, Rows, Rows]:
    inputs, customers, scenarios, questions = (
        known.get(areas[name]) or _rows(book, *areas[name], values) for name in NAMES
    )
    return inputs, customers, scenarios, questions


def area(book: Book, name: str) -> tuple[str, Area]:
    """Give the sheet and the rectangle that a name of the whole workbook stands for; raises NotAReview without it."""
    found = book.global_names.get(name.casefold())
    if found is None:
        said = ", ".join([name for name in NAMES if name.casefold() not in book.global_names] or [name])
        raise NotAReview(f"The workbook is not a review: it has no cells named {said}. Make one with `capexrisk new`.")
    sheet, _, corners = found.rpartition("!")
    sheet = sheet.removeprefix("'").removesuffix("'").replace("''", "'")
    exact = next((part.name for part in book.sheets if part.part and part.name.casefold() == sheet.casefold()), None)
    try:
        if exact is None:
            raise ValueError
        rectangle = _clipped(book, exact, corners)
    except (ValueError, KeyError):
        raise NotAReview(
            f"The name {name} leads to {found or 'nothing'}, no range of cells. Undo what removed it, or copy "
            "the figures into a fresh workbook."
        ) from None
    if rectangle.size > LARGEST_RANGE:
        raise NotAReview(f"The name {name} spans {rectangle.size:,} cells; a review needs a few hundred.")
    return exact, rectangle


def _clipped(book: Book, sheet: str, corners: str) -> Area:
    """Give the rectangle of an address, whole columns cut where the sheet ends."""
    first, _, last = corners.replace("$", "").partition(":")
    if first.isalpha() and last.isalpha():
        corners = f"{first}1:{last}{max(1, book.sheet(sheet).extent[0])}"
    return Area.parse(corners)


def _rows(book: Book, sheet: str, rectangle: Area, values: Values) -> Rows:
    """Read a range as functions take it; one pass over its cells, which are many."""
    top, left, bottom, right = rectangle
    standing = book.sheet(sheet).values(rectangle)
    if sheet in values:
        standing.update(item for item in values[sheet].items() if rectangle.holds(*item[0]))
    columns, find = range(left, right + 1), standing.get
    return Held(
        [
            value if (value := find((row, column))) is None or type(value) is float else cell(_value(value))
            for column in columns
        ]
        for row in range(top, bottom + 1)
    )


def _value(value: Value) -> Any:
    return ErrorCell(value.code) if isinstance(value, CellError) else value


def _move_dates(inputs: dict[str, Any]) -> None:
    """Count dates from 1900, as everything else here does."""
    for item in template.FIELDS:
        value = inputs.get(item.key)
        if item.kind == "date" and isinstance(value, float):
            inputs[item.key] = value + DAYS_1904


def _sources(
    book: Book, inputs: tuple[str, Area], places: dict[Place, tuple[int, int]], values: Values
) -> dict[str, str]:
    """Read what stands beside each input under the header Source, in the row of the header Item or in the first."""
    sheet, block = inputs
    last = max(block.right + 1, book.sheet(sheet).extent[1])
    wide = Area(block.top, block.left, block.bottom, min(last, block.right + 100))
    standing = book.sheet(sheet).values(wide)
    standing.update((spot, value) for spot, value in values.get(sheet, {}).items() if wide.holds(*spot))
    named = [spot for spot, value in standing.items() if isinstance(value, str) and _is_header(value)]
    if not named:
        return {}
    column = min(named)[1]
    found: dict[str, str] = {}
    for (table, _, key), (row, _) in places.items():
        if table == "inputs" and key in template.FIELD:
            text = cell(_value(standing.get((block.top + row, column))))
            if text is not None and not isinstance(text, ErrorCell):
                found[key] = f"{text:g}" if isinstance(text, float) else str(text).strip()
    return found


def _is_header(text: str) -> bool:
    return text.strip().casefold() == _SOURCE


_SOURCE = ranges.SOURCE.casefold()


def _cell(where: tuple[str, Area], row: int, column: int) -> str:
    """Give an address as people write it, such as Review!C31."""
    sheet, block = where
    quoted = sheet if sheet.isidentifier() else "'" + sheet.replace("'", "''") + "'"
    return f"{quoted}!{address(block.top + row, block.left + column)}"


def template_version(book: Book) -> str | None:
    """Give the version of the template that a workbook was made from, None when it does not say."""
    return book.global_names.get(VERSION_NAME, "").strip('"') or None
