"""Where the cells of a sheet stand in its XML, whichever way they were found."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple, Protocol, TypeAlias

from capexrisk_workbooks.ooxml.cells import Area, Spot

MOST_CELLS = 2_000_000


class RawCell(NamedTuple):
    """A cell as it is spelled: nothing of it interpreted but XML itself."""

    row: int
    col: int
    start: int  # of the <c> element, in bytes
    end: int
    style: int
    type: str  # "n" when the cell does not say
    dynamic: bool  # carries cell metadata, which marks dynamic arrays
    attributes: Mapping[str, str] | None  # of <f>, None when there is no <f>
    formula: str  # text of <f>
    text: str | None  # of <v> or <is>, None when there is neither


RawValue: TypeAlias = tuple[int, int, str, str]  # row, column, type and text


class Layout(Protocol):
    """What the fast and the robust way both give."""

    @property
    def rows(self) -> dict[int, tuple[int, int]]:
        """Start and end of each <row> element, in the order of the file."""
        ...

    @property
    def data(self) -> tuple[int, int]:
        """Start and end of the whole <sheetData> element."""
        ...

    @property
    def extent(self) -> tuple[int, int]:
        """The last row and the last column in which a cell stands; (0, 0) when none does."""
        ...

    def formula_cells(self) -> Iterator[RawCell]:
        """The cells that hold an <f>, in the order of the file."""
        ...

    def cells(self, area: Area | None = None) -> Iterator[RawCell]:
        """The cells that stand in an area, or all, in the order of the file."""
        ...

    def spans(self, area: Area) -> Iterator[tuple[Spot, int, int]]:
        """Row and column, start and end of each <c> element that stands in an area, in the order of the file."""
        ...

    def values(self, area: Area | None = None) -> Iterator[RawValue]:
        """The values that stand in an area, or all, in the order of the file."""
        ...
