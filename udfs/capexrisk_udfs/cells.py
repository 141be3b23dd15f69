"""Cell values as hosts hand them over, made alike.

A range is a list of rows of cells. After `rows` a cell is None (blank), bool, int, float, str, `datetime.date` or
`capexrisk.ErrorCell`, whichever host it came from: Excel through xlwings, LibreOffice Calc, formualizer, plain Python.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from math import isfinite
from typing import Any

from capexrisk import ErrorCell

Rows = list[list[Any]]
"""What a range argument is and what a table function gives."""

ERROR_TEXTS = {
    "Div": "#DIV/0!",
    "Na": "#N/A",
    "Name": "#NAME?",
    "Null": "#NULL!",
    "Num": "#NUM!",
    "Ref": "#REF!",
    "Value": "#VALUE!",
    "Spill": "#SPILL!",
    "Calc": "#CALC!",
}
"""The error values of a cell by formualizer's names for them."""


class CallError(ValueError):
    """A call that is wrong in itself; the text is a sentence that says what is allowed."""


def cell(value: Any) -> Any:
    """Give one cell's value: text of spaces only is blank, a moment is its day, nan and inf are #NUM!."""
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, str):
        return value if value.strip() else None
    if isinstance(value, float):
        return value if isfinite(value) else ErrorCell(ERROR_TEXTS["Num"])
    if isinstance(value, Decimal):  # how a cell formatted as currency arrives through COM
        return float(value)
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, (date, ErrorCell)):
        return value
    if isinstance(value, dict):
        kind = str(value.get("kind", "")).strip("#/!?")
        return ErrorCell(ERROR_TEXTS.get(kind, ERROR_TEXTS["Value"]))
    return str(value)


def rows(values: Any, argument: str) -> Rows:
    """Give a range argument as a list of rows of equal length; a single cell is a range of one, a flat list one row.

    Raises CallError when there is no range at all.
    """
    if values is None:
        raise CallError(f"The range {argument} is missing.")
    if not isinstance(values, (list, tuple)):
        values = [[values]]
    elif not values or not isinstance(values[0], (list, tuple)):
        values = [values]
    width = max(len(row) for row in values)
    return [[*map(cell, row), *[None] * (width - len(row))] for row in values]


def scalar(value: Any) -> Any:
    """Give a single value's cell; a range of one cell is that cell. Raises CallError for a larger range."""
    while isinstance(value, (list, tuple)):
        if len(value) != 1:
            raise CallError("A single cell or value is needed here, not a range.")
        value = value[0]
    return cell(value)


def marked_errors(values: Any) -> Any:
    """Give error values that a host hands over as their texts ("#N/A") as `ErrorCell`, in a cell or in rows."""
    if isinstance(values, (list, tuple)):
        return [marked_errors(value) for value in values]
    return ErrorCell(values) if isinstance(values, str) and values in _MARKS else values


_MARKS = frozenset(ERROR_TEXTS.values())
