"""The formulas of a workbook, read and judged together: what each fills and refers to, and which are not trusted."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TypeAlias

from capexrisk_workbooks.evaluation.bars import Bar
from capexrisk_workbooks.evaluation.dependents import Cells, Dependents, Key
from capexrisk_workbooks.evaluation.dialect import restated
from capexrisk_workbooks.evaluation.trust import MOST_CELLS, Reference, own_name, read_formula, read_reference
from capexrisk_workbooks.ooxml.book import Book, DefinedName
from capexrisk_workbooks.ooxml.cells import Area, Spot
from capexrisk_workbooks.ooxml.formula import Formula, Kind


@dataclass(frozen=True, slots=True)
class BookFormula:
    """A formula in its cell; `engine` is what the engine gets instead of it, None when it gets it as it stands."""

    text: str
    block: Area | None  # what an array formula fills
    dynamic: bool
    volatile: bool
    engine: str | None
    call: str | None  # our function, when the formula is a single call of it that the engine makes in one step
    refers: tuple[Cells, ...]
    barred: tuple[tuple[Cells, Bar], ...]


@dataclass(frozen=True)
class Plan:
    """What is to be evaluated; it does not depend on any value.

    `refused` says why a formula is not evaluated; `hollow` cells only look like formulas; `calls` are our functions, as
    spelled in some formula, in capitals, and as registered; `held` are the ranges that they take, which the engine
    hands over once, by way of the cells of a sheet `aside` that only it has; `spelled` are the cells that must hold no
    number of more than 15 digits, else a careful plan is needed.
    """

    formulas: dict[Key, BookFormula]
    refused: dict[Key, str]
    hollow: dict[str, tuple[Spot, ...]]
    fills: dict[Key, Cells]
    calls: frozenset[tuple[str, str]]
    held: tuple[Cells, ...]
    aside: str
    spelled: tuple[Cells, ...]

    @cached_property
    def dependents(self) -> Dependents:
        """Who refers to whom."""
        return Dependents(self.fills, {key: formula.refers for key, formula in self.formulas.items()})

    @cached_property
    def volatile(self) -> frozenset[Key]:
        """The formulas that change by themselves, and all that depend on them."""
        starts = {key for key, formula in self.formulas.items() if formula.volatile}
        return frozenset(starts.union(self.dependents.of(self.fills[key] for key in starts)))

    @cached_property
    def kept(self) -> dict[Key, str]:
        """The formulas that are refused, and all that depend on them, with the reason."""
        return self.with_dependents(self.refused)

    def with_dependents(self, starts: Mapping[Key, str]) -> dict[Key, str]:
        """Formulas with the reason why they keep their values: those given, and all that depend on them."""
        reached = self.dependents.of(self.fills[key] for key in starts) if starts else {}
        return {**{key: f"it depends on {cells}, which is kept" for key, cells in reached.items()}, **starts}


def plan_book(book: Book, ours: frozenset[tuple[str, bool]], careful: bool = False) -> Plan:
    """Read and judge every formula of a workbook; `ours` holds our functions and whether each gives a table.

    Workbooks with the same formulas in the same places and the same names share one plan. A careful one takes more
    time to evaluate, and spells every number as Excel does.
    """
    sheets = {part.name: book.sheet(part.name) for part in book.sheets if part.part is not None}
    contents = tuple(
        (name, sheet.hollow, tuple(_content(formula) for formula in sheet.formulas.values()))
        for name, sheet in sheets.items()
    )
    return _plan(contents, book.names, ours, careful)


_Content: TypeAlias = tuple[int, int, Kind, str, Area | None, bool]


def _content(formula: Formula) -> _Content:
    return formula.row, formula.col, formula.kind, formula.text, formula.area, formula.dynamic


@lru_cache(16)
def _plan(
    contents: tuple[tuple[str, tuple[Spot, ...], tuple[_Content, ...]], ...],
    names: tuple[DefinedName, ...],
    ours: frozenset[tuple[str, bool]],
    careful: bool,
) -> Plan:
    return _Planner(Names([sheet for sheet, _, _ in contents], names), ours, careful).plan(contents)


class _Planner:
    """Makes a plan."""

    def __init__(self, names: "Names", ours: frozenset[tuple[str, bool]], careful: bool) -> None:
        self.names, self.ours, self.careful = names, ours, careful
        self.spelled: dict[Cells, None] = {}
        self.held: dict[Cells, int] = {}
        self.refused: dict[Key, str] = {}
        self.calls: set[tuple[str, str]] = set()
        self.number = 0  # of the formula in turn
        self.aside = "aside"
        while self.aside in names.sheets:
            self.aside += "_"

    def plan(self, contents: Iterable[tuple[str, tuple[Spot, ...], tuple[_Content, ...]]]) -> Plan:
        formulas: dict[Key, BookFormula] = {}
        fills: dict[Key, Cells] = {}
        hollow: dict[str, tuple[Spot, ...]] = {}
        for sheet, empty, cells in contents:
            if empty:
                hollow[sheet] = empty
            for row, col, kind, text, area, dynamic in cells:
                key = (sheet, row, col)
                self.number = len(formulas)
                formulas[key] = formula = self.formula(key, kind, text, area, dynamic)
                fills[key] = Cells(sheet, formula.block or Area(row, col, row, col))
        calls, held, spelled = frozenset(self.calls), tuple(self.held), tuple(self.spelled)
        return Plan(formulas, self.refused, hollow, fills, calls, held, self.aside, spelled)

    def formula(self, key: Key, kind: Kind, text: str, area: Area | None, dynamic: bool) -> BookFormula:
        array = kind == "array"
        block = area if kind in ("array", "table") else None
        reading = read_formula(text, array, self.ours)
        reason = "it is a data table" if kind == "table" else reading.reason
        if block and block.size > MOST_CELLS:
            reason = f"it fills {block.size:,} cells, more than {MOST_CELLS:,}"
        refers: list[Cells] = []
        bars: list[tuple[Cells, Bar]] = []
        for reference in () if reason else reading.references:
            cells = self.names.cells(reference, key[0])
            if isinstance(cells, str):
                reason = cells
            elif cells is not None:
                refers.append(cells)
                if reference.bar:
                    bars.append((cells, reference.bar))
        engine = call = None
        if reason:
            self.refused[key] = reason
        else:
            self.calls |= reading.calls
            known = dict(self.ours)
            said = restated(reading.tree, self.number, array, known, self.holder(key[0]), self.careful)
            self.spelled |= dict.fromkeys(filter(None, (self.cells(reference, key[0]) for reference in said.spelled)))
            engine = said.text or text
            if array or reading.gives_table:
                block_name = f"{BLOCK}{'_'.join(map(str, (self.names.sheets.index(key[0]), *key[1:])))}"
                spelled, opened, arguments = engine.partition("(")
                if reading.gives_table and opened and len(reading.calls) == 1:
                    call = own_name(spelled, dict(self.ours)) or None
                engine = f"{block_name}({arguments}" if call else f"{block_name}({engine})"
        return BookFormula(
            text,
            block,
            dynamic,
            reading.volatile,
            None if engine == text else engine,
            call,
            tuple(refers),
            tuple(bars),
        )

    def cells(self, reference: str, sheet: str) -> Cells | None:
        """The cells that a reference stands for in a formula on a sheet, None for a constant."""
        found = read_reference(reference)
        cells = None if isinstance(found, str) else self.names.cells(Reference(*found, Bar(0), False), sheet)
        return cells if isinstance(cells, Cells) else None

    def holder(self, sheet: str) -> Callable[[str], str | None]:
        """Gives the cell of `aside` that stands for a range which our functions take on a sheet, None for one cell."""

        def held(reference: str) -> str | None:
            cells = self.cells(reference, sheet)
            if cells is None or cells.area.size == 1:
                return None
            return f"{self.aside}!$A${self.held.setdefault(cells, len(self.held) + 1)}"

        return held


BLOCK = "_BLOCK_"
"""What the engine's functions begin with that give an array formula's result the shape of its block."""

_FIXED = re.compile(
    r"(?:'(?P<quoted>(?:[^']|'')+)'|(?P<plain>[\w.]+))!"
    r"(?P<area>\$[A-Z]{1,3}\$[1-9][0-9]{0,6}(?::\$[A-Z]{1,3}\$[1-9][0-9]{0,6})?)"
)
_CONSTANT = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:E[+-]?[0-9]+)?|TRUE|FALSE")
_CONSTANT_NAME = Cells("", Area(0, 0, 0, 0))


class Names:
    """What the sheets and defined names of a workbook stand for."""

    def __init__(self, sheets: Sequence[str], names: Iterable[DefinedName]) -> None:
        """Names that stand for anything but fixed cells or a number are known, but not resolved."""
        self.sheets = tuple(sheets)
        self._names = {(name.sheet, name.name.lower()): self._stands_for(name) for name in names}

    def cells(self, reference: Reference, sheet: str) -> Cells | str | None:
        """The cells that a formula on `sheet` refers to; None for a constant, a text for a reason to refuse it."""
        if reference.sheet is not None and reference.sheet not in self.sheets:
            return f"the workbook has no sheet {reference.sheet}"
        if reference.area is not None:
            return Cells(reference.sheet or sheet, reference.area)
        name = (reference.name or "").lower()
        scope = sheet if (sheet, name) in self._names else None
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
            return Cells(sheet, Area.parse(match["area"])) if sheet in self.sheets else None
        except ValueError:
            return None
