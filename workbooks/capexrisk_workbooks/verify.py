"""Do the stored results of a finished review still hold? Recomputed and compared cell by cell; nothing is changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from capexrisk import Result
from capexrisk_udfs import CallError
from capexrisk_udfs.calls import capex_version
from capexrisk_workbooks.evaluation.engine import Kept, evaluate
from capexrisk_workbooks.ooxml.book import Book
from capexrisk_workbooks.ooxml.cells import CellError, Spot, Value, address
from capexrisk_workbooks.origin import made_with, remarks
from capexrisk_workbooks.reading import read_review
from capexrisk_workbooks.recalc import ENGINE_FUNCTIONS, result_of


@dataclass(frozen=True)
class Difference:
    """A cell whose stored value is not what its formula gives now."""

    cell: str
    stored: Value
    computed: Value


@dataclass(frozen=True)
class Verification:
    """Whether stored results hold: `differences` is empty when they do. `reasons` says what has changed since.

    `kept` lists formulas that could not be recomputed, so that nothing is said of them.
    """

    result: Result
    differences: tuple[Difference, ...]
    reasons: tuple[str, ...]
    kept: tuple[Kept, ...]

    @property
    def holds(self) -> bool:
        """Whether every stored result is what its formula gives now."""
        return not self.differences


def verify(path: str | Path) -> Verification:
    """Recompute a review and compare; raises a subclass of UnusableFile when it cannot be read."""
    book = Book.read(path)
    read_review(book)
    evaluation = evaluate(book, ENGINE_FUNCTIONS, CallError)
    differences: list[Difference] = []
    for sheet, values in evaluation.values.items():
        lasting = {spot: v for spot, v in values.items() if spot not in evaluation.volatile.get(sheet, ())}
        differences += _differences(book, sheet, lasting)
    read = read_review(book, evaluation.values)
    reasons = remarks(book)
    if differences and made_with(book) in (None, capex_version()):
        reasons += ("Inputs or results were changed since it was last recalculated.",)
    return Verification(result_of(read), tuple(differences), reasons, evaluation.kept)


def _differences(book: Book, name: str, values: Mapping[Spot, Value]) -> list[Difference]:
    sheet = book.sheet(name)
    found: list[Difference] = []
    for spot, value in values.items():
        stored = sheet.formulas[spot].value if spot in sheet.formulas else sheet.members.get(spot)
        if sheet.spliced({spot: value}) is not sheet.xml:
            found.append(Difference(f"{name}!{address(*spot)}", stored, value))
    return found


def said(value: Value) -> str:
    """Say a cell's value."""
    if isinstance(value, CellError):
        return value.code
    return "nothing" if value is None or value == "" else f"{value:.10g}" if isinstance(value, float) else str(value)
