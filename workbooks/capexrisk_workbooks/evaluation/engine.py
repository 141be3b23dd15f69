"""Evaluates a workbook: every formula that the spreadsheet engine is trusted with, our functions among them.

The engine (formualizer) reads a copy of the workbook in which formulas that it is not trusted with stand as constants
of their cached values, and array formulas are wrapped so that their results fit their blocks. The workbook itself is
never changed here.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from inspect import signature
from typing import Any, TypeAlias

import formualizer as fz

from capexrisk_workbooks.evaluation.arithmetic import (
    NOT_AVAILABLE,
    VALUE_ERROR,
    added,
    compared,
    given,
    steady,
    text_of,
    understood,
)
from capexrisk_workbooks.evaluation.bars import Bar, barred, barred_words
from capexrisk_workbooks.evaluation.blocks import fitted
from capexrisk_workbooks.evaluation.dependents import Cells, Key
from capexrisk_workbooks.evaluation.dialect import ADD, COMPARE, OMITTED, STEADY, TEXT
from capexrisk_workbooks.evaluation.formulas import BLOCK, Plan, plan_book
from capexrisk_workbooks.evaluation.plain import is_plain, plain_copy
from capexrisk_workbooks.ooxml.book import Book
from capexrisk_workbooks.ooxml.cells import Area, Spot, Value, address
from capexrisk_workbooks.ooxml.spelling import Edit
from capexrisk_workbooks.ooxml.unusable import Unreadable

Function: TypeAlias = Callable[..., Any]
"""Takes ranges as lists of rows and single cells as values; gives a value, or rows of values.

Cells are float, str, bool, None for blank, and {"type": "Error", "kind": "Div"} for an error value; None also stands
for an argument that is left out. A range of one cell comes as a single value.
"""

_LIMITS = {
    "max_input_bytes": 256 << 20,
    "max_entries": 1_000,
    "max_expanded_bytes": 256 << 20,
    "max_part_bytes": 256 << 20,
    "max_xml_depth": 256,
}
_ITERATE = re.compile(rb"""\siterate\s*=\s*(?:"[^"]*"|'[^']*')""")
_HOLD = "_HOLD"
_TOKEN = "\ue000"  # begins the text that stands for an argument in the engine; no workbook holds it


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
    """New values of formula cells and of the members of array blocks, by sheet and (row, col); kept ones left out.

    `volatile` are the cells in `values` that change without any input changing: TODAY and NOW, and their dependents.
    """

    values: dict[str, dict[Spot, Value]]
    kept: tuple[Kept, ...]
    volatile: dict[str, frozenset[Spot]]


def evaluate(
    book: Book, functions: Mapping[str, tuple[Function, bool]], wrong_call: type[Exception] | tuple[()] = ()
) -> Evaluation:
    """Evaluate every formula of a workbook that the engine is trusted with.

    `functions`: our functions by their names in capitals, each with whether it gives a table. What one of them raises
    comes out of here, except `wrong_call`, which gives #VALUE! in the cell. Raises Unreadable when the engine cannot
    load the workbook.
    """
    plain = is_plain(book)
    try:
        return _evaluated(book if plain else plain_copy(book), functions, wrong_call)
    except Unreadable:
        if not plain:
            raise
    return _evaluated(plain_copy(book), functions, wrong_call)  # something else in the file was too much for the engine


def _evaluated(
    book: Book, functions: Mapping[str, tuple[Function, bool]], wrong_call: type[Exception] | tuple[()]
) -> Evaluation:
    ours = frozenset((name, table) for name, (_, table) in functions.items())
    plan = plan_book(book, ours)
    if not plan.formulas:
        return _NOTHING
    try:
        found = _Run(book, plan, functions, wrong_call).evaluation()
    except Unreadable:
        circular = dict.fromkeys(plan.dependents.circular(), "it refers to itself, or depends on a formula that does")
        if circular.keys() <= plan.kept.keys():
            raise
        found = _Run(book, replace(plan, refused={**circular, **plan.refused}), functions, wrong_call).evaluation()
    return found or _Run(book, plan_book(book, ours, careful=True), functions, wrong_call).evaluation() or _NOTHING


_NOTHING = Evaluation({}, (), {})


