"""Excel's operators and functions, as far as the template's formulas need them, on values and lists of values.

A single value is float, str, bool, CellError or None for a blank cell; a range is the list of its values, row by row.
Whatever leaves the ground that the template needs (text where a number is expected, an odd wildcard) raises `Unsure`:
the spreadsheet engine then does the whole workbook.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from datetime import timedelta
from functools import lru_cache
from typing import Any, TypeAlias

from capexrisk.typed import EXCEL_EPOCH
from capexrisk_workbooks.ooxml.cells import CellError, Value, address

Item: TypeAlias = "Value | list[Value]"


class Unsure(Exception):  # noqa: N818 (no error: a reason to take the longer way)
    """The shorter way does not know for sure what the engine would give."""


def _text(value: Value) -> str | CellError:
    if isinstance(value, (str, CellError)):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if value != int(value) or abs(value) >= 1e15:
        raise Unsure
    return str(int(value))


def _number(value: Value) -> float | CellError:
    if type(value) is float or isinstance(value, CellError):
        return value
    if value is None:
        return 0.0
    raise Unsure


def _finite(value: float) -> Value:
    return value if abs(value) < 1e300 else CellError("#NUM!")


def truth(value: Value) -> bool | CellError:
    """Whether a value counts as true where a condition stands."""
    if value is True or value is False:
        return value
    if isinstance(value, str):
        raise Unsure
    return value if isinstance(value, CellError) else bool(value)


def _arithmetic(function: Callable[[float, float], float]) -> Callable[[Value, Value], Value]:
    def operate(left: Value, right: Value) -> Value:
        one, two = _number(left), _number(right)
        if isinstance(one, CellError):
            return one
        if isinstance(two, CellError):
            return two
        try:
            return _finite(function(one, two))
        except ZeroDivisionError:
            return CellError("#DIV/0!")

    return operate


def _joined(left: Value, right: Value) -> Value:
    one, two = _text(left), _text(right)
    if isinstance(one, CellError):
        return one
    return two if isinstance(two, CellError) else one + two


def _order(value: Value) -> tuple[int, Any]:
    if isinstance(value, bool):
        return 2, value
    if isinstance(value, str):
        return 1, value.casefold()
    return 0, 0.0 if value is None else value


def _comparison(holds: Callable[[Any, Any], bool]) -> Callable[[Value, Value], Value]:
    def compare(one: Value, two: Value) -> Value:
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


BINARY: dict[str, Callable[[Value, Value], Value]] = {
    "+": _arithmetic(operator.add),
    "-": _arithmetic(operator.sub),
    "*": _arithmetic(operator.mul),
    "/": _arithmetic(operator.truediv),
    "&": _joined,
    "=": _comparison(operator.eq),
    "<>": _comparison(operator.ne),
    "<": _comparison(operator.lt),
    ">": _comparison(operator.gt),
    "<=": _comparison(operator.le),
    ">=": _comparison(operator.ge),
}
UNARY: dict[str, Callable[[Value], Value]] = {"-": lambda value: BINARY["-"](0.0, value), "+": lambda value: value}


def _and(*values: Value) -> Value:
    truths = [truth(value) for value in values]
    error = next((true for true in truths if isinstance(true, CellError)), None)
    return all(truths) if error is None else error


def _or(*values: Value) -> Value:
    truths = [truth(value) for value in values]
    error = next((true for true in truths if isinstance(true, CellError)), None)
    return any(true is True for true in truths) if error is None else error


def _numbers(items: tuple[Item, ...]) -> list[float] | CellError:
    """Collect numbers as SUM and MAX do: text and blanks in ranges are passed over."""
    found: list[float] = []
    for item in items:
        if isinstance(item, list):
            for value in item:
                if isinstance(value, CellError):
                    return value
                if isinstance(value, float):
                    found.append(value)
        else:
            number = _number(item)
            if isinstance(number, CellError):
                return number
            found.append(number)
    return found


def _over_numbers(function: Callable[[list[float]], float]) -> Callable[..., Value]:
    def fold(*items: Item) -> Value:
        numbers = _numbers(items)
        return numbers if isinstance(numbers, CellError) else _finite(function(numbers))

    return fold


def _abs(value: Value) -> Value:
    number = _number(value)
    return number if isinstance(number, CellError) else abs(number)


def _n(value: Value) -> Value:
    if isinstance(value, (CellError, float)):
        return value
    return 1.0 if value is True else 0.0


def place(height: int, width: int, row: Value, col: Value = None) -> tuple[int, int] | CellError:
    """The row and column, from 0, that INDEX takes out of a range of this size."""
    down, across = _number(row), 1.0 if col is None else _number(col)
    if isinstance(down, CellError):
        return down
    if isinstance(across, CellError):
        return across
    if down < 1 or across < 1 or (col is None and height == 1 < width):
        raise Unsure
    found = int(down) - 1, int(across) - 1
    return found if found[0] < height and found[1] < width else CellError("#REF!")


def at(values: list[Value], width: int, found: tuple[int, int] | CellError) -> Value:
    """The value that stands in a range at a place."""
    return found if isinstance(found, CellError) else values[found[0] * width + found[1]]


def _match(value: Value, values: list[Value], kind: Value = 1.0) -> Value:
    if kind != 0.0 or value is None or isinstance(value, bool):
        raise Unsure
    if isinstance(value, CellError):
        return value
    if isinstance(value, str):
        if "*" in value:
            raise Unsure
        matches = _pattern(value)
        found = (n for n, other in enumerate(values, 1) if isinstance(other, str) and matches(other))
    else:
        found = (n for n, other in enumerate(values, 1) if isinstance(other, float) and other == value)
    return next(map(float, found), CellError("#N/A"))


_WILDCARDS = {"?": ".", "*": ".*"}


@lru_cache(512)
def _pattern(text: str) -> Callable[[str], bool]:
    """Give the test for a text criterion: without regard to case, ? for one character, * for any."""
    if "~" in text:
        raise Unsure
    wanted = text.casefold()
    if "?" not in text and "*" not in text:
        return lambda found: found.casefold() == wanted
    expression = re.compile("".join(_WILDCARDS.get(mark, re.escape(mark)) for mark in wanted), re.DOTALL)
    return lambda found: expression.fullmatch(found.casefold()) is not None


def _countif(values: list[Value], wanted: Value) -> Value:
    if not isinstance(wanted, str) or not wanted or wanted[0] in "<>=":
        raise Unsure
    matches = _pattern(wanted)
    return float(sum(isinstance(value, str) and matches(value) for value in values))


def _counta(*items: Item) -> Value:
    lists = [item if isinstance(item, list) else [item] for item in items]
    return float(sum(value is not None for values in lists for value in values))


def _substitute(value: Value, old: Value, new: Value) -> Value:
    text, was, becomes = _text(value), _text(old), _text(new)
    for part in (text, was, becomes):
        if isinstance(part, CellError):
            return part
    return str(text).replace(str(was), str(becomes)) if was else text


def _trim(value: Value) -> Value:
    text = _text(value)
    return text if isinstance(text, CellError) else " ".join(part for part in text.split(" ") if part)


def _right(value: Value, count: Value = 1.0) -> Value:
    text, length = _text(value), _number(count)
    if isinstance(text, CellError):
        return text
    if isinstance(length, CellError):
        return length
    return text[-int(length) :] if length >= 1 else ""


def _left(value: Value, count: Value = 1.0) -> Value:
    text, length = _text(value), _number(count)
    if isinstance(text, CellError):
        return text
    return length if isinstance(length, CellError) else text[: int(length)]


def _len(value: Value) -> Value:
    text = _text(value)
    if isinstance(text, CellError):
        return text
    return float(len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2)


def _date_part(part: str) -> Callable[[Value], Value]:
    def of(value: Value) -> Value:
        number = _number(value)
        if isinstance(number, CellError):
            return number
        if not 61 <= number < 2958466:  # before March 1900 Excel's calendar has a day that never was
            raise Unsure
        return float(getattr(EXCEL_EPOCH + timedelta(days=int(number)), part))

    return of


def _address(row: Value, col: Value, kind: Value = 1.0) -> Value:
    down, across = _number(row), _number(col)
    if isinstance(down, CellError):
        return down
    if isinstance(across, CellError):
        return across
    if kind != 4.0 or down < 1 or across < 1:
        raise Unsure
    return address(int(down), int(across))


def _hyperlink(link: Value, shown: Value) -> Value:
    return link if isinstance(link, CellError) else shown


OF_VALUES: dict[str, Callable[..., Value]] = {
    "ABS": _abs,
    "ADDRESS": _address,
    "AND": _and,
    "DAY": _date_part("day"),
    "HYPERLINK": _hyperlink,
    "ISNUMBER": lambda value: isinstance(value, float),
    "LEFT": _left,
    "LEN": _len,
    "MONTH": _date_part("month"),
    "N": _n,
    "OR": _or,
    "RIGHT": _right,
    "SUBSTITUTE": _substitute,
    "TRIM": _trim,
    "YEAR": _date_part("year"),
}
"""Functions of single values."""

OF_RANGES: dict[str, tuple[Callable[..., Value], tuple[int, ...] | None]] = {
    "COUNTA": (_counta, None),
    "COUNTIF": (_countif, (0,)),
    "MATCH": (_match, (1,)),
    "MAX": (_over_numbers(lambda numbers: max(numbers, default=0.0)), None),
    "MIN": (_over_numbers(lambda numbers: min(numbers, default=0.0)), None),
    "SUM": (_over_numbers(sum), None),
}
"""Functions that take lists: which arguments must be ranges, None when any may be one."""
