"""A workbook spelled plainly, for the spreadsheet engine: same sheets, cells, formulas and names, nothing else.

The engine has a reader of its own, which misses what stands in CDATA sections or in the namespaces of strict OOXML and
takes it for blank, and which refuses UTF-16 and zip64. It gets a workbook that is spelled unusually as this package has
read it instead, so that two readers never see two workbooks.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from xml.sax.saxutils import escape, quoteattr

from capexrisk_workbooks.ooxml.book import Book
from capexrisk_workbooks.ooxml.cells import CellError, Spot, Value, address, escaped, spelled_number
from capexrisk_workbooks.ooxml.formula import Formula
from capexrisk_workbooks.ooxml.grammar import recognise_strings
from capexrisk_workbooks.ooxml.markup import MAIN
from capexrisk_workbooks.ooxml.sheet import Sheet

_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_UNUSUAL = (b"<![CDATA[", b"<!--", b"&#")


def is_plain(book: Book) -> bool:
    """Whether sheets, shared texts and names are spelled so that any reader understands them alike."""
    main = book.package.data(book.part)
    if book.strict or f'xmlns="{MAIN}"'.encode() not in main or any(mark in main for mark in _UNUSUAL):
        return False
    if book.strings_part is not None and recognise_strings(book.package.data(book.strings_part)) is None:
        return False
    return all(book.sheet(part.name).plain for part in book.sheets if part.part is not None)


def plain_copy(book: Book) -> Book:
    """The workbook as it was read, spelled anew; formats, pictures and whatever else bears on no value are left out."""
    return plain_book(book, {part.name: _cells(book.sheet(part.name)) for part in book.sheets if part.part})


def plain_book(book: Book, cells: Mapping[str, Mapping[Spot, str]]) -> Book:
    """A workbook with the sheets and names of `book`, and no other cells than these, each by `plain_cell`."""
    names = [part.name for part in book.sheets]
    types = '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    types += f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
    listed = relations = ""
    for number, name in enumerate(names, 1):
        types += f'<Override PartName="/xl/worksheets/sheet{number}.xml" ContentType="{_TYPE}.worksheet+xml"/>'
        listed += f'<sheet name={quoteattr(name)} sheetId="{number}" r:id="r{number}"/>'
        relations += _relation(f"r{number}", "worksheet", f"worksheets/sheet{number}.xml")
    defined = "".join(
        f"<definedName name={quoteattr(item.name)}"
        + ("" if item.sheet is None else f' localSheetId="{names.index(item.sheet)}"')
        + f">{escape(item.text)}</definedName>"
        for item in book.names
    )
    defined = f"<definedNames>{defined}</definedNames>" if defined else ""
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">{types}</Types>',
        "_rels/.rels": _related(_relation("r1", "officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": (
            f'<workbook xmlns="{MAIN}" xmlns:r="{_RELATIONS}"><workbookPr date1904="{int(book.date1904)}"/>'
            f"<sheets>{listed}</sheets>{defined}</workbook>"
        ),
        "xl/_rels/workbook.xml.rels": _related(relations),
        **{f"xl/worksheets/sheet{number}.xml": _sheet(cells.get(name, {})) for number, name in enumerate(names, 1)},
    }
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, xml in parts.items():
            archive.writestr(
                zipfile.ZipInfo(name), f'<?xml version="1.0" encoding="UTF-8"?>{xml}', zipfile.ZIP_DEFLATED
            )
    return Book.read(made.getvalue())


def plain_cell(spot: Spot, value: Value, formula: Formula | None = None, hollow: bool = False) -> str:
    """The XML of a cell; `hollow` stands for a formula without a text."""
    spelled = _formula(formula) if formula else '<f ca="1"/>' if hollow else ""
    kind, content = _value(value, bool(spelled))
    dynamic = ' cm="1"' if formula and formula.dynamic else ""
    return f'<c r="{address(*spot)}"{kind}{dynamic}>{spelled}{content}</c>'


def _related(relations: str) -> str:
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{relations}</Relationships>'


def _relation(name: str, kind: str, target: str) -> str:
    return f'<Relationship Id="{name}" Type="{_RELATIONS}/{kind}" Target="{target}"/>'


def _cells(sheet: Sheet) -> dict[Spot, str]:
    formulas = sheet.formulas
    return {
        (cell.row, cell.col): plain_cell(
            (cell.row, cell.col), cell.value, formulas.get((cell.row, cell.col)), cell.has_formula
        )
        for cell in sheet.cells()
    }


def _sheet(cells: Mapping[Spot, str]) -> str:
    rows: dict[int, list[str]] = {}
    for (row, _), spelled in sorted(cells.items()):
        rows.setdefault(row, []).append(spelled)
    data = "".join(f'<row r="{row}">{"".join(spelled)}</row>' for row, spelled in rows.items())
    return f'<worksheet xmlns="{MAIN}"><sheetData>{data}</sheetData></worksheet>'


def _formula(formula: Formula) -> str:
    kind = {"array": ' t="array"', "table": ' t="dataTable"'}.get(formula.kind, "")
    area = f' ref="{formula.area}"' if kind and formula.area else ""
    return f"<f{kind}{area}>{escape(formula.text)}</f>"


def _value(value: Value, computed: bool) -> tuple[str, str]:
    """The attribute for a value's type, and its element."""
    if value is None:
        return "", ""
    if isinstance(value, bool):
        return ' t="b"', f"<v>{int(value)}</v>"
    if isinstance(value, CellError):
        return ' t="e"', f"<v>{escape(value.code)}</v>"
    if not isinstance(value, str):
        return "", f"<v>{spelled_number(value)}</v>"
    text = escape(escaped(value))
    if computed:
        return ' t="str"', f'<v xml:space="preserve">{text}</v>'
    return ' t="inlineStr"', f'<is><t xml:space="preserve">{text}</t></is>'
