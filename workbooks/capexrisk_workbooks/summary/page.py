"""A sheet of the summary, written row by row so that any number of rows fits into memory; text stays text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.worksheet.hyperlink import Hyperlink

from capexrisk.version import VERSION
from capexrisk_workbooks import style
from capexrisk_workbooks.ooxml.cells import LAST_ROW, address, column_letters, escaped
from capexrisk_workbooks.pages.making import LONGEST_TEXT
from capexrisk_workbooks.pages.places import Place

MOST_LINKS = 20_000
"""Links a sheet; Excel refuses a workbook whose sheet has more than 65,530."""

LOWEST_FROZEN = 8
"""The lowest row of a table's header that stays in sight when the sheet is scrolled."""

_FORMULA_LIKE = ("=", "+", "-", "@", "'", "\t", "\r")


class Column(NamedTuple):
    """A column of a table: its title, how its cells look, their number format, and its width in characters."""

    title: str
    look: str = "result line"
    number_format: str | None = None
    width: float = 12


class Page:
    """One sheet: a band with its title on top, then what is put anywhere, then at most one long table to its end.

    Rows are written in order: `put` may only go below what `table` has written.
    """

    def __init__(self, book: Workbook, name: str, heading: str, note: str, widths: Sequence[float]) -> None:
        self.name = name
        self.sheet: Any = book.create_sheet(name)
        self._styles: dict[tuple[str, str | None, bool], Any] = {}
        self._waiting: dict[int, dict[int, Cell]] = {}
        self._links: list[Hyperlink] = []
        self._last = 0
        self._columns = len(widths) + 1
        self.sheet.sheet_properties.pageSetUpPr.fitToPage = True  # what stands on top is written with the first row
        self.sheet.sheet_view.showGridLines = False
        self.sheet.sheet_view.zoomScale = 90
        self.sheet.column_dimensions["A"].width = 2.5
        for column, width in enumerate(widths, start=2):
            self.sheet.column_dimensions[column_letters(column)].width = width
        for row, height in ((1, 24), (2, 18)):
            self.height(row, height)
            for column in range(1, self._columns + 1):
                self.put(row, column, None, "title")
        self.put(1, 2, heading, "title")
        self.put(2, 2, note, "title note left")

    def height(self, row: int, points: float) -> None:
        """Set the height of a row that is not written yet."""
        self.sheet.row_dimensions[row].height = points

    def put(
        self, row: int, column: int, value: object, look: str, number_format: str | None = None, link: str | None = None
    ) -> None:
        """Put a value into a cell; `link` makes it lead to a file."""
        self._waiting.setdefault(row, {})[column] = self._cell(value, look, number_format)
        if link is not None:
            self._link(row, column, link)

    def lines(self, row: int, column: int, texts: Iterable[str], look: str, height: float | None = None) -> int:
        """Put lines of text below each other; gives the row after them."""
        for text in texts:
            self.put(row, column, text, look)
            if height:
                self.height(row, height)
            row += 1
        return row

    def grid(self, row: int, column: int, columns: Sequence[Column], rows: Iterable[Sequence[object]]) -> int:
        """Put a small table with its header; gives the row after it."""
        self._header(row, column, columns)
        for values in rows:
            row += 1
            for at, (value, made) in enumerate(zip(values, columns, strict=True)):
                self.put(row, column + at, value, made.look, made.number_format)
        return row + 1

    def table(
        self,
        row: int,
        columns: Sequence[Column],
        rows: Iterable[Sequence[object]],
        links: Iterator[str | None] | None = None,
        results: str = "",
        height: float = 30,
    ) -> Place:
        """Write the long table that ends the sheet, with filters and a frozen header; gives the place of its cells.

        `links` leads from the first column to files; columns without a title give room to the one before. When there
        are more rows than a sheet holds, the last one says so and names `results`, where all of them are.
        """
        self._header(row, 2, columns)
        self.height(row, height)
        low = row > LOWEST_FROZEN  # freezing charts too would leave nothing to scroll
        self.sheet.freeze_panes = f"C{3 if low else row + 1}"
        self.sheet.print_title_rows = f"{row}:{row}"
        self.flush()
        looks = [(column.look, column.number_format) for column in columns]
        at, left = row, 0
        for values in rows:
            if at >= self.most_rows - 1:
                left += 1
                continue
            at += 1
            link = next(links, None) if links is not None else None
            if link is not None and len(self._links) < MOST_LINKS:
                self._link(at, 2, link)
            self.sheet.append([None, *(self._cell(value, *look) for value, look in zip(values, looks, strict=True))])
        place = Place(self.name, row + 1, 2, max(1, at - row), len(columns))
        self._last = at
        titled = sum(bool(column.title) for column in columns)
        self.sheet.auto_filter.ref = Place(self.name, row, 2, max(2, at - row + 1), titled).local
        if left:
            where = f"all of them are in {results}" if results else "run again with --results FILE to keep all of them"
            self.put(at + 1, 2, f"{left:,} more rows are beyond what a sheet holds; {where}.", "note line")
            self.flush()
        return place

    @property
    def end(self) -> int:
        """The last row that is written."""
        return self._last

    most_rows = LAST_ROW

    def flush(self) -> None:
        """Write what was put so far."""
        for row in range(self._last + 1, max(self._waiting, default=self._last) + 1):
            cells = self._waiting.pop(row, {})
            self.sheet.append([cells.get(column) for column in range(1, max(cells, default=0) + 1)])
            self._last = row

    def finish(self, *, landscape: bool = True, tall: int = 0) -> None:
        """Write the rest and set how it is printed: one page wide, `tall` pages high (0: as many as it takes)."""
        self.flush()
        sheet = self.sheet
        sheet._hyperlinks.extend(self._links)
        sheet.print_area = f"A1:{address(max(self._last, 2), self._columns)}"
        sheet.page_setup.orientation = "landscape" if landscape else "portrait"
        sheet.page_setup.paperSize = 9
        sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, tall
        sheet.print_options.horizontalCentered = True
        margins = sheet.page_margins
        margins.left = margins.right = 0.4
        margins.top, margins.bottom, margins.header, margins.footer = 0.5, 0.65, 0.3, 0.3
        footer = sheet.oddFooter
        footer.left.text, footer.center.text = "&F", "&A"
        footer.right.text = f"Page &P of &N  ·  capexrisk {VERSION}"
        for part in (footer.left, footer.center, footer.right):
            part.size, part.font, part.color = 8, style.TYPEFACE, style.MUTED

    def _header(self, row: int, column: int, columns: Sequence[Column]) -> None:
        for at, made in enumerate(columns):
            right = made.look == "result"
            self.put(row, column + at, made.title, "column header right" if right else "column header in")

    def _link(self, row: int, column: int, target: str) -> None:
        self._links.append(Hyperlink(ref=address(row, column), target=target))

    def _cell(self, value: Any, look: str, number_format: str | None = None) -> Cell:
        text = isinstance(value, str)
        if text:
            value = escaped(value[: LONGEST_TEXT - 1] + "…" if len(value) > LONGEST_TEXT else value)
        cell = WriteOnlyCell(self.sheet, value)
        if text:
            cell.data_type = "s"  # whatever it begins with
        quoted = text and str(value).startswith(_FORMULA_LIKE)
        cell._style = self._style(look, number_format, quoted)  # pyright: ignore[reportAttributeAccessIssue]
        return cell

    def _style(self, look: str, number_format: str | None, quoted: bool) -> Any:
        key = (look, number_format, quoted)
        if key not in self._styles:
            cell = WriteOnlyCell(self.sheet)
            style.dress(cell, look, number_format)  # pyright: ignore[reportArgumentType]
            if quoted:
                cell.quotePrefix = True  # pyright: ignore[reportAttributeAccessIssue]
            self._styles[key] = cell._style  # pyright: ignore[reportAttributeAccessIssue]
        return self._styles[key]
