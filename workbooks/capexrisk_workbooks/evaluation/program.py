"""Formulas compiled into one Python function, which computes each of them once, after those that it needs.

The program serves every workbook with the same formulas in the same places; only the cells that no formula of it fills
are read from the workbook.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, NamedTuple, TypeAlias

from capexrisk_udfs import FUNCTIONS, CallError
from capexrisk_udfs.cells import Rows, cell
from capexrisk_udfs.runs import Held
from capexrisk_workbooks.evaluation.bars import Bar
from capexrisk_workbooks.evaluation.dependents import Cells, Key
from capexrisk_workbooks.evaluation.formulas import Names
from capexrisk_workbooks.evaluation.functions import BINARY, OF_RANGES, OF_VALUES, UNARY, Unsure, at, place, truth
from capexrisk_workbooks.evaluation.trust import Reference, own_name, read_reference
from capexrisk_workbooks.ooxml.cells import Area, CellError, Spot, Value

Tables: TypeAlias = dict[tuple[str, Area], Rows]
"""Ranges as our functions took them, by sheet and area."""


MOST_CELLS = 200_000
"""Cells of all ranges that formulas name, each range counted once; those of the template have 3,000."""


class Piece(NamedTuple):
    """One formula as a Python expression, in which {0}, {1}, … stand for what it refers to.

    Of each of these it takes the "value" of a single cell, the "list" of a range's values, or the range as a "table".
    """

    code: str
    uses: tuple[tuple[Cells, str], ...]


class Placed(NamedTuple):
    """A compiled formula in its cell, and the block that it fills when it is an array formula."""

    key: Key
    piece: Piece
    block: Area | None


@dataclass(frozen=True)
class Program:
    """The function for some formulas, and the cells that its results belong to, by sheet."""

    _function: Callable[[Callable[[str], Mapping[Spot, Value]], Tables], Sequence[Sequence[Value]]]
    _spots: Mapping[str, Sequence[Spot]]

    def values(self, typed: Callable[[str], Mapping[Spot, Value]]) -> tuple[dict[str, dict[Spot, Value]], Tables]:
        """Give the value of every cell that the formulas fill, and the ranges that our functions took.

        `typed` gives what stands in a sheet; it is not asked for cells that the formulas fill. Raises Unsure when a
        value leaves the ground on which the result is certain.
        """
        tables: Tables = {}
        results = self._function(typed, tables)
        return {
            sheet: dict(zip(spots, values, strict=True))
            for (sheet, spots), values in zip(self._spots.items(), results, strict=True)
        }, tables


# --- One formula ---

Node: TypeAlias = Mapping[str, Any]
"""A part of a formula, as `trust.read_formula` reads it."""


def shape(tree: Node, sheet: str, names: Names) -> str:
    """Give a formula with `cell` or `range` for whatever it refers to; raises Unsure for one that is none of ours.

    Formulas of one shape mean the same on the values of their cells.
    """
    parts = [shape(child, sheet, names) for child in _children(tree)]
    match tree["node_type"]:
        case "Literal":
            return _spelled(_literal(tree["value"]))
        case "Reference":
            return "cell" if _cells(tree["reference"], sheet, names).area.size == 1 else "range"
        case "Function":
            return f"{_function(tree)}({','.join(parts)})"
        case "BinaryOp":
            return f"({tree['operator'].join(parts)})"
        case "UnaryOp":
            return f"({tree['operator']}{parts[0]})"
        case _:
            raise Unsure


def compiled(tree: Node, sheet: str, names: Names) -> Piece:
    """Compile a formula; raises Unsure for what is unknown here."""
    return _Compiler(sheet, names).piece(tree)


def _children(node: Node) -> list[Node]:
    if "args" in node:
        return node["args"]
    return [node[side] for side in ("left", "right", "operand") if side in node]


def _function(node: Node) -> str:
    return own_name(node["name"], _OURS) or node["name"].upper()


_OURS = dict.fromkeys(FUNCTIONS, False)


def _spelled(value: Value) -> str:
    return '"' + value.replace('"', '""') + '"' if isinstance(value, str) else f"{value}"


def _literal(value: Any) -> Value:
    if isinstance(value, (bool, str)):
        return value
    if isinstance(value, (int, float)):
        return float(value)
    raise Unsure


def _cells(text: str, sheet: str, names: Names) -> Cells:
    read = read_reference(text)
    found = read if isinstance(read, str) else names.cells(Reference(*read, Bar(0), False), sheet)
    if not isinstance(found, Cells) or found.area.size > MOST_CELLS:
        raise Unsure
    return found


class _Compiler:
    def __init__(self, sheet: str, names: Names) -> None:
        self.sheet, self.names = sheet, names
        self.uses: list[tuple[Cells, str]] = []

    def piece(self, node: Node) -> Piece:
        return Piece(self.value(node), tuple(self.uses))

    def use(self, cells: Cells, how: str) -> str:
        if (cells, how) not in self.uses:
            self.uses.append((cells, how))
        return f"{{{self.uses.index((cells, how))}}}"

    def reference(self, node: Node) -> Cells | None:
        return _cells(node["reference"], self.sheet, self.names) if node["node_type"] == "Reference" else None

    def value(self, node: Node) -> str:
        """The expression for a single value."""
        if (cells := self.reference(node)) is not None:
            if cells.area.size != 1:
                raise Unsure
            return self.use(cells, "value")
        kind = node["node_type"]
        if kind == "Literal":
            return repr(_literal(node["value"])).replace("{", "{{").replace("}", "}}")
        if kind == "Function":
            return self.call(_function(node), node["args"])
        known = _NAMES.get((kind, node.get("operator", "")))
        if known is None:
            raise Unsure
        return f"{known}({', '.join(map(self.value, _children(node)))})"

    def call(self, name: str, parts: list[Node]) -> str:
        if name in FUNCTIONS:
            return f"ours({', '.join([name, *map(self.argument, parts)])})"
        if name == "IF" and len(parts) == 3:
            test, then, otherwise = map(self.value, parts)
            return f"({then} if (c := truth({test})) is True else {otherwise} if c is False else c)"
        if name == "IFERROR" and len(parts) == 2:
            value, instead = map(self.value, parts)
            return f"({instead} if type(c := {value}) is CellError else c)"
        if name == "INDEX":
            cells, found = self.place(parts)
            return f"at({self.use(cells, 'list')}, {_width(cells.area)}, {found})"
        if name in ("ROW", "COLUMN") and len(parts) == 1 and parts[0]["node_type"] == "Function":
            if _function(parts[0]) != "INDEX":
                raise Unsure
            cells, found = self.place(parts[0]["args"])
            part, first = (0, cells.area.top) if name == "ROW" else (1, cells.area.left)
            return f"({first}.0 + c[{part}] if type(c := {found}) is tuple else c)"
        if name in OF_VALUES:
            return f"{name}({', '.join(map(self.value, parts))})"
        if name in OF_RANGES:
            ranges = OF_RANGES[name][1]
            said = [
                self.range(part, ranges is not None) if ranges is None or number in ranges else self.value(part)
                for number, part in enumerate(parts)
            ]
            return f"{name}({', '.join(said)})"
        raise Unsure

    def place(self, parts: list[Node]) -> tuple[Cells, str]:
        """The range of an INDEX, and the expression for the place in it."""
        cells = self.reference(parts[0]) if 2 <= len(parts) <= 3 else None
        if cells is None:
            raise Unsure
        height = cells.area.bottom - cells.area.top + 1
        return cells, f"place({height}, {_width(cells.area)}, {', '.join(map(self.value, parts[1:]))})"

    def range(self, node: Any, only: bool) -> str:
        """The expression for an argument that may be a range, or is `only` allowed to be one."""
        if (cells := self.reference(node)) is not None:
            return self.use(cells, "list")
        if only:
            raise Unsure
        return self.value(node)

    def argument(self, node: Node) -> str:
        """The expression for an argument of one of our functions."""
        cells = self.reference(node)
        return f"handed({self.value(node)})" if cells is None or cells.area.size == 1 else self.use(cells, "table")


def _width(area: Area) -> int:
    return area.right - area.left + 1


def _handed(value: Value) -> Any:
    if isinstance(value, CellError):
        raise Unsure  # errors among the inputs: the engine knows how they reach a function
    return value


def _held(values: list[Value], width: int) -> Held:
    """Give a range's values as rows, as our functions take them."""
    cells = [value if value is None or type(value) is float else cell(_handed(value)) for value in values]
    return Held(cells[start : start + width] for start in range(0, len(cells), width))


