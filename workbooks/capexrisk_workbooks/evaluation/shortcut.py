"""The shorter way to the values of a review whose formulas are exactly the template's: no spreadsheet engine.

The template's formulas use few functions. Each formula is compiled once into a Python function, and the compiled
program serves every workbook with the same formulas. Whatever leaves the ground that the template needs (text where a
number is expected, an unknown function) ends the shorter way with `Unsure`; the engine then does the whole workbook.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property, lru_cache
from importlib.resources import files
from typing import Any, NamedTuple, TypeAlias

import formualizer as fz

from capexrisk.typed import EXCEL_EPOCH
from capexrisk_udfs import FUNCTIONS, CallError
from capexrisk_udfs.cells import Rows, cell
from capexrisk_udfs.runs import Held, one_policy
from capexrisk_workbooks.evaluation.engine import Evaluation
from capexrisk_workbooks.ooxml.book import Book
from capexrisk_workbooks.ooxml.cells import Area, CellError, Spot, Value, address
from capexrisk_workbooks.ooxml.mould import MOST_MOULDS, Mould
from capexrisk_workbooks.ooxml.sheet import Sheet

KNOWN = "template_formulas.txt"
"""Digests of the formulas of the templates in force, one a line; written by `make docs`."""

Key = tuple[str, int, int]
_NOT_YET: Any = object()


class Unsure(Exception):  # noqa: N818 (no error: a reason to take the longer way)
    """The shorter way does not know for sure what the engine would give."""


class Cells(NamedTuple):
    """A rectangle on a sheet, not yet read."""

    sheet: str
    area: Area


Item: TypeAlias = "Value | Cells"
Code: TypeAlias = "Callable[[Run], Item]"


@dataclass(frozen=True)
class Program:
    """The compiled formulas of a workbook by (sheet, row, column), and the block each array formula fills."""

    codes: dict[Key, Code]
    blocks: dict[Key, Area]
    anchors: dict[Key, Key]
    """The array formula that fills a cell."""

    ranges: dict[Cells, list[tuple[Spot, Key | None]]] = field(default_factory=dict)

    def within(self, cells: Cells) -> list[tuple[Spot, Key | None]]:
        """The cells of a range that the formulas name, row by row, each with its key where a formula fills it."""
        if cells not in self.ranges:
            sheet, area = cells
            keys = ((spot, (sheet, *spot)) for spot in area.spots())
            self.ranges[cells] = [
                (spot, key if key in self.codes or key in self.anchors else None) for spot, key in keys
            ]
        return self.ranges[cells]

    @cached_property
    def members(self) -> dict[Key, list[Key]]:
        """The cells that each array formula fills, row by row."""
        return {key: [(key[0], *spot) for spot in area.spots()] for key, area in self.blocks.items()}

    @cached_property
    def results(self) -> dict[str, list[tuple[Spot, Key]]]:
        """All cells that formulas fill, by sheet."""
        found: dict[str, list[tuple[Spot, Key]]] = {}
        for key in {**self.codes, **self.anchors}:
            found.setdefault(key[0], []).append((key[1:], key))
        return found


@dataclass(frozen=True, slots=True)
class Evaluated(Evaluation):
    """What the shorter way gives: new values, and the ranges that it handed to functions, by sheet and area."""

    tables: Mapping[tuple[str, Area], Rows]


def evaluate(book: Book) -> Evaluated | None:
    """Give the value of every formula, as `engine.evaluate` does; None when the formulas are not the template's."""
    if book.date1904:
        return None
    contents = _contents(book)
    if not _known(contents):
        return None
    program = _program(contents)
    if program is None:
        return None
    for part in book.sheets:
        if part.part is not None:
            book.sheet(part.name).learn()
    run = Run(book, program)
    try:
        with one_policy():
            return Evaluated(run.values(), (), {}, run.tables)
    except Unsure:
        return None


def digest(book: Book) -> str:
    """Give what tells a workbook's formulas, and the cells that its names stand for, from all others."""
    return _digest(_contents(book))


_Formulas: TypeAlias = tuple[tuple[Spot, str, str, Area | None], ...]
_Contents: TypeAlias = tuple[tuple[tuple[str, _Formulas], ...], tuple[tuple[str, str], ...]]


