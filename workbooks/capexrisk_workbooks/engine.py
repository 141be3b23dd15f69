"""Evaluates a workbook: every formula that the spreadsheet engine is trusted with, our functions among them.

The engine (formualizer) reads a copy of the workbook in which formulas that it is not trusted with stand as constants
of their cached values, and array formulas are wrapped so that their results fit their blocks. The workbook itself is
never changed here.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import formualizer as fz

from capexrisk_workbooks.blocks import fitted
from capexrisk_workbooks.book import Book
from capexrisk_workbooks.cells import Area, CellError, Spot, Value, address
from capexrisk_workbooks.dependents import Cells, Dependents, Key
from capexrisk_workbooks.formulas import Plan, plan_book
from capexrisk_workbooks.spelling import Edit
from capexrisk_workbooks.trust import WORDS, Bar, barred, without_omissions
from capexrisk_workbooks.unusable import Unreadable

Function: TypeAlias = Callable[..., Any]
"""Takes ranges as lists of rows and single cells as values; gives a value, or rows of values.

Cells are float, str, bool, None for blank, and {"type": "Error", "kind": "Div"} for an error value; None also stands
for an argument that is left out. A range of one cell comes as a single value.
"""

ERROR_TEXTS = {
    "Div": "#DIV/0!",
    "Na": "#N/A",
    "Null": "#NULL!",
    "Num": "#NUM!",
    "Ref": "#REF!",
    "Value": "#VALUE!",
}
"""Error values by the engine's names for them. With any other, #NAME? too, it says that it could not evaluate."""

_KINDS = {text: kind for kind, text in ERROR_TEXTS.items()}
_LIMITS = {
    "max_input_bytes": 256 << 20,
    "max_entries": 1_000,
    "max_expanded_bytes": 256 << 20,
    "max_part_bytes": 256 << 20,
    "max_xml_depth": 256,
}
_ITERATE = re.compile(rb"""\siterate\s*=\s*(?:"[^"]*"|'[^']*')""")
_OMITTED = "\x00omitted"


@dataclass(frozen=True, slots=True)
class Kept:
    """A formula that was not evaluated: its cell, and the block it fills, keep their cached values."""

    sheet: str
    cell: str
    formula: str
    reason: str

    def __str__(self) -> str:
        return f"{self.sheet}!{self.cell} keeps its value, because {self.reason}."


@dataclass(frozen=True, slots=True)
class Evaluation:
    """New values of formula cells and of the members of array blocks, by sheet and (row, col); kept ones left out."""

    values: dict[str, dict[Spot, Value]]
    kept: tuple[Kept, ...]
    volatile: dict[str, frozenset[Spot]]
    """The cells in `values` that change without any input changing: TODAY and NOW, and what depends on them."""


def evaluate(
    book: Book, functions: Mapping[str, tuple[Function, bool]], wrong_call: type[Exception] | tuple[()] = ()
) -> Evaluation:
    """Evaluate every formula of a workbook that the engine is trusted with.

    `functions`: our functions by their names in capitals, each with whether it gives a table. What one of them raises
    comes out of here, except `wrong_call`, which gives #VALUE! in the cell. Raises Unreadable when the engine cannot
    load the workbook.
    """
    ours = frozenset((name, table) for name, (_, table) in functions.items())
    plan = plan_book(book, ours)
    if not plan.formulas:
        return Evaluation({}, (), {})
    return _Run(book, plan, functions, ours, wrong_call).evaluation()


