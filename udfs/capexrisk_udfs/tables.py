"""Tables as functions give them: always the declared size, so that a block of cells never shows an error value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import ParamSpec

from capexrisk_udfs.cells import Rows

Arguments = ParamSpec("Arguments")


@dataclass(frozen=True)
class Shape:
    """How many rows a table function always gives, and the title of each column (typed above the block)."""

    rows: int
    titles: tuple[str, ...]

    @property
    def columns(self) -> int:
        """How many columns the table has."""
        return len(self.titles)

    def fit(self, table: Rows) -> Rows:
        """Pad a table with "" to this shape; when it has more rows, the last one says how many are not shown."""
        left = len(table) - self.rows
        if left > 0:
            table = [*table[: self.rows - 1], [f"and {left + 1} more"]]
        wide, blank = self.columns, [""] * self.columns
        table = [row if len(row) == wide else [*row, *blank[len(row) :]] for row in table]
        return table + [blank.copy() for _ in range(self.rows - len(table))]


SHAPES: dict[str, Shape] = {}
"""The shape of each table function, by the name of the Python function."""


def table(rows: int, *titles: str) -> Callable[[Callable[Arguments, Rows]], Callable[Arguments, Rows]]:
    """Declare a table function's shape and keep it to that."""
    shape = Shape(rows, titles)

    def declare(function: Callable[Arguments, Rows]) -> Callable[Arguments, Rows]:
        SHAPES[function.__name__] = shape

        @wraps(function)
        def fitted(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Rows:
            return shape.fit(function(*args, **kwargs))

        return fitted

    return declare
