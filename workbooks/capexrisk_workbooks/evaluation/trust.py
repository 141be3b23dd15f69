"""What the spreadsheet engine is trusted with, decided from a formula's text before anything is evaluated.

`read_formula` gives a `Reading` of a formula: why the engine is not trusted with it, or what it refers to and what the
cells it refers to must not hold for the engine's result to be Excel's. `trusted.toml` lists the functions and what each
of their arguments may be; a test compares every one with LibreOffice.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, NamedTuple

import formualizer as fz

from capexrisk_workbooks.evaluation.bars import Bar, barred
from capexrisk_workbooks.ooxml.cells import LAST_COLUMN, LAST_ROW, Area, column_number

MOST_CELLS = 100_000
"""The most cells that are calculated one by one, or handed to a function of ours."""


class Kind(NamedTuple):
    """What an argument may be."""

    bar: Bar = Bar(0)
    wide: bool = False  # more than one cell
    array: bool = False  # calculated cell by cell, also in an ordinary formula
    passed: bool = False  # may be the function's own result
    typed: str = ""  # stands in the formula as itself: number, whole, exact, true or format
    direct: bool = False  # typed, or one cell, not calculated in the formula


KINDS = {
    "number": Kind(Bar.NUMERAL),
    "figure": Kind(Bar.TEXT),
    "real": Kind(Bar.TEXT | Bar.ERROR | Bar.BLANK, direct=True),
    "typed": Kind(typed="number"),
    "whole": Kind(typed="whole"),
    "exact": Kind(typed="exact"),
    "true": Kind(typed="true"),
    "format": Kind(typed="format"),
    "rate": Kind(Bar.NUMERAL | Bar.NEGATIVE),
    "count": Kind(Bar.NUMERAL | Bar.FRACTION),
    "position": Kind(Bar.TEXT | Bar.BLANK | Bar.BELOW_ONE),
    "date": Kind(Bar.NUMERAL | Bar.BLANK | Bar.EARLY),
    "day": Kind(Bar.NUMERAL | Bar.BLANK | Bar.EARLY | Bar.FRACTION),
    "year": Kind(Bar.NUMERAL | Bar.BLANK | Bar.OLD),
    "caption": Kind(Bar.NUMBER | Bar.ERROR),
    "word": Kind(Bar.BLANK),
    "text": Kind(),
    "value": Kind(),
    "key": Kind(Bar.ERROR | Bar.BLANK),
    "criterion": Kind(Bar.ODD_NUMERAL),
    "sure": Kind(Bar.ODD_NUMERAL | Bar.BLANK | Bar.EXCEPTION),
    "any": Kind(passed=True),
    "texts": Kind(Bar.LONG, wide=True),
    "list": Kind(wide=True, passed=True),
    "range": Kind(wide=True),
    "clean": Kind(Bar.ERROR, wide=True),
    "figures": Kind(Bar.TEXT | Bar.ERROR | Bar.BLANK, wide=True),
    "array": Kind(Bar.NUMERAL, wide=True, array=True),
}


class Trusted(NamedTuple):
    """A function on the list: what it gives ("number", "text" or "any") and the kinds of its arguments."""

    gives: str
    first: tuple[str, ...]
    repeated: tuple[str, ...]
    least: int  # how many arguments must be there
    volatile: bool

    def kind(self, index: int) -> str | None:
        """The kind of an argument, counted from 0; None when the function is not known to take so many."""
        if index < len(self.first):
            return self.first[index]
        return self.repeated[(index - len(self.first)) % len(self.repeated)] if self.repeated else None


class TrustList(NamedTuple):
    """The contents of trusted.toml."""

    functions: dict[str, Trusted]
    whole: frozenset[str]  # give whole or rounded numbers, which are the same text everywhere
    lifted: frozenset[str]  # calculate cell by cell inside an array formula
    formats: frozenset[str]  # number formats that TEXT knows


@cache
def trust_list() -> TrustList:
    """The functions that the engine is trusted with; ValueError for a kind that does not exist."""
    data = tomllib.loads(files("capexrisk_workbooks.evaluation").joinpath("trusted.toml").read_text("utf-8"))
    functions = {}
    for gives in ("number", "text", "any"):
        for name, spelled in data[gives].items():
            first, _, repeated = spelled.partition("(")
            marked = first.split()
            least = max((number for number, word in enumerate(marked, 1) if word.endswith("!")), default=0)
            words, group = tuple(word.rstrip("!") for word in marked), tuple(repeated.rstrip(")").split())
            for kind in (*words, *group):
                if kind not in KINDS:
                    raise ValueError(
                        f"trusted.toml: {name} has an argument of the kind {kind!r}; kinds are {list(KINDS)}."
                    )
            functions[name] = Trusted(gives, words, group, least, name in data["volatile"])
    return TrustList(functions, frozenset(data["whole"]), frozenset(data["lifted"]), frozenset(data["formats"]))


@dataclass(frozen=True, slots=True)
class Reference:
    """Cells that a formula refers to, by address or by name; `sheet` is None when the text names none."""

    sheet: str | None
    area: Area | None
    name: str | None
    bar: Bar
    single: bool  # only one cell is meant here; more would be cut to one by position


@dataclass(frozen=True, slots=True)
class Reading:
    """What a formula's text says. With a `reason` the engine is not trusted with it and the rest says nothing."""

    reason: str | None = None
    references: tuple[Reference, ...] = ()
    volatile: bool = False
    calls: frozenset[tuple[str, str]] = frozenset()  # our functions: as spelled, in capitals, and as registered
    gives_table: bool = False  # the whole formula is one call of ours that gives a table
    tree: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)


