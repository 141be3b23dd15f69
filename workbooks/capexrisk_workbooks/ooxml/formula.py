"""A formula as a cell of a sheet holds it."""

from typing import Literal, NamedTuple

from capexrisk_workbooks.ooxml.cells import Area, Spot, Value
from capexrisk_workbooks.ooxml.shifting import shifted

Kind = Literal["normal", "shared", "array", "table"]


class Formula(NamedTuple):
    """A formula cell. `area` is what an array formula or data table fills, or what a master shares its formula with."""

    row: int
    col: int
    kind: Kind
    stored: str  # as it stands, without "="; for a member of a shared formula the master's
    master: Spot | None  # of a member of a shared formula, None for all others
    area: Area | None
    dynamic: bool  # a dynamic array formula of Excel 365
    value: Value  # as cached

    @property
    def text(self) -> str:
        """The formula as it reads in this cell, without "="."""
        if self.master is None:
            return self.stored
        return shifted(self.stored, self.row - self.master[0], self.col - self.master[1])
