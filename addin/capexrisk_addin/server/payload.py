"""What a request may hold: JSON of bounded size and depth, ranges as lists of rows of plain cell values."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from fastapi import HTTPException

from capexrisk.errors import unknown
from capexrisk_udfs import FUNCTIONS

MOST_BYTES = 1_000_000
"""A large review with long answers takes a tenth of it."""
MOST_CELLS = 20_000
MOST_DEPTH = 12
"""How deep lists and objects may be nested; a call needs six."""

Cell = str | float | bool | None
Rows = list[list[Cell]]


def parsed(body: bytes) -> dict[str, Any]:
    """Give the JSON object of a request body; raises HTTPException with a sentence for anything else."""
    try:
        data = json.loads(body, parse_constant=_no_number, parse_int=_whole)
    except RecursionError:
        _refuse(_too_deep())
    except ValueError as error:
        _refuse(f"The request is not valid JSON: {error}.")
    if not isinstance(data, dict):
        _refuse("The request must be a JSON object.")
    level: list[Any] = [data]
    for _ in range(MOST_DEPTH):
        level = [
            inner
            for item in level
            for inner in (item.values() if isinstance(item, dict) else item)
            if isinstance(inner, (dict, list))
        ]
    if level:
        _refuse(_too_deep())
    return data


def call(data: dict[str, Any]) -> tuple[str, list[Any]]:
    """Give the name of the called function and its arguments: a range for each, None where one is left out."""
    name = data.get("func_name")
    if not isinstance(name, str) or name not in FUNCTIONS:
        _refuse(unknown("Function", name, FUNCTIONS))
    given = data.get("args")
    takes = FUNCTIONS[name].arguments
    needed = sum(not argument.optional for argument in takes)
    if not isinstance(given, list) or not needed <= len(given) <= len(takes):
        allowed = f"{needed}" if needed == len(takes) else f"{needed} or {len(takes)}"
        _refuse(f"{name} takes {allowed} arguments, as a list.")
    budget = Budget()
    return name, [
        None if value is None else rows(value, argument.name, budget)
        for value, argument in zip(given, takes, strict=False)
    ]


class Budget:
    """Counts the cells of a request, and refuses it when there are too many."""

    def __init__(self) -> None:
        self.left = MOST_CELLS

    def spend(self, cells: int) -> None:
        """Take cells from the budget; raises HTTPException when it is used up."""
        self.left -= cells
        if self.left < 0:
            _refuse(f"The ranges hold more than {MOST_CELLS:,} cells; hand over the ranges of one review.", 413)


def rows(value: Any, name: str, budget: Budget) -> Rows:
    """Give a range as rows of equal length of plain values; an error cell is its text, such as "#N/A"."""
    if not isinstance(value, list) or not value or not all(isinstance(row, list) and row for row in value):
        _refuse(f"The range {name} must be a list of rows, each a list of cells.")
    width = len(value[0])
    if any(len(row) != width for row in value):
        _refuse(f"The rows of the range {name} must have the same number of cells.")
    budget.spend(width * len(value))
    return [[_cell(cell, name) for cell in row] for row in value]


def _cell(value: Any, name: str) -> Cell:
    if isinstance(value, dict):  # an error, a date or a formatted number as a data type of Excel
        value = value.get("basicValue", value)
    if value is None or isinstance(value, (str, bool, float)):
        return value
    return _refuse(f"A cell of the range {name} holds something else than a number, a text, TRUE or FALSE.")


def _whole(digits: str) -> float:
    return float(digits)  # as Excel has it; also cheap for a million digits, which int is not


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is not a number")


def _too_deep() -> str:
    return f"The request is nested more than {MOST_DEPTH} levels deep."


def _refuse(sentence: str, status: int = 400) -> NoReturn:
    raise HTTPException(status, sentence)