ERRORS = frozenset(("#REF!", "#N/A", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!"))


class _RefusalError(Exception):
    """Carries the reason why a formula is not trusted."""


_FUNCTION = re.compile(r"(?:'(?:[^']|'')*'!|[^'!]*!)?(?:_xldudf_)?(?P<name>[A-Za-z_]\w*)", re.A)
_CELL = r"\$?[A-Za-z]{1,3}\$?[1-9][0-9]{0,6}"
_REFERENCE = re.compile(
    rf"(?:'(?P<quoted>(?:[^']|'')+)'!|(?P<plain>[^'!\[\]:]+)!)?"
    rf"(?:(?P<cells>{_CELL}(?::{_CELL})?)|(?P<columns>\$?[A-Za-z]{{1,3}}:\$?[A-Za-z]{{1,3}})"
    rf"|(?P<rows>\$?[1-9][0-9]{{0,6}}:\$?[1-9][0-9]{{0,6}})|(?P<name>[^\W\d][\w.\\?]*))"
)


@lru_cache(20_000)
def read_formula(text: str, array: bool, ours: frozenset[tuple[str, bool]]) -> Reading:
    """Read a formula, given without "=". `array` says whether it is an array formula, `ours` holds our functions'
    names, in capitals, and whether each gives a table."""
    try:
        tree = _with_errors(fz.parse(f"={text}").to_dict(), text)
    except Exception:  # the parser's own classes differ by fault
        return Reading("its text cannot be read")
    reader = _Reader(dict(ours))
    try:
        reader.walk(tree, Bar(0), wide=array, array=array, top=True)
    except _RefusalError as refused:
        return Reading(str(refused))
    whole = tree["node_type"] == "Function" and reader.ours.get(own_name(tree["name"], reader.ours), False)
    calls = frozenset(reader.calls)
    return Reading(None, tuple(reader.references), reader.volatile, calls, whole, tree)


def _with_errors(node: dict[str, Any], text: str) -> dict[str, Any]:
    """The tree with error values told from texts, which the parser gives alike."""
    if node["node_type"] == "Literal" and node["value"] in ERRORS and f'"{node["value"]}"' not in text:
        return {"node_type": "Error", "value": node["value"]}
    for key in ("left", "right", "operand"):
        if key in node:
            node[key] = _with_errors(node[key], text)
    if "args" in node:
        node["args"] = [_with_errors(argument, text) for argument in node["args"]]
    if "rows" in node:
        node["rows"] = [[_with_errors(item, text) for item in row] for row in node["rows"]]
    return node


def read_reference(text: str) -> tuple[str | None, Area | None, str | None] | str:
    """The sheet, if the text names one, and the area or the name that it refers to; else why it is not trusted."""
    match = _REFERENCE.fullmatch(text)
    if match is None:
        return _what_is(text)
    sheet = match["plain"] if match["quoted"] is None else match["quoted"].replace("''", "'")
    if sheet and ("[" in sheet or ":" in sheet):
        return _what_is(text)
    area = _area(match)
    if area is None and sheet:
        return f"it names {text}, a name of one sheet"
    return sheet, area, None if area else match["name"] or match["cells"]


def plain_name(spelled: str) -> str:
    """The name of a function of Excel without the prefixes that files hold."""
    return spelled.upper().removeprefix("_XLFN.").removeprefix("_XLWS.")


def own_name(spelled: str, ours: dict[str, bool]) -> str:
    """The name of our function that is called in one of its stored forms, "" when it is not ours."""
    match = _FUNCTION.fullmatch(spelled)
    name = match["name"].upper() if match else ""
    return name if name in ours else ""


class _Reader:
    """Walks the tree of a formula, collects what it refers to, and raises `_RefusalError` at what is not trusted."""

    def __init__(self, ours: dict[str, bool]) -> None:
        self.ours = ours
        self.references: dict[Reference, None] = {}
        self.calls: set[tuple[str, str]] = set()
        self.volatile = False
        self.spared: dict[str, Bar] = {}  # what a part of the formula cannot be here, because an IF asks first

    def walk(self, node: dict[str, Any], bar: Bar, wide: bool, array: bool, top: bool = False) -> None:
        """`wide`: more than one cell may stand here; `array`: operators work cell by cell; `top`: the whole formula."""
        if self.spared:
            bar &= ~self.spared.get(repr(node), Bar(0))
        match node["node_type"]:
            case "Literal":
                self.literal(node["value"], bar)
            case "Error":
                pass
            case "Reference":
                self.reference(node["reference"], bar, single=not wide, each=array)
            case "UnaryOp" if node["operator"] in "+-%":
                self.walk(node["operand"], bar if node["operator"] == "+" else bar | Bar.NUMERAL, array, array)
            case "BinaryOp" if node["operator"] in _OPERATORS:
                self.operator(node, bar, array)
            case "Array" if wide:
                for row in node["rows"]:
                    for item in row:
                        self.walk(item, bar, False, array)
            case "Array":
                raise _RefusalError("it calculates with a list in braces")
            case "Function":
                self.function(node, bar, wide, array, top)
            case "Omitted":
                raise _RefusalError("it leaves out an argument")
            case "Call":
                raise _RefusalError("it calls something that is no plain function")
            case _:
                raise _RefusalError(f"it uses the operator {node.get('operator')!r}")

    def literal(self, value: Any, bar: Bar) -> None:
        if barred(value, bar):
            raise _RefusalError(f"it takes {value!r} where programs differ about it")

    def operator(self, node: dict[str, Any], bar: Bar, array: bool) -> None:
        kept = bar & Bar.ERROR
        if bar & Bar.NUMBER and node["operator"] != "&":
            raise _RefusalError("it takes a number for a text")
        if node["operator"] == "&":
            if bar & (Bar.NUMERAL | Bar.TEXT):
                raise _RefusalError("it takes a text put together with & for a number")
            start = node["left"].get("value")
            if bar & Bar.EXCEPTION and (not isinstance(start, str) or start.startswith(("<>", "="))):
                raise _RefusalError("it may count blank cells beyond those that stand in the sheet")
            below = bar & (Bar.ERROR | Bar.ODD_NUMERAL) | (Bar.LONG if array else Bar(0))
        elif node["operator"] in COMPARISONS:
            below = kept
        else:
            below = kept | Bar.NUMERAL
        for side in ("left", "right"):
            self.walk(node[side], below, array, array)

    def reference(self, text: str, bar: Bar, single: bool, each: bool) -> None:
        if text.startswith(("#", "{")):
            return
        found = read_reference(text)
        if isinstance(found, str):
            raise _RefusalError(found)
        sheet, area, name = found
        if area is not None and single and area.size > 1:
            raise _RefusalError(_CUT.format(text))
        if area is not None and each and area.size > MOST_CELLS:
            raise _RefusalError(f"it calculates cell by cell over all {area.size:,} cells of {text}")
        self.references[Reference(sheet, area, name, bar, single)] = None

    def function(self, node: dict[str, Any], bar: Bar, wide: bool, array: bool, top: bool) -> None:
        spelled, arguments = node["name"], node["args"]
        if own := own_name(spelled, self.ours):
            if self.ours[own] and not (wide or top):
                raise _RefusalError(f"it takes one value out of the table that {own} gives")
            self.calls.add((spelled.upper(), own))
            for argument in arguments:
                if argument["node_type"] == "Reference":
                    self.reference(argument["reference"], bar & Bar.ERROR, single=False, each=True)
                elif argument["node_type"] != "Omitted":
                    self.walk(argument, bar & Bar.ERROR, True, array)
            return
        name = plain_name(spelled)
        known = trust_list().functions.get(name)
        if known is None:
            raise _RefusalError(f"the function {name} is not on the list of those that are recalculated")
        if known.gives == "text" and bar & (Bar.NUMERAL | Bar.TEXT):
            raise _RefusalError(f"it takes the text that {name} gives for a number")
        if len(arguments) < known.least:
            raise _RefusalError(f"it calls {name} without an argument that says how it searches")
        if known.gives == "number" and bar & Bar.NUMBER:
            raise _RefusalError(f"it takes the number that {name} gives for a text")
        self.volatile |= known.volatile
        before = self.spared
        for index, argument in enumerate(arguments):
            if name == "IF" and index:
                self.spared = {**before, **_asked(arguments[0], index == 1)}
            word = known.kind(index)
            if word is None:
                raise _RefusalError(f"it calls {name} with more arguments than are known")
            self.argument(name, KINDS[word], argument, bar, array)
        self.spared = before

    def argument(self, name: str, kind: Kind, node: dict[str, Any], bar: Bar, array: bool) -> None:
        if kind.typed:
            if not _is_typed(node, kind.typed):
                raise _RefusalError(
                    f"an argument of {name} is not one that is known to give the same result everywhere"
                )
            return
        if node["node_type"] == "Omitted" and kind.passed:
            return
        if kind.direct and node["node_type"] not in ("Literal", "Reference") and not _is_typed(node, "number"):
            raise _RefusalError(f"an argument of {name} is calculated inside the formula")
        below = kind.bar | (bar if kind.passed else bar & Bar.ERROR)
        if kind.wide and node["node_type"] != "Reference":
            below |= Bar.NUMERAL
        lifted = array and (name in trust_list().lifted)
        self.walk(node, below, kind.wide or lifted, kind.array or lifted or (array and kind.wide))


def _asked(condition: dict[str, Any], holds: bool) -> dict[str, Bar]:
    """What parts of a formula cannot be where a condition holds, or does not: IF(ISNUMBER(A1),…), IF(A1="",…,…)."""
    kind, arguments = condition["node_type"], condition.get("args", ())
    name = condition["name"].upper() if kind == "Function" else ""
    if name == ("AND" if holds else "OR"):
        return {part: bar for argument in arguments for part, bar in _asked(argument, holds).items()}
    if holds and name == "ISNUMBER" and len(arguments) == 1:
        return {repr(arguments[0]): _NO_NUMBER}
    empty = {"node_type": "Literal", "value": ""}
    if kind == "BinaryOp" and condition["operator"] == ("<>" if holds else "=") and condition["right"] == empty:
        return {repr(condition["left"]): Bar.BLANK}
    return {}


_NO_NUMBER = Bar.NUMERAL | Bar.ODD_NUMERAL | Bar.TEXT | Bar.ERROR | Bar.BLANK
_OPERATORS = frozenset(("+", "-", "*", "/", "^", "&", "=", "<>", "<", ">", "<=", ">="))
COMPARISONS = frozenset(("=", "<>", "<", ">", "<=", ">="))
_CUT = "where one cell is meant it names the range {}"


def _is_typed(node: dict[str, Any], what: str) -> bool:
    if node["node_type"] == "UnaryOp" and node["operator"] in "+-":
        node = node["operand"]
    if node["node_type"] == "Function" and node["name"].upper() in ("TRUE", "FALSE") and not node["args"]:
        node = {"node_type": "Literal", "value": node["name"].upper() == "TRUE"}
    if node["node_type"] != "Literal":
        return False
    value = node["value"]
    if what == "format":
        return value in trust_list().formats
    if what in ("exact", "true"):
        return isinstance(value, float | int) and bool(value) is (what == "true")
    return isinstance(value, float | int) and (what == "number" or float(value).is_integer())


def _what_is(text: str) -> str:
    if re.match(r"'?[^'!]*\[\d+\]|'.*\[", text) and "!" in text:
        return f"it refers to another workbook: {text}"
    if "[" in text:
        return f"it refers to a table by its columns: {text}"
    return f"it refers to {text}, which is neither a cell, a range nor a name"


def _area(match: re.Match[str]) -> Area | None:
    """The area of a reference, None for a name."""
    if match["cells"]:
        try:
            return Area.parse(match["cells"].upper())
        except ValueError:
            return None
    span = (match["columns"] or match["rows"] or "").replace("$", "").upper()
    first, _, last = span.partition(":")
    if match["columns"]:
        low, high = sorted((column_number(first), column_number(last)))
        return Area(1, low, LAST_ROW, high)
    if match["rows"]:
        low, high = sorted((int(first), int(last)))
        return Area(low, 1, high, LAST_COLUMN)
    return None