@dataclass
class _Run:
    book: Book
    plan: Plan
    functions: Mapping[str, tuple[Function, bool]]
    ours: frozenset[tuple[str, bool]]
    wrong_call: type[Exception] | tuple[()]
    failure: BaseException | None = None
    resized: dict[Key, str] = field(default_factory=dict)
    barred: dict[tuple[Cells, Bar], bool] = field(default_factory=dict)

    def evaluation(self) -> Evaluation:
        workbook = self.loaded()
        try:
            workbook.evaluate_all()
        except fz.ExcelEvaluationError as error:
            raise _unreadable(error) from None
        if self.failure is not None:
            raise self.failure
        kept = self.with_dependents(self.plan.refused)
        found = self.values(workbook, kept)
        if late := self.misread(workbook, found, kept):
            kept = self.with_dependents(kept | late)
        values: dict[str, dict[Spot, Value]] = {}
        for key, filled in found.items():
            if key not in kept:
                values.setdefault(key[0], {}).update(filled)
        volatile: dict[str, set[Spot]] = {}
        for key in self.volatile():
            if key not in kept:
                volatile.setdefault(key[0], set()).update(found[key])
        return Evaluation(
            values,
            tuple(self.kept(key, kept[key]) for key in self.plan.formulas if key in kept),
            {sheet: frozenset(spots) for sheet, spots in volatile.items()},
        )

    def loaded(self) -> Any:
        """The engine's workbook, made from the copy, with our functions registered."""
        wrappers: dict[str, tuple[Key, Area]] = {}
        copy = self.copy(wrappers)
        settings = fz.EvaluationConfig()
        settings.enable_parallel = False
        settings.date_system = "1904" if self.book.date1904 else "1900"
        try:
            workbook = fz.Workbook.from_bytes(copy, config=fz.WorkbookConfig(eval_config=settings), load_limits=_LIMITS)
        except Exception as error:  # the engine's own classes differ by fault
            raise _unreadable(error) from None
        workbook.set_temporal_egress("serial")
        for spelled, name in self.plan.calls:
            workbook.register_function(spelled, self.guarded(self.functions[name][0]), allow_override_builtin=True)
        for name, (key, area) in wrappers.items():
            workbook.register_function(name, self.wrapper(key, area))
        if any(formula.reading.omits for formula in self.plan.formulas.values()):
            workbook.register_function("_OMITTED", lambda: _OMITTED)
        return workbook

    def copy(self, wrappers: dict[str, tuple[Key, Area]]) -> bytes:
        """The workbook as the engine shall see it; `wrappers` is filled with the functions that it calls for blocks."""
        edits: dict[str, dict[Spot, Edit]] = {}
        for sheet, spots in self.plan.hollow.items():
            edits[sheet] = {spot: Edit(formula=None) for spot in spots}
        for key, formula in self.plan.formulas.items():
            sheet, row, col = key
            if key in self.plan.refused:
                edits.setdefault(sheet, {})[row, col] = Edit(formula=None)
                continue
            text = without_omissions(formula.text, self.ours) if formula.reading.omits else formula.text
            if formula.block or formula.reading.gives_table:
                name = f"_BLOCK_{len(wrappers)}"
                wrappers[name] = key, formula.block or Area(row, col, row, col)
                text = f"{name}({text})"
            if text is not formula.text:
                edits.setdefault(sheet, {})[row, col] = Edit(formula=text)
            for spot in formula.members:
                edits.setdefault(sheet, {})[spot] = Edit(formula=None, value=None)
        parts = {sheet.name: sheet.part for sheet in self.book.sheets if sheet.part is not None}
        changes = {parts[sheet]: self.book.sheet(sheet).edited(wanted) for sheet, wanted in edits.items()}
        main = self.book.package.data(self.book.part)
        if _ITERATE.search(main):  # else circular formulas give numbers that depend on the engine's own order
            changes[self.book.part] = _ITERATE.sub(b"", main)
        return self.book.package.rewritten(changes, even_signed=True)

    def guarded(self, call: Function) -> Function:
        """A function of ours as the engine may call it: the engine would swallow whatever it raises."""

        def run(*arguments: Any) -> Any:
            if self.failure is not None:
                return _VALUE_ERROR
            if _OMITTED in arguments:
                arguments = tuple(None if argument == _OMITTED else argument for argument in arguments)
            try:
                return _given(call(*arguments))
            except self.wrong_call:
                return _VALUE_ERROR
            except BaseException as error:
                self.failure = error
                return _VALUE_ERROR

        return run

    def wrapper(self, key: Key, area: Area) -> Function:
        """Gives the result of an array formula the shape of its block."""
        dynamic = self.plan.formulas[key].dynamic
        rows, cols = area.bottom - area.top + 1, area.right - area.left + 1

        def run(result: Any) -> Any:
            table = result if isinstance(result, list) else [[result]]
            if dynamic and (len(table), len(table[0])) != (rows, cols):
                self.resized[key] = f"its result would take {len(table)} × {len(table[0])} cells instead of {area}"
            return fitted(table, rows, cols, _NOT_AVAILABLE)

        return run

    def values(self, workbook: Any, kept: Mapping[Key, str]) -> dict[Key, dict[Spot, Any]]:
        """What the engine gives for every formula and block that is not kept; errors it has no text for stay dicts."""
        found: dict[Key, dict[Spot, Any]] = {}
        get = workbook.get_value
        for key, formula in self.plan.formulas.items():
            if key in kept:
                continue
            sheet, row, col = key
            if formula.block is None:
                found[key] = {(row, col): _value(get(sheet, row, col))}
            else:
                found[key] = {spot: _value(get(sheet, *spot)) for spot in formula.block.spots()}
        return found

    def misread(self, workbook: Any, found: Mapping[Key, dict[Spot, Any]], kept: Mapping[Key, str]) -> dict[Key, str]:
        """Formulas that only the values show to be none for the engine, with the reason."""
        late = {key: reason for key, reason in self.resized.items() if key not in kept}
        for key, filled in found.items():
            if key in late:
                continue
            if any(type(value) is dict for value in filled.values()):
                late[key] = "it could not be evaluated, or refers to itself"
                continue
            for cells, bar in self.plan.formulas[key].barred:
                if self.holds_barred(workbook, cells, bar):
                    late[key] = f"{cells.sheet}!{cells.area} holds {_what(bar)}, which programs read differently here"
                    break
        return late

    def holds_barred(self, workbook: Any, cells: Cells, bar: Bar) -> bool:
        """Whether a cell holds a value that `bar` forbids."""
        if (cells, bar) not in self.barred:
            sheet, area = cells
            if area.size == 1:
                values: Any = (workbook.get_value(sheet, area.top, area.left),)
            else:
                values = self.area_values(workbook, cells)
            self.barred[cells, bar] = any(barred(value, bar) for value in values)
        return self.barred[cells, bar]

    def area_values(self, workbook: Any, cells: Cells) -> list[Any]:
        """The values of an area as far as the sheet is filled."""
        sheet, area = cells
        if area.size > 10_000:
            bottom, right = self.book.sheet(sheet).extent
            area = Area(area.top, area.left, min(area.bottom, bottom), min(area.right, right))
            if area.top > area.bottom or area.left > area.right:
                return [None]
        rows = workbook.sheet(sheet).get_values(fz.RangeAddress(sheet, *area))
        return [value for row in rows for value in row]

    def with_dependents(self, starts: Mapping[Key, str]) -> dict[Key, str]:
        """Formulas that keep their values with the reason: those given, and all that depend on them."""
        if not starts:
            return {}
        fills = self.plan.fills
        reached = self.dependents.of([*(fills[key] for key in starts)])
        kept = {key: f"it depends on {cells.sheet}!{cells.area}, which is kept" for key, cells in reached.items()}
        return {**kept, **starts}

    def volatile(self) -> set[Key]:
        """Formulas that change by themselves, and all that depend on them."""
        starts = {key for key, formula in self.plan.formulas.items() if formula.reading.volatile}
        return starts | set(self.dependents.of(self.plan.fills[key] for key in starts)) if starts else starts

    @property
    def dependents(self) -> Dependents:
        return self.plan.dependents

    def kept(self, key: Key, reason: str) -> Kept:
        sheet, row, col = key
        return Kept(sheet, address(row, col), self.plan.formulas[key].text, reason)


