"""The shorter way to the values of a review: the template's formulas without a spreadsheet engine.

A formula is the template's when its shape is (`program.shape`). Those of a workbook are compiled once, for all
workbooks with the same formulas in the same places. Formulas of the user's own are evaluated by the engine apart from
them, before or after. Whatever is not sure on this way ends it; the engine then does the whole workbook.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple, TypeAlias

from capexrisk_udfs import FUNCTIONS
from capexrisk_udfs.cells import Rows
from capexrisk_udfs.runs import one_policy
from capexrisk_workbooks.evaluation import engine
from capexrisk_workbooks.evaluation.dependents import Cells, Dependents
from capexrisk_workbooks.evaluation.engine import Evaluation, Function
from capexrisk_workbooks.evaluation.formulas import Names
from capexrisk_workbooks.evaluation.functions import Unsure
from capexrisk_workbooks.evaluation.plain import plain_book, plain_cell
from capexrisk_workbooks.evaluation.program import Piece, Placed, Program, compiled, program, shape
from capexrisk_workbooks.evaluation.trust import read_formula
from capexrisk_workbooks.ooxml.book import Book, DefinedName
from capexrisk_workbooks.ooxml.cells import Area, Spot, Value
from capexrisk_workbooks.ooxml.formula import Formula
from capexrisk_workbooks.ooxml.mould import MOST_MOULDS, Mould
from capexrisk_workbooks.ooxml.sheet import Sheet
from capexrisk_workbooks.ooxml.unusable import Unreadable

_OURS = frozenset((name, function.gives == "table") for name, function in FUNCTIONS.items())

KNOWN = "template_formulas.txt"
"""The shapes of the formulas of the templates in force, one a line; written by `make docs`."""

MOST_CELLS = 50_000
"""Cells that formulas fill; the template's fill 1,400. The engine does larger workbooks, and those meant to exhaust."""

Overlay: TypeAlias = dict[str, dict[Spot, Value]]
"""New values by sheet and (row, column)."""


@dataclass(frozen=True, slots=True)
class Evaluated(Evaluation):
    """What the shorter way gives: new values, and the ranges that it handed to functions, by sheet and area."""

    tables: Mapping[tuple[str, Area], Rows]


class Own(NamedTuple):
    """A formula of the user's own, and the cells that it refers to."""

    sheet: str
    formula: Formula
    refers: tuple[Cells, ...]
    volatile: bool

    @property
    def fills(self) -> Cells:
        """The cells that it gives values to."""
        row, col, area = self.formula.row, self.formula.col, self.formula.area
        return Cells(self.sheet, area if self.formula.kind == "array" and area else Area(row, col, row, col))


@dataclass(frozen=True)
class Split:
    """A workbook's formulas: the template's as a program, and the user's own that come before it and after it."""

    program: Program
    before: tuple[Own, ...]
    after: tuple[Own, ...]


def evaluate(
    book: Book, functions: Mapping[str, tuple[Function, bool]], wrong_call: type[Exception] | tuple[()] = ()
) -> Evaluated | None:
    """Give the value of every formula, as `engine.evaluate` does; None when it takes the engine for all of them."""
    if book.date1904:
        return None
    split = _split(_contents(book))
    if split is None:
        return None
    for _, sheet in _sheets(book):
        sheet.learn()
    values: Overlay = {}

    def typed(sheet: str) -> Mapping[Spot, Value]:
        standing = book.sheet(sheet).values()
        return standing | values[sheet] if sheet in values else standing

    try:
        if split.before:
            found = engine.evaluate(_apart(book, split.before, values), functions, wrong_call)
            if found.kept:
                return None  # what depends on them must be kept too
            values = found.values
        with one_policy():
            results, tables = split.program.values(typed)
        _add(values, results)
        if not split.after:
            return Evaluated(values, (), {}, tables)
        found = engine.evaluate(_apart(book, split.after, values), functions, wrong_call)
    except (Unsure, Unreadable):
        return None
    _add(values, found.values)
    return Evaluated(values, found.kept, found.volatile, tables)


def shapes(book: Book) -> list[str]:
    """Give the shapes of a workbook's formulas, each once, in order; raises Unsure for one that is unknown here."""
    names = Names([name for name, _ in _sheets(book)], book.names)
    return sorted(
        {
            shape(read_formula(formula.text, formula.kind == "array", _OURS).tree, name, names)
            for name, sheet in _sheets(book)
            for formula in sheet.formulas.values()
        }
    )


def _add(values: Overlay, more: Mapping[str, dict[Spot, Value]]) -> None:
    for sheet, found in more.items():
        values[sheet] = values[sheet] | found if sheet in values else found