def _contents(book: Book) -> _Contents:
    sheets: list[tuple[str, _Formulas]] = []
    for part in book.sheets:
        if part.part is not None:
            sheet = book.sheet(part.name)
            sheets.append((part.name, _formulas_of(sheet) if sheet.mould is None else _formulas_of_mould(sheet.mould)))
    names = tuple((item.name.casefold(), item.text.replace("'", "")) for item in book.names if item.sheet is None)
    return tuple(sheets), tuple(sorted(names))


def _formulas_of(source: Mould | Sheet) -> _Formulas:
    """Give what is compared of the formulas of a sheet, or of all sheets that fit a mould."""
    formulas = [
        (spot, "" if item.kind == "shared" else item.kind, plain(item.text), _block(item.kind, item.area))
        for spot, item in source.formulas.items()
    ]
    formulas += [(spot, "hollow", "", None) for spot in source.hollow]
    return tuple(sorted(formulas, key=_spot))


_formulas_of_mould = lru_cache(MOST_MOULDS)(_formulas_of)


def _spot(formula: tuple[Spot, str, str, Area | None]) -> Spot:
    return formula[0]


def _block(kind: str, area: Area | None) -> Area | None:
    return area if kind == "array" else None


_PREFIX = re.compile(r"(?:\[\d+\]!|_xldudf_)(?=CAPEX_)", re.IGNORECASE)
_PIECES = re.compile(r'("(?:[^"]|"")*")')


@lru_cache(4096)
def plain(text: str) -> str:
    """Give a formula without what programs spell differently: prefixes of our functions, spaces, dollar signs."""
    pieces = _PIECES.split(text)
    pieces[::2] = [_PREFIX.sub("", re.sub(r"\s+", "", piece)) for piece in pieces[::2]]
    return "".join(pieces)


@lru_cache(8)
def _digest(contents: _Contents) -> str:
    return hashlib.sha256(repr(contents).encode()).hexdigest()


def _known(contents: _Contents) -> bool:
    return _digest(contents) in _known_digests()


@lru_cache(1)
def _known_digests() -> frozenset[str]:
    return frozenset(files("capexrisk_workbooks.evaluation").joinpath(KNOWN).read_text(encoding="ascii").split())


@lru_cache(8)
def _program(contents: _Contents) -> Program | None:
    sheets, names = contents
    compiler = _Compiler(dict(names))
    codes: dict[Key, Code] = {}
    blocks: dict[Key, Area] = {}
    anchors: dict[Key, Key] = {}
    try:
        for sheet, formulas in sheets:
            for (row, col), kind, text, block in formulas:
                if kind in ("table", "hollow"):
                    return None
                key = (sheet, row, col)
                codes[key] = compiler.compile(text, sheet)
                if block is not None:
                    blocks[key] = block
                    anchors.update({(sheet, *spot): key for spot in block.spots()})
    except (Unsure, fz.ParserError):
        return None
    return Program(codes, blocks, anchors)


