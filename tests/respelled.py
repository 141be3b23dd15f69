"""Reviews spelled as other programs spell workbooks: the same cells and formulas, other XML, other zip."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping
from typing import Any

import xlsxwriter
from openpyxl import load_workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet
from zips import contents, zipped

from capexrisk_workbooks.ooxml.book import Book
from capexrisk_workbooks.ooxml.cells import CellError, Value

MAIN = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_STRICT = {
    MAIN: b"http://purl.oclc.org/ooxml/spreadsheetml/main",
    b"http://schemas.openxmlformats.org/officeDocument/2006/relationships": (
        b"http://purl.oclc.org/ooxml/officeDocument/relationships"
    ),
    b"http://schemas.openxmlformats.org/drawingml/2006/": b"http://purl.oclc.org/ooxml/drawingml/",
}
_CELL = re.compile(rb"<c r=\"([A-Z]+)(\d+)\"([^>]*?)(/>|>.*?</c>)", re.S)
_TEXT = re.compile(rb"(<(?:f|t)(?: [^>]*)?>)([^<]+)(</(?:f|t)>)")


def parts_changed(review: bytes, change: Callable[[bytes], bytes], names: str) -> bytes:
    """The review with the parts whose names match changed."""
    parts = contents(review)
    return zipped({name: change(part) if re.fullmatch(names, name) else part for name, part in parts.items()})


SHEETS = r"xl/worksheets/sheet\d+\.xml"


def prefixed(review: bytes) -> bytes:
    """Every element of the main namespace with the prefix `x:`, as the Open XML SDK writes it."""

    def change(xml: bytes) -> bytes:
        xml = re.sub(rb"<(/?)(?![?!])([A-Za-z]\w*)(?=[\s/>])", rb"<\1x:\2", xml)
        return xml.replace(b' xmlns="' + MAIN, b' xmlns:x="' + MAIN)

    return parts_changed(review, change, rf"{SHEETS}|xl/(?:workbook|styles|sharedStrings)\.xml")


def strict(review: bytes) -> bytes:
    """The namespaces of strict OOXML."""

    def change(xml: bytes) -> bytes:
        for old, new in _STRICT.items():
            xml = xml.replace(old, new)
        return xml

    return parts_changed(review, change, r".*\.(?:xml|rels)")


def shared_strings(review: bytes) -> bytes:
    """Texts in a table of shared strings, as Excel writes them."""
    texts: dict[bytes, int] = {}

    def change(xml: bytes) -> bytes:
        def shared(match: re.Match[bytes]) -> bytes:
            return b't="s"><v>%d</v></c>' % texts.setdefault(match[1], len(texts))

        return re.sub(rb't="inlineStr"><is>(<t[^>]*>[^<]*</t>)</is></c>', shared, xml)

    parts = contents(parts_changed(review, change, SHEETS))
    items = b"".join(b"<si>%b</si>" % text for text in texts)
    parts["xl/sharedStrings.xml"] = b'<?xml version="1.0"?><sst xmlns="%b">%b</sst>' % (MAIN, items)
    kind = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    parts["[Content_Types].xml"] = parts["[Content_Types].xml"].replace(
        b"</Types>", b'<Override PartName="/xl/sharedStrings.xml" ContentType="%b"/></Types>' % kind
    )
    relations = "xl/_rels/workbook.xml.rels"
    link = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"
    parts[relations] = parts[relations].replace(
        b"</Relationships>",
        b'<Relationship Id="rIdTexts" Type="%b" Target="/xl/sharedStrings.xml"/></Relationships>' % link,
    )
    return zipped(parts)


def without_addresses(review: bytes) -> bytes:
    """Cells and rows without `r`, gaps filled with blank ones."""

    def row(match: re.Match[bytes]) -> bytes:
        column, cells = 0, []
        for cell in _CELL.finditer(match[2]):
            number = 0
            for letter in cell[1]:
                number = number * 26 + letter - 64
            cells += [b"<c/>"] * (number - column - 1)
            cells.append(b"<c" + cell[3] + cell[4])
            column = number
        return b"<row%b>%b</row>" % (match[1], b"".join(cells))

    def change(xml: bytes) -> bytes:
        rows: list[bytes] = []
        done = 0
        for found in re.finditer(rb'<row r="(\d+)"([^>]*?)(?:/>|>(.*?)</row>)', xml, re.S):
            rows += [b"<row/>"] * (int(found[1]) - done - 1)
            done = int(found[1])
            whole = b"<row%b>%b</row>" % (found[2], found[3] or b"")
            rows.append(re.sub(rb"<row([^>]*)>(.*)</row>", row, whole, flags=re.S))
        head, _, rest = xml.partition(b"<sheetData>")
        return head + b"<sheetData>" + b"".join(rows) + b"</sheetData>" + rest.partition(b"</sheetData>")[2]

    return parts_changed(review, change, SHEETS)


def commented(review: bytes) -> bytes:
    """Comments and processing instructions between rows and cells."""
    return parts_changed(
        review, lambda xml: xml.replace(b"<row ", b"<!-- a <row> --><row ").replace(b"<f>", b"<?pi <f>?><f>"), SHEETS
    )


def spaced(review: bytes) -> bytes:
    """Line ends and blanks between elements, and inside tags."""

    def change(xml: bytes) -> bytes:
        return (
            re.sub(rb"(<(?:row|c|v|f|is)\b)", rb"\r\n  \1", xml)
            .replace(b'<c r="', b"<c\n r = '")
            .replace(b'" s="', b"' s=\"")
            if b"'" not in xml
            else re.sub(rb"(<(?:row|c|v|f|is)\b)", rb"\r\n  \1", xml)
        )

    return parts_changed(review, change, SHEETS)


def space_preserved(review: bytes) -> bytes:
    """`xml:space="preserve"` on texts and values, and on the sheet."""

    def change(xml: bytes) -> bytes:
        xml = xml.replace(b"<worksheet ", b'<worksheet xml:space="preserve" ')
        return xml.replace(b"<v>", b'<v xml:space="preserve">').replace(b"<t>", b'<t xml:space="preserve">')

    return parts_changed(review, change, SHEETS)


def cdata(review: bytes) -> bytes:
    """Formulas and texts in CDATA sections."""

    def section(match: re.Match[bytes]) -> bytes:
        text = match[2]
        for entity, letter in ((b"&lt;", b"<"), (b"&gt;", b">"), (b"&quot;", b'"'), (b"&amp;", b"&")):
            text = text.replace(entity, letter)
        return b"%b<![CDATA[%b]]>%b" % (match[1], text, match[3])

    return parts_changed(review, lambda xml: _TEXT.sub(section, xml), SHEETS)


def utf16(review: bytes) -> bytes:
    """Sheets and workbook in UTF-16."""

    def change(xml: bytes) -> bytes:
        return re.sub(r' encoding="[^"]*"', ' encoding="UTF-16"', xml.decode(), count=1).encode("utf-16")

    return parts_changed(review, change, rf"{SHEETS}|xl/workbook\.xml")


def character_references(review: bytes) -> bytes:
    """Letters of formulas and texts as character references."""
    return parts_changed(
        review,
        lambda xml: _TEXT.sub(lambda m: m[1] + m[2].replace(b"A", b"&#65;").replace(b"e", b"&#x65;") + m[3], xml),
        SHEETS,
    )


def since_1904(review: bytes) -> bytes:
    """The same dates in a workbook whose days count from 1904."""
    book = Book.read(review)
    place = next(item.text for item in book.names if item.name == "period_end")
    cell = place.partition("!")[2].replace("$", "").encode()
    parts = contents(review)
    sheet = "xl/worksheets/sheet1.xml"
    parts[sheet] = re.sub(
        rb'(<c r="%b"[^>]*><v>)(\d+)' % cell, lambda match: match[1] + b"%d" % (int(match[2]) - 1462), parts[sheet]
    )
    parts["xl/workbook.xml"] = parts["xl/workbook.xml"].replace(b"<workbookPr/>", b'<workbookPr date1904="1"/>')
    return zipped(parts)


def by_openpyxl(review: bytes) -> bytes:
    """Loaded and saved by openpyxl, which drops every cached value."""
    made = io.BytesIO()
    load_workbook(io.BytesIO(review)).save(made)
    return made.getvalue()


def by_xlsxwriter(review: bytes) -> bytes:
    """The same cells, formulas and names written by XlsxWriter."""
    book = Book.read(review)
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, {"strings_to_formulas": False, "strings_to_urls": False}) as other:
        bold = other.add_format({"bold": True})
        for part in book.sheets:
            target, sheet = other.add_worksheet(part.name), book.sheet(part.name)
            for cell in sheet.cells():
                formula = sheet.formulas.get((cell.row, cell.col))
                if formula is None:
                    _write(target, cell.row, cell.col, cell.value, bold)
                elif formula.area and formula.kind == "array":
                    top, left, bottom, right = (number - 1 for number in formula.area)
                    target.write_array_formula(top, left, bottom, right, f"={formula.text}", None, _plain(cell.value))
                else:
                    target.write_formula(cell.row - 1, cell.col - 1, f"={formula.text}", None, _plain(cell.value))
            for (row, col), value in sheet.members.items():
                _write(target, row, col, value, None)
        for name in book.names:
            if name.sheet is None:
                other.define_name(name.name, f"={name.text}")
    return made.getvalue()


def _write(sheet: Worksheet, row: int, col: int, value: Value, look: Format | None) -> None:
    if isinstance(value, str):
        sheet.write_string(row - 1, col - 1, value, look)
    elif isinstance(value, bool):
        sheet.write_boolean(row - 1, col - 1, value, look)
    elif isinstance(value, float):
        sheet.write_number(row - 1, col - 1, value, look)


def _plain(value: Value) -> Any:
    return 0 if value is None else value.code if isinstance(value, CellError) else value


def with_descriptors(review: bytes) -> bytes:
    """Sizes behind the data, as programs write them that stream."""
    return zipped(contents(review), descriptors=True)


def with_zip64(review: bytes) -> bytes:
    """Sizes in the extra fields for large files."""
    return zipped(contents(review), zip64=True)


def stored(review: bytes) -> bytes:
    """Members that are not packed at all."""
    parts = contents(review)
    return zipped(parts, stored=tuple(parts))


RESPELLED: Mapping[str, Callable[[bytes], bytes]] = {
    change.__name__: change
    for change in (
        prefixed, strict, shared_strings, without_addresses, commented, spaced, space_preserved, cdata, utf16,
        character_references, since_1904, by_openpyxl, by_xlsxwriter, with_descriptors, with_zip64, stored,
    )
}  # fmt: skip


def results(review: bytes) -> dict[str, dict[tuple[int, int], Value]]:
    """What formulas and cells of array formulas have stored, by sheet; cells without a value are left out."""
    book = Book.read(review)
    found: dict[str, dict[tuple[int, int], Value]] = {}
    for part in book.sheets:
        if part.part is not None:
            sheet = book.sheet(part.name)
            values = {spot: formula.value for spot, formula in sheet.formulas.items()} | sheet.members
            found[part.name] = {spot: value for spot, value in values.items() if value is not None}
    return found
