"""The robust way through a sheet: a real XML parser, for whatever the fast way does not recognise.

Prefixes, comments, CDATA, character references, whitespace, rich text, rows and cells without `r` are all read as the
standards say. Where a sheet holds something else in place of rows or cells, it is
refused rather than guessed at.
"""

import re
from collections.abc import Iterator
from xml.parsers import expat

from capexrisk_workbooks.ooxml.cells import LAST_COLUMN, LAST_ROW, Area, Spot, address, spot
from capexrisk_workbooks.ooxml.layout import MOST_CELLS, RawCell, RawValue
from capexrisk_workbooks.ooxml.markup import BLANKS, MAIN, MAIN_STRICT, malformed
from capexrisk_workbooks.ooxml.unusable import TooLarge, Unreadable

TAG = re.compile(rb"""<[^<>"']*(?:"[^"]*"[^<>"']*|'[^']*'[^<>"']*)*>""")
_XML_SPACE = "http://www.w3.org/XML/1998/namespace space"
_SKIPPED = {"extLst", "rPh", "phoneticPr", "rPr"}


class ParsedLayout:
    """A sheet as a parser sees it; every cell is held."""

    def __init__(self, xml: bytes, where: str) -> None:
        """`where` names the sheet in sentences; raises Unreadable when it cannot be read for certain."""
        self.rows: dict[int, tuple[int, int]] = {}
        self.data = (-1, -1)
        self._cells: dict[tuple[int, int], RawCell] = {}
        self._xml, self._where = xml, where
        self._path: list[str] = []
        self._keeps = [False]
        self._skipped = 0
        self._space = ""
        self._row = self._col = 0
        self._starts: list[tuple[int, bool]] = []
        self._spell: list[str] | None = None
        parser = self._parser = expat.ParserCreate("utf-8", " ")
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        try:
            parser.Parse(xml, True)
        except expat.ExpatError as error:
            raise malformed(where, error) from None
        finally:
            del self._parser, parser
        if self.data == (-1, -1):
            raise Unreadable(f"The sheet {where} has no place for cells. Save the workbook anew in Excel.")

    @property
    def extent(self) -> tuple[int, int]:
        """The last row and the last column in which a cell stands; (0, 0) when none does."""
        return max((row for row, _ in self._cells), default=0), max((col for _, col in self._cells), default=0)

    def formula_cells(self) -> Iterator[RawCell]:
        """The cells that hold an <f>, in the order of the file."""
        return (cell for cell in self._cells.values() if cell.attributes is not None)

    def cells(self, area: Area | None = None) -> Iterator[RawCell]:
        """The cells that stand in an area, or all, in the order of the file."""
        if area is None:
            return iter(self._cells.values())
        return (cell for cell in self._cells.values() if area.holds(cell.row, cell.col))

    def spans(self, area: Area) -> Iterator[tuple[Spot, int, int]]:
        """Row and column, start and end of each <c> element that stands in an area, in the order of the file."""
        return (((cell.row, cell.col), cell.start, cell.end) for cell in self.cells(area))

    def values(self, area: Area | None = None) -> Iterator[RawValue]:
        """The values that stand in an area, or all, in the order of the file."""
        return ((cell.row, cell.col, cell.type, cell.text) for cell in self.cells(area) if cell.text is not None)

    def _refuse(self, what: str) -> Unreadable:
        return Unreadable(f"The sheet {self._where} {what}. Open the workbook in Excel and save it anew.")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        space, _, local = name.rpartition(" ")
        depth = len(self._path)
        self._path.append(local)
        self._keeps.append(attributes[_XML_SPACE] == "preserve" if _XML_SPACE in attributes else self._keeps[-1])
        if depth == 0:
            if local != "worksheet" or space not in (MAIN, MAIN_STRICT):
                raise self._refuse("is not a sheet of cells")
            self._space = space
        elif depth == 1:
            if local == "sheetData" and space == self._space:
                if self.data != (-1, -1):
                    raise self._refuse("holds its cells twice")
                self._open()
                self.data = (self._starts[-1][0], -1)
        elif self._path[1] != "sheetData" or self.data[1] >= 0 or self._skipped:
            return
        elif local in _SKIPPED and depth >= 3:
            self._skipped = depth
        elif space != self._space:
            raise self._refuse(f"holds <{local}> among its cells, which this tool does not know")
        elif depth == 2 and local == "row":
            self._start_row(attributes)
        elif depth == 3 and local == "c":
            self._start_cell(attributes)
        elif depth == 4 and local == "f" and self._attributes is None:
            self._attributes, self._spell = attributes, []
        elif depth == 4 and local in ("v", "is") and self._value is None:
            self._value, self._spell = "", [] if local == "v" else None
        elif depth in (5, 6) and local == "t" and self._path[4] == "is":
            self._spell = []
        elif not (depth == 5 and local == "r"):
            raise self._refuse(f"holds <{local}> among its cells, which does not belong there")

    def _end(self, name: str) -> None:
        depth = len(self._path) - 1
        local = self._path.pop()
        kept = self._keeps.pop()
        if self._skipped:
            if depth == self._skipped:
                self._skipped = 0
        elif depth == 1 and local == "sheetData" and self.data[1] < 0 <= self.data[0]:
            self.data = self._close()
        elif self.data[1] >= 0 or self.data[0] < 0:
            return
        elif depth == 2:
            self.rows[self._row] = self._close()
        elif depth == 3:
            self._end_cell()
        elif self._spell is not None:
            text = "".join(self._spell)
            self._spell = None
            if local == "f":
                self._formula = text
            else:
                self._value = (self._value or "") + (text if kept else text.strip(BLANKS))

    def _text(self, text: str) -> None:
        if self._spell is not None:
            self._spell.append(text)

    def _open(self) -> None:
        start = self._parser.CurrentByteIndex
        tag = TAG.match(self._xml, start)
        assert tag
        self._starts.append((start, self._xml.endswith(b"/>", start, tag.end())))

    def _close(self) -> tuple[int, int]:
        """Start and end of the element; the parser stands at its end tag, or behind an element that is its own end."""
        start, empty = self._starts.pop()
        at = self._parser.CurrentByteIndex
        return start, at if empty else self._xml.index(b">", at) + 1

    def _start_row(self, attributes: dict[str, str]) -> None:
        spelled = attributes.get("r", str(self._row + 1))
        number = int(spelled) if spelled.isascii() and spelled.isdigit() and len(spelled) < 8 else 0
        if not 1 <= number <= LAST_ROW:
            raise self._refuse(f"has a row numbered {spelled[:20]!r}")
        if number in self.rows:
            raise self._refuse(f"holds row {number} twice")
        self._row, self._col = number, 0
        self._open()

    def _start_cell(self, attributes: dict[str, str]) -> None:
        spelled = attributes.get("r")
        try:
            row, col = spot(spelled) if spelled is not None else (self._row, self._col + 1)
        except ValueError:
            raise self._refuse(f"holds a cell with the address {spelled!r}") from None
        if row != self._row or col > LAST_COLUMN:
            raise self._refuse(f"holds the cell {address(row, col)} in row {self._row}")
        if (row, col) in self._cells:
            raise self._refuse(f"holds the cell {address(row, col)} twice")
        if len(self._cells) >= MOST_CELLS:
            raise TooLarge(f"The sheet {self._where} holds more than {MOST_CELLS:,} cells.")
        style = attributes.get("s", "0")
        if not (style.isascii() and style.isdigit() and len(style) < 7):
            raise self._refuse(f"holds the cell {address(row, col)} with the style {style[:20]!r}")
        self._col = col
        self._cell, self._attributes = attributes, None
        self._formula, self._value = "", None
        self._open()

    def _end_cell(self) -> None:
        start, end = self._close()
        self._cells[self._row, self._col] = RawCell(
            self._row,
            self._col,
            start,
            end,
            int(self._cell.get("s", "0")),
            self._cell.get("t", "n"),
            "cm" in self._cell,
            self._attributes,
            self._formula,
            self._value,
        )