@dataclass
class Run:
    """One workbook's values while they are computed: each formula once, when it is first asked for."""

    book: Book
    program: Program
    done: dict[Key, Value] = field(default_factory=dict)
    tables: dict[tuple[str, Area], Rows] = field(default_factory=dict)
    lists: dict[Cells, list[Value]] = field(default_factory=dict)
    positions: dict[Cells, dict[str, float]] = field(default_factory=dict)
    stored: dict[str, dict[Spot, Value]] = field(default_factory=dict)

    def values(self) -> dict[str, dict[Spot, Value]]:
        """Give the value of every formula cell and of every cell that an array formula fills."""
        for key in self.program.codes:
            self.cell(key)
        done = self.done
        return {sheet: {spot: done[key] for spot, key in cells} for sheet, cells in self.program.results.items()}

    def cell(self, key: Key) -> Value:
        """Give the value of a cell, a formula's being computed now if it is not yet."""
        done = self.done
        known = done.get(key, _NOT_YET)
        if known is not _NOT_YET:
            return known
        anchor = self.program.anchors.get(key)
        if anchor is not None:
            self.fill(anchor)
            return done[key]
        code = self.program.codes.get(key)
        if code is None:
            return self.typed(key[0]).get(key[1:])
        done[key] = CellError("#REF!")  # a cell that needs itself; the template has none
        value = single(self, code(self))
        done[key] = value = 0.0 if value is None else value
        return value

    def fill(self, anchor: Key) -> None:
        """Compute an array formula and put its values into its block; our tables have the size of their blocks."""
        area = self.program.blocks[anchor]
        table: Any = self.program.codes[anchor](self)
        size = (area.bottom - area.top + 1, area.right - area.left + 1)
        if not isinstance(table, list) or (len(table), len(table[0])) != size:
            raise Unsure
        values = [float(value) if type(value) is int else value for row in table for value in row]
        self.done.update(zip(self.program.members[anchor], values, strict=True))

    def typed(self, sheet: str) -> dict[Spot, Value]:
        """Give what stands in a sheet, formulas' cached values included."""
        if sheet not in self.stored:
            self.stored[sheet] = self.book.sheet(sheet).values()
        return self.stored[sheet]

    def table(self, cells: Cells) -> Rows:
        """Give a range as rows, as our functions take it."""
        if cells not in self.tables:
            values = [cell(_handed(value)) for value in self.items(cells)]
            width = cells.area.right - cells.area.left + 1
            self.tables[cells] = Held(values[at : at + width] for at in range(0, len(values), width))
        return self.tables[cells]

    def position(self, cells: Cells, text: str) -> float | None:
        """Give the place of a text in a range, from 1, without regard to case."""
        if cells not in self.positions:
            found = {value.casefold(): at for at, value in _backwards(self.items(cells)) if isinstance(value, str)}
            self.positions[cells] = found
        return self.positions[cells].get(text.casefold())

    def items(self, cells: Cells) -> list[Value]:
        """Give the values of a range, row by row."""
        if cells not in self.lists:
            typed = self.typed(cells.sheet)
            self.lists[cells] = [
                typed.get(spot) if key is None else self.cell(key) for spot, key in self.program.within(cells)
            ]
        return self.lists[cells]


def _handed(value: Value) -> Any:
    if isinstance(value, CellError):
        raise Unsure  # errors among the inputs: the engine knows how they reach a function
    return value


def single(run: Run, item: Item) -> Value:
    """Give the value of a single cell or a value."""
    if isinstance(item, Cells):
        if item.area.size != 1:
            raise Unsure
        return run.cell((item.sheet, item.area.top, item.area.left))
    return item


# --- From formula to Python ---


class _Compiler:
    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = names

    def compile(self, text: str, sheet: str) -> Code:
        return self.node(fz.parse(f"={text}"), sheet)

    def node(self, node: Any, sheet: str, valued: bool = False) -> Code:
        """Compile a node; where only a value is wanted of it (`valued`), a single cell is read at once."""
        kind = node.node_type()
        if kind == "Literal":
            value = _literal(node.get_literal_value())
            return lambda run: value
        if kind == "Reference":
            cells = self.reference(node.get_reference(), sheet)
            if valued and cells.area.size == 1:
                key = (cells.sheet, cells.area.top, cells.area.left)
                return lambda run: run.cell(key)
            return lambda run: cells
        if kind == "Function":
            name = node.get_function_name().upper()
            of_values = name in _EAGER and name not in _OF_RANGES
            return self.call(name, [self.node(child, sheet, of_values) for child in node.children()])
        operator = node.get_operator()
        known = _BINARY if kind == "BinaryOp" else _UNARY if kind == "UnaryOp" else {}
        if operator not in known:
            raise Unsure
        return _with(known[operator], [self.node(child, sheet, True) for child in node.children()])

    def reference(self, reference: Any, sheet: str) -> Cells:
        if isinstance(reference, fz.NamedRangeRef):
            text = self.names.get(reference.name.casefold(), "")
            where, _, area = text.rpartition("!")
            if not where:
                raise Unsure
            return Cells(where, Area.parse(area))
        if isinstance(reference, fz.CellRef):
            area = Area(reference.row, reference.col, reference.row, reference.col)
            return Cells(reference.sheet or sheet, area)
        if isinstance(reference, fz.RangeRef):
            start, end = reference.start, reference.end
            if start is None or end is None:
                raise Unsure
            return Cells(reference.sheet or sheet, Area(start.row, start.col, end.row, end.col))
        raise Unsure

    def call(self, name: str, parts: list[Code]) -> Code:
        if name in FUNCTIONS:
            return _ours(FUNCTIONS[name].call, parts)
        if name in _LAZY:
            return _LAZY[name](parts)
        if name in _EAGER:
            return _with(_EAGER[name], parts)
        raise Unsure


