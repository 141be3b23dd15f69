"""The formulas of a workbook, read and judged together: what each fills and refers to, and which are not trusted."""

import re
from dataclasses import dataclass
from functools import cached_property

from capexrisk_workbooks.book import Book, DefinedName
from capexrisk_workbooks.cells import Area, Spot
from capexrisk_workbooks.dependents import Cells, Dependents, Key
from capexrisk_workbooks.sheet import Sheet
from capexrisk_workbooks.trust import Bar, Reading, Reference, read_formula

LARGEST_BLOCK = 100_000
"""The most cells that an array formula may fill; a larger one keeps its values."""


@dataclass(frozen=True, slots=True)
class BookFormula:
    """A formula in its cell."""

    text: str
    reading: Reading
    block: Area | None  # what an array formula fills
    members: tuple[Spot, ...]  # the block's cells that stand in the file, without the formula's own
    dynamic: bool
    refers: tuple[Cells, ...]
    barred: tuple[tuple[Cells, Bar], ...]


@dataclass(frozen=True)
class Plan:
    """What is to be evaluated. `refused` says why a formula is not; `hollow` cells only look like formulas."""

    formulas: dict[Key, BookFormula]
    refused: dict[Key, str]
    hollow: dict[str, tuple[Spot, ...]]
    fills: dict[Key, Cells]

    @cached_property
    def calls(self) -> frozenset[tuple[str, str]]:
        """Our functions: as spelled in some formula, in capitals, and as they are registered."""
        return frozenset().union(*(formula.reading.calls for formula in self.formulas.values()))

    @cached_property
    def dependents(self) -> Dependents:
        """Who refers to whom."""
        return Dependents(self.fills, {key: formula.refers for key, formula in self.formulas.items()})


def plan_book(book: Book, ours: frozenset[tuple[str, bool]]) -> Plan:
    """Read and judge every formula of a workbook; `ours` holds our functions and whether each gives a table."""
    names = Names(book)
    formulas: dict[Key, BookFormula] = {}
    refused: dict[Key, str] = {}
    hollow: dict[str, tuple[Spot, ...]] = {}
    fills: dict[Key, Cells] = {}
    for part in book.sheets:
        if part.part is None:
            continue
        sheet = book.sheet(part.name)
        found = sheet.formulas
        members = _members(sheet)
        if sheet.hollow:
            hollow[part.name] = sheet.hollow
        for spot, formula in found.items():
            key = (part.name, *spot)
            array = formula.kind == "array"
            reading = read_formula(formula.text, array, ours)
            block = formula.area if formula.kind in ("array", "table") else None
            reason = "it is a data table" if formula.kind == "table" else reading.reason
            if block and block.size > LARGEST_BLOCK:
                reason = f"it fills {block.size:,} cells, more than {LARGEST_BLOCK:,}"
            refers: list[Cells] = []
            bars: list[tuple[Cells, Bar]] = []
            if not reason:
                for reference in reading.references:
                    cells = names.cells(reference, part.name)
                    if isinstance(cells, str):
                        reason = cells
                        break
                    if cells is not None:
                        refers.append(cells)
                        if reference.bar:
                            bars.append((cells, reference.bar))
            if reason:
                refused[key] = reason
            formulas[key] = BookFormula(
                formula.text,
                reading,
                block,
                members.get(spot, ()),
                formula.dynamic,
                tuple(refers),
                tuple(bars),
            )
            fills[key] = Cells(part.name, block or Area(*spot, *spot))
    return Plan(formulas, refused, hollow, fills)


def _members(sheet: Sheet) -> dict[Spot, tuple[Spot, ...]]:
    """The cells in the file that each array formula fills, by its cell."""
    blocks = {spot: area for spot, area in sheet.blocks.items() if area.size > 1}
    if not blocks:
        return {}
    standing = sheet.members
    return {anchor: tuple(spot for spot in area.spots() if spot in standing) for anchor, area in blocks.items()}


_FIXED = re.compile(
    r"(?:'(?P<quoted>(?:[^']|'')+)'|(?P<plain>[\w.]+))!"
    r"(?P<area>\$[A-Z]{1,3}\$[1-9][0-9]{0,6}(?::\$[A-Z]{1,3}\$[1-9][0-9]{0,6})?)"
)
_CONSTANT = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:E[+-]?[0-9]+)?|TRUE|FALSE")
_CONSTANT_NAME = Cells("", Area(0, 0, 0, 0))


class Names:
    """What the sheets and defined names of a workbook stand for."""

    def __init__(self, book: Book) -> None:
        """Names that stand for anything but fixed cells or a number are known, but not resolved."""
        self._sheets = {sheet.name for sheet in book.sheets if sheet.part is not None}
        self._names = {(name.sheet, name.name.lower()): self._stands_for(name) for name in book.names}

    def cells(self, reference: Reference, sheet: str) -> Cells | str | None:
        """The cells that a formula on `sheet` refers to; None for a constant, a text for a reason to refuse it."""
        if reference.sheet is not None and reference.sheet not in self._sheets:
            return f"the workbook has no sheet {reference.sheet}"
        if reference.area is not None:
            return Cells(reference.sheet or sheet, reference.area)
        name = (reference.name or "").lower()
        scopes = (reference.sheet,) if reference.sheet else (sheet, None)
        scope = next((scope for scope in scopes if (scope, name) in self._names), None)
        found = self._names.get((scope, name))
        if found is None:
            return f"the name {reference.name} stands for nothing that can be resolved"
        if found is _CONSTANT_NAME:
            return None
        if reference.single and found.area.size > 1:
            return f"where one cell is meant it names the range {reference.name}"
        return found

    def _stands_for(self, name: DefinedName) -> Cells | None:
        text = name.text.strip()
        if _CONSTANT.fullmatch(text):
            return _CONSTANT_NAME
        match = _FIXED.fullmatch(text)
        if match is None:
            return None
        sheet = match["plain"] if match["quoted"] is None else match["quoted"].replace("''", "'")
        try:
            return Cells(sheet, Area.parse(match["area"])) if sheet in self._sheets else None
        except ValueError:
            return None
