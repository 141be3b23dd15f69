"""The shorter way to the values of a review whose formulas are the template's: no spreadsheet engine.

A formula is the template's when its shape is (`program.shape`). The formulas of a workbook are compiled once, for all
workbooks with the same formulas in the same places. What the compiled program is not sure of ends the shorter way; the
engine then does the whole workbook.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import TypeAlias

from capexrisk_udfs.cells import Rows
from capexrisk_udfs.runs import one_policy
from capexrisk_workbooks.evaluation.dependents import Cells
from capexrisk_workbooks.evaluation.engine import Evaluation
from capexrisk_workbooks.evaluation.functions import Unsure
from capexrisk_workbooks.evaluation.program import Names, Piece, Placed, Program, compiled, program, shape
from capexrisk_workbooks.ooxml.book import Book, DefinedName
from capexrisk_workbooks.ooxml.cells import Area, Spot
from capexrisk_workbooks.ooxml.mould import MOST_MOULDS, Mould
from capexrisk_workbooks.ooxml.sheet import Formula, Sheet

KNOWN = "template_formulas.txt"
"""The shapes of the formulas of the templates in force, one a line; written by `make docs`."""


@dataclass(frozen=True, slots=True)
class Evaluated(Evaluation):
    """What the shorter way gives: new values, and the ranges that it handed to functions, by sheet and area."""

    tables: Mapping[tuple[str, Area], Rows]


def evaluate(book: Book) -> Evaluated | None:
    """Give the value of every formula, as `engine.evaluate` does; None when the formulas are not the template's."""
    if book.date1904:
        return None
    found = _program(_contents(book))
    if found is None:
        return None
    for _, sheet in _sheets(book):
        sheet.learn()
    try:
        with one_policy():
            values, tables = found.values(lambda name: book.sheet(name).values())
    except Unsure:
        return None
    return Evaluated(values, (), {}, tables)


def shapes(book: Book) -> list[str]:
    """Give the shapes of a workbook's formulas, each once, in order; raises Unsure for one that is unknown here."""
    names = _names_of(book.names, tuple(name for name, _ in _sheets(book)))
    return sorted(
        {shape(formula.text, name, names) for name, sheet in _sheets(book) for formula in sheet.formulas.values()}
    )


def _sheets(book: Book) -> Iterator[tuple[str, Sheet]]:
    return ((part.name, book.sheet(part.name)) for part in book.sheets if part.part is not None)


_Formula: TypeAlias = tuple[Spot, str, str, Area | None]
_Contents: TypeAlias = tuple[tuple[tuple[str, tuple[_Formula, ...] | Mould], ...], tuple[DefinedName, ...]]


def _contents(book: Book) -> _Contents:
    """Give what tells a workbook's formulas from others; sheets of one mould have the same."""
    return tuple((name, sheet.mould or _formulas_of(sheet)) for name, sheet in _sheets(book)), book.names


def _formulas_of(source: Mould | Sheet) -> tuple[_Formula, ...]:
    formulas = [(spot, _kind(item), item.text, item.area) for spot, item in source.formulas.items()]
    return (*formulas, *((spot, "hollow", "", None) for spot in source.hollow))


def _kind(formula: Formula) -> str:
    return "normal" if formula.kind == "shared" else formula.kind


@lru_cache(16)
def _program(contents: _Contents) -> Program | None:
    """Compile a workbook's formulas; None when one is not the template's."""
    sheets, stored = contents
    names = _names_of(stored, tuple(name for name, _ in sheets))
    formulas: list[Placed] = []
    try:
        for sheet, source in sheets:
            for spot, kind, text, area in _formulas_of(source) if isinstance(source, Mould) else source:
                piece = _piece(text, sheet, names)
                if piece is None or kind not in ("normal", "array"):
                    return None
                formulas.append(Placed((sheet, *spot), piece, area if kind == "array" else None))
        return program(formulas)
    except Unsure:
        return None


@lru_cache(4096)
def _piece(text: str, sheet: str, names: Names) -> Piece | None:
    """Compile one formula; None when it is not the template's."""
    try:
        return compiled(text, sheet, names) if shape(text, sheet, names) in _known() else None
    except Unsure:
        return None


@lru_cache(MOST_MOULDS)
def _names_of(names: tuple[DefinedName, ...], sheets: tuple[str, ...]) -> Names:
    """Resolve names; workbooks with the same ones share the object."""
    found: dict[str, Cells] = {}
    local = {name.name.casefold() for name in names if name.sheet is not None}
    for name in names:
        sheet, _, corners = name.text.rpartition("!")
        if name.name.casefold() not in local:
            with suppress(ValueError):  # it stands for no fixed cells
                found[name.name.casefold()] = Cells(sheet.strip("'").replace("''", "'"), Area.parse(corners))
    return Names(found, frozenset(sheets))


@lru_cache(1)
def _known() -> frozenset[str]:
    return frozenset(files("capexrisk_workbooks.evaluation").joinpath(KNOWN).read_text(encoding="utf-8").splitlines())