def _literal(value: Any) -> Value:
    if isinstance(value, (bool, str)):
        return value
    if isinstance(value, (int, float)):
        return float(value)
    raise Unsure


def _ours(function: Callable[..., Any], parts: list[Code]) -> Code:
    def code(run: Run) -> Any:
        arguments: list[Any] = []
        for part in parts:
            item = part(run)
            ranged = isinstance(item, Cells) and item.area.size > 1
            arguments.append(run.table(item) if ranged else _handed(single(run, item)))  # pyright: ignore[reportArgumentType]
        try:
            return function(*arguments)
        except CallError:
            return CellError("#VALUE!")

    return code


def _with(function: Callable[..., Item], parts: list[Code]) -> Code:
    """Compile a call whose arguments are all computed first; the first error among single values is its result."""
    if len(parts) == 1:
        (only,) = parts
        return lambda run: function(run, only(run))
    if len(parts) == 2:
        one, two = parts
        return lambda run: function(run, one(run), two(run))
    return lambda run: function(run, *[part(run) for part in parts])


def _text(run: Run, item: Item) -> str | CellError:
    value = single(run, item)
    if isinstance(value, (str, CellError)):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if value != int(value) or abs(value) >= 1e15:
        raise Unsure
    return str(int(value))


def _number(run: Run, item: Item) -> float | CellError:
    value = single(run, item)
    if value is None:
        return 0.0
    if isinstance(value, CellError):
        return value
    if isinstance(value, (bool, str)):
        raise Unsure
    return value


def _finite(value: float) -> Value:
    return value if abs(value) < 1e300 else CellError("#NUM!")


def _arithmetic(function: Callable[[float, float], float]) -> Callable[[Run, Item, Item], Value]:
    def operate(run: Run, left: Item, right: Item) -> Value:
        one, two = _number(run, left), _number(run, right)
        if isinstance(one, CellError):
            return one
        if isinstance(two, CellError):
            return two
        try:
            return _finite(function(one, two))
        except ZeroDivisionError:
            return CellError("#DIV/0!")

    return operate


def _joined(run: Run, left: Item, right: Item) -> Value:
    one, two = _text(run, left), _text(run, right)
    if isinstance(one, CellError):
        return one
    return two if isinstance(two, CellError) else one + two


def _order(value: Value) -> tuple[int, Any]:
    if isinstance(value, bool):
        return 2, value
    if isinstance(value, str):
        return 1, value.casefold()
    return 0, 0.0 if value is None else value


def _comparison(holds: Callable[[Any, Any], bool]) -> Callable[[Run, Item, Item], Value]:
    def compare(run: Run, left: Item, right: Item) -> Value:
        one, two = single(run, left), single(run, right)
        if type(one) is type(two) is float:
            return holds(one, two)
        if isinstance(one, CellError):
            return one
        if isinstance(two, CellError):
            return two
        if one is None and isinstance(two, str):
            one = ""
        if two is None and isinstance(one, str):
            two = ""
        return holds(_order(one), _order(two))

    return compare


_BINARY: dict[str, Callable[..., Item]] = {
    "+": _arithmetic(lambda a, b: a + b),
    "-": _arithmetic(lambda a, b: a - b),
    "*": _arithmetic(lambda a, b: a * b),
    "/": _arithmetic(lambda a, b: a / b),
    "&": _joined,
    "=": _comparison(lambda a, b: a == b),
    "<>": _comparison(lambda a, b: a != b),
    "<": _comparison(lambda a, b: a < b),
    ">": _comparison(lambda a, b: a > b),
    "<=": _comparison(lambda a, b: a <= b),
    ">=": _comparison(lambda a, b: a >= b),
}
_UNARY: dict[str, Callable[..., Item]] = {
    "-": lambda run, item: _BINARY["-"](run, 0.0, item),
    "+": lambda run, item: single(run, item),
}


def _true(run: Run, item: Item) -> bool | CellError:
    value = single(run, item)
    if isinstance(value, str):
        raise Unsure
    return value if isinstance(value, CellError) else bool(value)