def _apart(book: Book, own: Iterable[Own], values: Overlay) -> Book:
    """Give a workbook with some formulas only, and with the values that they refer to."""
    cells: dict[str, dict[Spot, str]] = {}
    own = tuple(own)
    for sheet in {cells.sheet for formula in own for cells in formula.refers}:
        if all(extent := book.sheet(sheet).extent):  # whole columns reach to the same end
            cells[sheet] = {extent: plain_cell(extent, None)}
    for sheet, area in dict.fromkeys(cells for formula in own for cells in formula.refers):
        standing = book.sheet(sheet).values(area)
        standing.update(item for item in values.get(sheet, {}).items() if area.holds(*item[0]))
        cells.setdefault(sheet, {}).update((spot, plain_cell(spot, value)) for spot, value in standing.items())
    for sheet, formula, *_ in own:
        spot = formula.row, formula.col
        cells.setdefault(sheet, {})[spot] = plain_cell(spot, None, formula)
    return plain_book(book, cells)


def _sheets(book: Book) -> Iterator[tuple[str, Sheet]]:
    return ((part.name, book.sheet(part.name)) for part in book.sheets if part.part is not None)


# --- Whose formulas ---

_Contents: TypeAlias = tuple[tuple[tuple[str, "tuple[Formula, ...] | Mould"], ...], tuple[DefinedName, ...]]


def _contents(book: Book) -> _Contents:
    """Give what tells a workbook's formulas from others; sheets of one mould have the same."""
    return tuple((name, sheet.mould or _formulas_of(sheet)) for name, sheet in _sheets(book)), book.names


def _formulas_of(source: Mould | Sheet) -> tuple[Formula, ...]:
    hollow = (Formula(*spot, "table", "", None, None, False, None) for spot in source.hollow)
    return (*(formula._replace(value=None) for formula in source.formulas.values()), *hollow)


@lru_cache(16)
def _split(contents: _Contents) -> Split | None:
    """Compile the template's formulas, and tell which others come before and after; None when that cannot be done."""
    sheets, stored = contents
    names = _names_of(stored, tuple(name for name, _ in sheets))
    placed: list[Placed] = []
    own: list[Own] = []
    for sheet, source in sheets:
        for formula in _formulas_of(source) if isinstance(source, Mould) else source:
            if formula.kind == "table":
                return None
            piece = _piece(formula.text, formula.kind == "array", sheet, names)
            if piece is None:
                own.append(_own(sheet, formula, names))
            else:
                block = formula.area if formula.kind == "array" else None
                placed.append(Placed((sheet, formula.row, formula.col), piece, block))
    try:
        return _staged(placed, own)
    except Unsure:
        return None


@lru_cache(4096)
def _piece(text: str, array: bool, sheet: str, names: Names) -> Piece | None:
    """Compile one formula; None when it is not the template's."""
    reading = read_formula(text, array, _OURS)
    try:
        if reading.reason or shape(reading.tree, sheet, names) not in _known():
            return None
        return compiled(reading.tree, sheet, names)
    except (Unsure, RecursionError):
        return None


def _own(sheet: str, formula: Formula, names: Names) -> Own:
    """Read a formula of the user's own. One that the engine is not trusted with refers to nothing: it is kept."""
    reading = read_formula(formula.text, formula.kind == "array", _OURS)
    found = [names.cells(reference, sheet) for reference in reading.references]
    refers = () if reading.reason or any(isinstance(cells, str) for cells in found) else found
    return Own(sheet, formula, tuple(cells for cells in refers if isinstance(cells, Cells)), reading.volatile)


def _staged(placed: list[Placed], own: list[Own]) -> Split:
    """Tell which formulas come before the template's and which after; raises Unsure when they need each other."""
    fills = {(item.sheet, item.formula.row, item.formula.col): item.fills for item in own}
    refers = {key: item.refers for key, item in zip(fills, own, strict=True)}
    ours = {item.key: Cells(item.key[0], item.block or Area(*item.key[1:], *item.key[1:])) for item in placed}
    if sum(cells.area.size for cells in (*fills.values(), *ours.values())) > MOST_CELLS:
        raise Unsure
    filled = {(cells.sheet, *spot) for cells in ours.values() for spot in cells.area.spots()}
    if any((item.sheet, *spot) in filled for item in own for spot in item.fills.area.spots()):
        raise Unsure
    dependents = Dependents(
        fills | ours, refers | {item.key: [cells for cells, _ in item.piece.uses] for item in placed}
    )
    needed = {key for key, cells in fills.items() if not ours.keys().isdisjoint(dependents.of([cells]))}
    if needed and not needed.isdisjoint(dependents.of(ours.values())):
        raise Unsure
    before = [item for key, item in zip(fills, own, strict=True) if key in needed]
    if any(item.volatile for item in before):
        raise Unsure
    after = [item for key, item in zip(fills, own, strict=True) if key not in needed]
    return Split(program(placed), tuple(before), tuple(after))


@lru_cache(MOST_MOULDS)
def _names_of(names: tuple[DefinedName, ...], sheets: tuple[str, ...]) -> Names:
    """Resolve names; workbooks with the same ones share the object, and so what was compiled with it."""
    return Names(sheets, names)


@lru_cache(1)
def _known() -> frozenset[str]:
    return frozenset(files("capexrisk_workbooks.evaluation").joinpath(KNOWN).read_text(encoding="utf-8").splitlines())
