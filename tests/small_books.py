"""Small workbooks for tests, spelled cell by cell in the XML as Excel writes it."""

from collections.abc import Mapping
from typing import NamedTuple
from xml.sax.saxutils import escape

from sheet_xml import MAIN, sheet
from zips import zipped

from capexrisk_workbooks.ooxml.cells import Area, CellError, Value, spot

OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"


class F(NamedTuple):
    """A formula with what is cached for it; `fills` makes it an array formula, `dynamic` one of Excel 365."""

    text: str
    cached: Value = None
    fills: str = ""
    dynamic: bool = False
    attributes: str = ""


Content = Value | int | F


def small_book(
    sheets: Mapping[str, Mapping[str, Content]],
    names: Mapping[str, str] | None = None,
    local_names: Mapping[str, str] | None = None,
    date1904: bool = False,
    settings: str = "",
) -> bytes:
    """A workbook with the contents of cells by address; local names belong to the first sheet.

    `settings` stands where a workbook's `<calcPr>` does.
    """
    listed = "".join(
        f'<sheet name="{escape(name)}" sheetId="{number}" r:id="r{number}"/>' for number, name in enumerate(sheets, 1)
    )
    defined = "".join(
        f'<definedName name="{name}">{escape(text)}</definedName>' for name, text in (names or {}).items()
    )
    defined += "".join(
        f'<definedName name="{name}" localSheetId="0">{escape(text)}</definedName>'
        for name, text in (local_names or {}).items()
    )
    parts = {
        "[Content_Types].xml": (
            '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
            '<Default Extension="xml" ContentType="application/xml"/>'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}"/>'
            + "".join(
                f'<Override PartName="/xl/worksheets/sheet{number}.xml" '
                f'ContentType="{_TYPE.replace("sheet.main", "worksheet")}"/>'
                for number in range(1, len(sheets) + 1)
            )
            + "</Types>"
        ),
        "_rels/.rels": _relations({"r1": ("officeDocument", "xl/workbook.xml")}),
        "xl/workbook.xml": (
            f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><workbookPr date1904="{int(date1904)}"/>'
            f"<sheets>{listed}</sheets><definedNames>{defined}</definedNames>{settings}</workbook>"
        ).replace("<definedNames></definedNames>", ""),
        "xl/_rels/workbook.xml.rels": _relations(
            {f"r{number}": ("worksheet", f"worksheets/sheet{number}.xml") for number in range(1, len(sheets) + 1)}
        ),
    }
    packed = {name: content.encode() for name, content in parts.items()}
    for number, cells in enumerate(sheets.values(), 1):
        packed[f"xl/worksheets/sheet{number}.xml"] = sheet(rows(cells))
    return zipped(packed)


def rows(cells: Mapping[str, Content]) -> str:
    """The content of `<sheetData>`; members of array formulas that are not given stand in it without a value."""
    contents: dict[tuple[int, int], tuple[str, Content]] = {
        spot(address): (address, item) for address, item in cells.items()
    }
    for item in cells.values():
        if isinstance(item, F) and item.fills:
            for place in Area.parse(item.fills).spots():
                contents.setdefault(place, (str(Area(*place, *place)), None))
    found: dict[int, list[str]] = {}
    for (row, _), (address, item) in sorted(contents.items()):
        found.setdefault(row, []).append(_cell(address, item))
    return "".join(f'<row r="{row}">{"".join(spelled)}</row>' for row, spelled in found.items())


def _cell(address: str, item: Content) -> str:
    formula, dynamic = "", ""
    if isinstance(item, F):
        attributes = (f' t="array" ref="{item.fills}"' if item.fills else "") + item.attributes
        formula = f"<f{attributes}>{escape(item.text)}</f>" if item.text else f"<f{attributes}/>"
        dynamic = ' cm="1"' if item.dynamic else ""
        item = item.cached
    if item is None:
        kind = value = ""
    elif isinstance(item, bool):
        kind, value = ' t="b"', f"<v>{int(item)}</v>"
    elif isinstance(item, CellError):
        kind, value = ' t="e"', f"<v>{item}</v>"
    elif isinstance(item, str):
        kind, value = ' t="str"', f"<v>{escape(item)}</v>"
    else:
        kind, value = "", f"<v>{item!r}</v>"
    return f'<c r="{address}"{kind}{dynamic}>{formula}{value}</c>'


def _relations(targets: Mapping[str, tuple[str, str]]) -> str:
    items = "".join(
        f'<Relationship Id="{key}" Type="{OFFICE}/{kind}" Target="{target}"/>'
        for key, (kind, target) in targets.items()
    )
    return (
        f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{items}</Relationships>'
    )