def _if(parts: list[Code]) -> Code:
    if len(parts) != 3:
        raise Unsure
    test, then, otherwise = parts

    def code(run: Run) -> Item:
        true = _true(run, test(run))
        return true if isinstance(true, CellError) else then(run) if true else otherwise(run)

    return code


def _iferror(parts: list[Code]) -> Code:
    value, instead = parts

    def code(run: Run) -> Item:
        item = value(run)
        return instead(run) if isinstance(single(run, item), CellError) else item

    return code


def _and(run: Run, *items: Item) -> Value:
    truths = [_true(run, item) for item in items]
    error = next((truth for truth in truths if isinstance(truth, CellError)), None)
    return all(truths) if error is None else error


def _or(run: Run, *items: Item) -> Value:
    truths = [_true(run, item) for item in items]
    error = next((truth for truth in truths if isinstance(truth, CellError)), None)
    return any(truth is True for truth in truths) if error is None else error


def _isnumber(run: Run, item: Item) -> Value:
    value = single(run, item)
    return isinstance(value, float) and not isinstance(value, bool)


def _numbers(run: Run, items: tuple[Item, ...]) -> list[float] | CellError:
    """Collect numbers as SUM and MAX do: text and blanks in ranges are passed over."""
    found: list[float] = []
    for item in items:
        if isinstance(item, Cells):
            for value in run.items(item):
                if isinstance(value, CellError):
                    return value
                if isinstance(value, float):
                    found.append(value)
        else:
            number = _number(run, item)
            if isinstance(number, CellError):
                return number
            found.append(number)
    return found


def _over_numbers(function: Callable[[list[float]], float]) -> Callable[..., Value]:
    def fold(run: Run, *items: Item) -> Value:
        numbers = _numbers(run, items)
        return numbers if isinstance(numbers, CellError) else _finite(function(numbers))

    return fold


def _abs(run: Run, item: Item) -> Value:
    number = _number(run, item)
    return number if isinstance(number, CellError) else abs(number)


def _n(run: Run, item: Item) -> Value:
    value = single(run, item)
    if isinstance(value, (CellError, float)):
        return value
    return 1.0 if value is True else 0.0


def _index(run: Run, cells: Item, row: Item, col: Item = None) -> Item:
    if not isinstance(cells, Cells):
        raise Unsure
    area = cells.area
    down, across = _number(run, row), 1.0 if col is None else _number(run, col)
    if isinstance(down, CellError):
        return down
    if isinstance(across, CellError):
        return across
    if col is None and area.top == area.bottom and area.left != area.right:
        raise Unsure
    at = (area.top + int(down) - 1, area.left + int(across) - 1)
    if down < 1 or across < 1:
        raise Unsure
    if not area.holds(*at):
        return CellError("#REF!")
    return Cells(cells.sheet, Area(*at, *at))


def _match(run: Run, wanted: Item, cells: Item, kind: Item = 1.0) -> Value:
    value = single(run, wanted)
    if not isinstance(cells, Cells) or single(run, kind) != 0.0:
        raise Unsure
    if isinstance(value, CellError):
        return value
    if isinstance(value, str):
        if "?" in value:
            matches = _pattern(value)
            places = (at for at, found in enumerate(run.items(cells), 1) if isinstance(found, str) and matches(found))
            place = next(places, None)
        else:
            place = _exact(value) and run.position(cells, value)
        return CellError("#N/A") if place is None else float(place)
    if value is None or isinstance(value, bool):
        raise Unsure
    for at, found in enumerate(run.items(cells), start=1):
        if isinstance(found, float) and found == value:
            return float(at)
    return CellError("#N/A")


def _exact(text: str) -> bool:
    """Whether a text criterion stands for itself; the template has no other wildcard than the question mark."""
    if "*" in text or "~" in text:
        raise Unsure
    return True


def _backwards(values: list[Value]) -> list[tuple[float, Value]]:
    """Number values from 1, the last first, so that in a dictionary the first of equals stays."""
    return [(float(at), values[at - 1]) for at in range(len(values), 0, -1)]


_WILDCARDS = {"?": ".", "*": ".*"}


@lru_cache(512)
def _pattern(text: str) -> Callable[[str], bool]:
    """Give the test for a text criterion: without regard to case, ? for one character, * for any."""
    if "~" in text:
        raise Unsure
    expression = "".join(_WILDCARDS.get(mark, re.escape(mark)) for mark in text.casefold())
    compiled = re.compile(expression, re.DOTALL)
    return lambda found: compiled.fullmatch(found.casefold()) is not None