def _ours(function: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return function(*arguments)
    except CallError:
        return CellError("#VALUE!")


def _block(table: Any, height: int, width: int) -> list[Value]:
    """Give the values of an array formula's block; our tables have the size of their blocks."""
    if not isinstance(table, list) or (len(table), len(table[0])) != (height, width):
        raise Unsure
    return [float(value) if type(value) is int else value for value in chain.from_iterable(table)]


_NAMES = {
    (kind, operator): f"{kind}_{number}"
    for kind, operators in (("BinaryOp", BINARY), ("UnaryOp", UNARY))
    for number, operator in enumerate(operators)
}
_KNOWN: dict[str, Any] = {
    **{_NAMES["BinaryOp", operator]: function for operator, function in BINARY.items()},
    **{_NAMES["UnaryOp", operator]: function for operator, function in UNARY.items()},
    **OF_VALUES,
    **{name: function for name, (function, _) in OF_RANGES.items()},
    **{name: function.call for name, function in FUNCTIONS.items()},
    "CellError": CellError,
    "at": at,
    "block": _block,
    "handed": _handed,
    "held": _held,
    "ours": _ours,
    "place": place,
    "truth": truth,
}
"""What the generated code calls."""


# --- All formulas ---


def program(formulas: Iterable[Placed]) -> Program:
    """Put compiled formulas together; raises Unsure when two fill one cell, one needs itself, or they take too much."""
    try:
        return _Builder(tuple(formulas)).program()
    except RecursionError:  # a long chain, each formula needing the one before
        raise Unsure from None


class _Builder:
    """Writes the function, each formula and range when it is first needed."""

    def __init__(self, formulas: tuple[Placed, ...]) -> None:
        self.formulas = {formula.key: formula for formula in formulas}
        self.anchors = {
            (formula.key[0], *spot): (formula.key, number)
            for formula in formulas
            for number, spot in enumerate(formula.block.spots() if formula.block else [formula.key[1:]])
        }
        if len(self.anchors) < sum(formula.block.size if formula.block else 1 for formula in formulas):
            raise Unsure
        self.lines: list[str] = []
        self.constants: dict[str, Any] = {}
        self.known: dict[Any, str | None] = {}
        self.sheets: dict[str, int] = {}
        self.cells = 0

    def program(self) -> Program:
        spots: dict[str, list[Spot]] = {}
        results: dict[str, list[str]] = {}
        for key, formula in self.formulas.items():
            name = self.formula(key)
            spots.setdefault(key[0], []).extend(formula.block.spots() if formula.block else [key[1:]])
            results.setdefault(key[0], []).append(f"*{name}" if formula.block else name)
        given = ", ".join(f"[{', '.join(names)}]" for names in results.values())
        opened = [f"g{number} = typed({sheet!r}).get" for sheet, number in self.sheets.items()]
        lines = [*opened, *self.lines, f"return [{given}]"]
        space = {**_KNOWN, **self.constants}
        exec("def run(typed, tables):\n" + "\n".join(f"    {line}" for line in lines), space)
        return Program(space["run"], spots)

    def once(self, what: Any, write: Callable[[str], None]) -> str:
        """The name of the variable that holds something, written when it is first needed."""
        if what not in self.known:
            self.known[what] = None
            name = f"v{len(self.known)}"
            write(name)
            self.known[what] = name
        name = self.known[what]
        if name is None:
            raise Unsure  # it needs itself
        return name

    def formula(self, key: Key) -> str:
        def write(name: str) -> None:
            _, piece, block = self.formulas[key]
            said = piece.code.format(*(getattr(self, how)(cells) for cells, how in piece.uses))
            if block:
                self.lines.append(f"{name} = block({said}, {block.bottom - block.top + 1}, {_width(block)})")
            else:
                self.lines += [f"{name} = {said}", f"if {name} is None: {name} = 0.0"]

        return self.once(key, write)

    def value(self, cells: Cells) -> str:
        return self.cell((cells.sheet, cells.area.top, cells.area.left))

    def cell(self, key: Key) -> str:
        if key in self.anchors:
            anchor, number = self.anchors[key]
            return f"{self.formula(anchor)}[{number}]" if self.formulas[anchor].block else self.formula(anchor)
        return self.once(key, lambda name: self.lines.append(f"{name} = {self.get(key[0])}({key[1:]})"))

    def get(self, sheet: str) -> str:
        return f"g{self.sheets.setdefault(sheet, len(self.sheets))}"

    def list(self, cells: Cells) -> str:
        def write(name: str) -> None:
            self.cells += cells.area.size
            if self.cells > MOST_CELLS:
                raise Unsure
            spots = tuple(cells.area.spots())
            filled = {
                number: self.cell((cells.sheet, *spot))
                for number, spot in enumerate(spots)
                if (cells.sheet, *spot) in self.anchors
            }
            if len(filled) == len(spots):
                self.lines.append(f"{name} = [{', '.join(filled.values())}]")
                return
            self.constants[f"at_{name}"] = spots
            self.lines.append(f"{name} = [*map({self.get(cells.sheet)}, at_{name})]")
            self.lines += [f"{name}[{number}] = {value}" for number, value in filled.items()]

        return self.once((cells, "list"), write)

    def table(self, cells: Cells) -> str:
        def write(name: str) -> None:
            values = self.list(cells)
            self.constants[f"of_{name}"] = (cells.sheet, cells.area)
            self.lines.append(f"{name} = tables[of_{name}] = held({values}, {_width(cells.area)})")

        return self.once((cells, "table"), write)