@dataclass
class _Run:
    book: Book
    plan: Plan
    functions: Mapping[str, tuple[Function, bool]]
    wrong_call: type[Exception] | tuple[()]
    arguments: dict[Any, Any] = field(default_factory=lambda: {_TOKEN: None})
    failure: BaseException | None = None
    doubtful: dict[Key, str] = field(default_factory=dict)
    keys: tuple[Key, ...] = ()
    known: dict[tuple[Cells, Bar], bool] = field(default_factory=dict)

    def evaluation(self) -> Evaluation | None:
        """What the plan gives, None when the values ask for a careful one."""
        self.keys = tuple(self.plan.formulas)
        workbook = self.loaded()
        try:
            workbook.evaluate_all()
        except fz.ExcelEvaluationError as error:
            raise _unreadable(error) from None
        if self.failure is not None:
            raise self.failure
        if any(self.holds_barred(workbook, cells, Bar.LONG) for cells in self.plan.spelled):
            return None
        kept = self.plan.kept
        found = self.values(workbook, kept)
        if late := self.misread(workbook, found):
            kept = self.plan.with_dependents({**kept, **late})
        values: dict[str, dict[Spot, Any]] = {}
        volatile: dict[str, set[Spot]] = {}
        for key, filled in found.items():
            if key not in kept:
                values.setdefault(key[0], {}).update(filled)
                if key in self.plan.volatile:
                    volatile.setdefault(key[0], set()).update(filled)
        return Evaluation(
            values,
            tuple(self.kept(key, kept[key]) for key in self.plan.formulas if key in kept),
            {sheet: frozenset(spots) for sheet, spots in volatile.items()},
        )

    def loaded(self) -> Any:
        """The engine's workbook, made from the copy, with our functions registered."""
        settings = fz.EvaluationConfig()
        settings.enable_parallel = False
        settings.date_system = "1904" if self.book.date1904 else "1900"
        try:
            workbook = fz.Workbook.from_bytes(
                self.copy(), config=fz.WorkbookConfig(eval_config=settings), load_limits=_LIMITS
            )
        except Exception as error:  # the engine's own classes differ by fault
            raise _unreadable(error) from None
        workbook.set_temporal_egress("serial")
        workbook.register_function(OMITTED, lambda: _TOKEN)
        workbook.register_function(_HOLD, self.hold)
        workbook.register_function(ADD, added)
        workbook.register_function(TEXT, lambda number, value: text_of(value, self.doubt(number)))
        workbook.register_function(
            COMPARE, lambda number, how, one, other: compared(how, one, other, self.doubt(number))
        )
        workbook.register_function(
            STEADY, lambda number, name, value, unit: steady(name, value, unit, self.doubt(number))
        )
        for spelled, name in self.plan.calls:
            workbook.register_function(spelled, self.guarded(self.functions[name][0]), allow_override_builtin=True)
        workbook.add_sheet(self.plan.aside)
        for number, cells in enumerate(self.plan.held, 1):
            workbook.set_formula(self.plan.aside, number, 1, f"={_HOLD}({cells})")
        for key, formula in self.plan.formulas.items():
            if formula.engine and formula.engine.startswith(BLOCK):
                workbook.register_function(formula.engine.partition("(")[0], self.fitting(key))
        return workbook

    def copy(self) -> bytes:
        """The workbook without what the engine would misunderstand; the identical bytes when there is nothing."""
        edits: dict[str, dict[Spot, Edit]] = {}
        dropped: dict[str, list[Spot]] = {}
        for sheet, row, col in self.plan.kept:
            edits.setdefault(sheet, {})[row, col] = Edit(formula=None)
        for (sheet, row, col), formula in self.plan.formulas.items():
            if formula.engine and (sheet, row, col) not in self.plan.kept:
                edits.setdefault(sheet, {})[row, col] = Edit(formula=formula.engine)
        for part in self.book.sheets:
            if part.part is None:
                continue
            sheet = self.book.sheet(part.name)
            kept = [area for spot, area in sheet.blocks.items() if (part.name, *spot) in self.plan.kept]
            dropped[part.name] = [spot for spot in sheet.members if spot not in sheet.formulas]
            if kept:
                dropped[part.name] = [
                    spot for spot in dropped[part.name] if not any(area.holds(*spot) for area in kept)
                ]
            for spot in set(self.plan.hollow.get(part.name, ())).difference(dropped[part.name]):
                edits.setdefault(part.name, {})[spot] = Edit(formula=None)
        parts = {sheet.name: sheet.part for sheet in self.book.sheets if sheet.part is not None}
        changes = {
            parts[sheet]: self.book.sheet(sheet).edited(edits.get(sheet, {}), spots)
            for sheet, spots in dropped.items()
            if spots or sheet in edits
        }
        main = self.book.package.data(self.book.part)
        if _ITERATE.search(main):  # else circular formulas give numbers that depend on the engine's own order
            changes[self.book.part] = _ITERATE.sub(b"", main)
        return self.book.package.rewritten(changes, even_signed=True)

    def hold(self, rows: Any) -> str:
        """Takes a range over from the engine once, however many functions want it; gives what stands for it."""
        token = f"{_TOKEN}{len(self.arguments)}"
        self.arguments[token] = rows
        return token

    def doubt(self, number: float) -> Callable[[str], None]:
        """Takes the reason why the result of a formula, given by its number, is doubtful."""
        key = self.keys[int(number)]

        def doubtful(reason: str) -> None:
            self.doubtful.setdefault(key, f"{reason}, which programs do differently")

        return doubtful

    def guarded(self, call: Function) -> Function:
        """A function of ours as the engine may call it: the engine would swallow whatever it raises."""

        def run(*spelled: Any) -> Any:
            if self.failure is not None:
                return VALUE_ERROR
            arguments = [self.arguments.get(item, item) if type(item) is str else item for item in spelled]
            try:
                return given(call(*arguments))
            except self.wrong_call:
                return VALUE_ERROR
            except BaseException as error:
                if not (isinstance(error, TypeError) and _takes_others(call, arguments)):
                    self.failure = error
                return VALUE_ERROR

        return run

    def fitting(self, key: Key) -> Function:
        """Gives the result of an array formula the shape of its block, and of a table in one cell its first value.

        The result is that of a function of ours when the formula is a single call, else what the engine hands over.
        """
        formula = self.plan.formulas[key]
        area = formula.block or Area(*key[1:], *key[1:])
        rows, cols = area.bottom - area.top + 1, area.right - area.left + 1
        call = self.guarded(self.functions[formula.call][0]) if formula.call else _same

        def run(*arguments: Any) -> Any:
            result = call(*arguments)
            table = result if isinstance(result, list) else [[result]]
            if formula.dynamic and (len(table), len(table[0])) != (rows, cols):
                self.doubtful[key] = f"its result would take {len(table)} × {len(table[0])} cells instead of {area}"
            return fitted(table, rows, cols, NOT_AVAILABLE)

        return run

    def values(self, workbook: Any, kept: Mapping[Key, str]) -> dict[Key, dict[Spot, Any]]:
        """What the engine gives for every formula and block that is not kept; what it could not evaluate is a dict."""
        found: dict[Key, dict[Spot, Any]] = {}
        get = workbook.get_value
        for key, formula in self.plan.formulas.items():
            if key in kept:
                continue
            if formula.block is None:
                found[key] = {key[1:]: understood(get(*key))}
            else:
                rows = workbook.sheet(key[0]).get_values(fz.RangeAddress(key[0], *formula.block))
                values = (understood(value) for row in rows for value in row)
                found[key] = dict(zip(formula.block.spots(), values, strict=True))
        return found

    def misread(self, workbook: Any, found: Mapping[Key, dict[Spot, Any]]) -> dict[Key, str]:
        """Formulas that only the values show to be none for the engine, with the reason."""
        late = {key: reason for key, reason in self.doubtful.items() if key in found}
        for key, filled in found.items():
            if key in late:
                continue
            if any(type(value) is dict for value in filled.values()):
                late[key] = "it could not be evaluated, or refers to itself"
                continue
            for cells, bar in self.plan.formulas[key].barred:
                if self.holds_barred(workbook, cells, bar):
                    late[key] = f"{cells} holds {barred_words(bar)}, which programs read differently here"
                    break
        return late

    def holds_barred(self, workbook: Any, cells: Cells, bar: Bar) -> bool:
        """Whether a cell holds a value that `bar` forbids."""
        found = self.known.get((cells, bar))
        if found is None:
            sheet, area = cells
            if area.size == 1:
                found = barred(workbook.get_value(sheet, area.top, area.left), bar)
            else:
                found = any(barred(value, bar) for value in self.area_values(workbook, cells))
            self.known[cells, bar] = found
        return found

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

    def kept(self, key: Key, reason: str) -> Kept:
        sheet, row, col = key
        return Kept(sheet, address(row, col), self.plan.formulas[key].text, reason)


def _takes_others(call: Function, arguments: Sequence[Any]) -> bool:
    """Whether a function takes another number of arguments than somebody gave it."""
    try:
        signature(call).bind(*arguments)
    except TypeError:
        return True
    return False


def _same(result: Any) -> Any:
    return result


def _unreadable(error: Exception) -> Unreadable:
    return Unreadable(f"The workbook cannot be evaluated: {error}. Open it in Excel and save it anew.")