_VALUE_ERROR = {"type": "Error", "kind": "Value"}
_NUMBER_ERROR = {"type": "Error", "kind": "Num"}
_NOT_AVAILABLE = {"type": "Error", "kind": "Na"}


def _unreadable(error: Exception) -> Unreadable:
    return Unreadable(f"The workbook cannot be evaluated: {error}. Open it in Excel and save it anew.")


def _what(bar: Bar) -> str:
    """The values that `bar` forbids, in words."""
    return " or ".join(dict.fromkeys(words for one, words in WORDS.items() if bar & one))


def _given(result: Any) -> Any:
    """What a function of ours gave as the engine takes it: no nan or infinity, errors its own way."""
    if isinstance(result, list):
        return [[_given(item) for item in row] for row in result]
    if isinstance(result, float):
        return result if math.isfinite(result) else _NUMBER_ERROR
    if isinstance(result, CellError):
        return {"type": "Error", "kind": _KINDS.get(result.code, "Value")}
    return result


def _value(given: Any) -> Any:
    """A value of the engine as a cell holds it; an error without a text stays as it is."""
    if isinstance(given, float):
        return given if math.isfinite(given) else CellError("#NUM!")
    if isinstance(given, dict):
        text = ERROR_TEXTS.get(given.get("kind", ""))
        return CellError(text) if text else given
    return given
