"""The rule of array formulas: how a result fills the block of cells that the formula was entered for."""

from typing import Any


def fitted(table: list[list[Any]], rows: int, cols: int, padding: Any) -> list[list[Any]]:
    """A result as `rows` rows of `cols` values.

    One row fills every row of the block, one column every column, a single value everything. What the result does not
    reach is `padding` (#N/A in Excel), and what lies beyond the block is cut off.
    """
    if len(table) == rows and all(len(row) == cols for row in table):
        return table
    wide = [row * cols if len(row) == 1 else row[:cols] + [padding] * (cols - len(row)) for row in table]
    return wide * rows if len(wide) == 1 else wide[:rows] + [[padding] * cols for _ in range(rows - len(wide))]