def _countif(run: Run, cells: Item, wanted: Item) -> Value:
    text = single(run, wanted)
    if not isinstance(cells, Cells) or not isinstance(text, str) or not text or text[0] in "<>=":
        raise Unsure
    matches = _pattern(text)
    return float(sum(isinstance(value, str) and matches(value) for value in run.items(cells)))


def _counta(run: Run, *items: Item) -> Value:
    found = [run.items(item) if isinstance(item, Cells) else [item] for item in items]
    return float(sum(value is not None for values in found for value in values))  # pyright: ignore[reportUnknownVariableType]


def _substitute(run: Run, item: Item, old: Item, new: Item) -> Value:
    text, was, becomes = _text(run, item), _text(run, old), _text(run, new)
    for value in (text, was, becomes):
        if isinstance(value, CellError):
            return value
    return str(text).replace(str(was), str(becomes)) if was else text


def _trim(run: Run, item: Item) -> Value:
    text = _text(run, item)
    return text if isinstance(text, CellError) else " ".join(part for part in text.split(" ") if part)


def _right(run: Run, item: Item, count: Item = 1.0) -> Value:
    text, length = _text(run, item), _number(run, count)
    if isinstance(text, CellError):
        return text
    if isinstance(length, CellError):
        return length
    return text[-int(length) :] if length >= 1 else ""


def _len(run: Run, item: Item) -> Value:
    text = _text(run, item)
    return (
        text
        if isinstance(text, CellError)
        else float(len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2)
    )


def _left(run: Run, item: Item, count: Item = 1.0) -> Value:
    text, length = _text(run, item), _number(run, count)
    if isinstance(text, CellError):
        return text
    return length if isinstance(length, CellError) else text[: int(length)]


def _date_part(part: str) -> Callable[[Run, Item], Value]:
    def of(run: Run, item: Item) -> Value:
        number = _number(run, item)
        if isinstance(number, CellError):
            return number
        if not 61 <= number < 2958466:  # before March 1900 Excel's calendar has a day that never was
            raise Unsure
        return float(getattr(EXCEL_EPOCH + timedelta(days=int(number)), part))

    return of


def _address(run: Run, row: Item, col: Item, kind: Item = 1.0) -> Value:
    down, across = _number(run, row), _number(run, col)
    if isinstance(down, CellError):
        return down
    if isinstance(across, CellError):
        return across
    if single(run, kind) != 4.0 or down < 1 or across < 1:
        raise Unsure
    return address(int(down), int(across))


def _place(part: str) -> Callable[[Run, Item], Value]:
    def of(run: Run, item: Item) -> Value:
        if not isinstance(item, Cells):
            raise Unsure
        return float(getattr(item.area, part))

    return of


def _hyperlink(run: Run, link: Item, shown: Item) -> Value:
    target = single(run, link)
    return target if isinstance(target, CellError) else single(run, shown)


_OF_RANGES = frozenset(("COLUMN", "COUNTA", "COUNTIF", "INDEX", "MATCH", "MAX", "MIN", "ROW", "SUM"))
"""Functions that look at more of a reference to a single cell than its value."""

_LAZY: dict[str, Callable[[list[Code]], Code]] = {"IF": _if, "IFERROR": _iferror}
_EAGER: dict[str, Callable[..., Item]] = {
    "ABS": _abs,
    "ADDRESS": _address,
    "AND": _and,
    "COLUMN": _place("left"),
    "COUNTA": _counta,
    "COUNTIF": _countif,
    "DAY": _date_part("day"),
    "HYPERLINK": _hyperlink,
    "INDEX": _index,
    "ISNUMBER": _isnumber,
    "LEFT": _left,
    "LEN": _len,
    "MATCH": _match,
    "MAX": _over_numbers(lambda numbers: max(numbers, default=0.0)),
    "MIN": _over_numbers(lambda numbers: min(numbers, default=0.0)),
    "MONTH": _date_part("month"),
    "N": _n,
    "OR": _or,
    "RIGHT": _right,
    "ROW": _place("top"),
    "SUBSTITUTE": _substitute,
    "SUM": _over_numbers(sum),
    "TRIM": _trim,
    "YEAR": _date_part("year"),
}
