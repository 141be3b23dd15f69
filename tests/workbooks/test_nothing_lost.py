"""What people put into a workbook stands in it, byte for byte, after its results were recalculated."""

import io
import re
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from openpyxl import load_workbook
from respelled import results
from sheet_xml import spelled_cells, without
from typer.testing import CliRunner
from ways import COMPUTED_ON, STALE, WAYS, taken
from zips import contents, raw_members, zipped

from capexrisk_addin import cli
from capexrisk_workbooks.ooxml.book import Book
from capexrisk_workbooks.ooxml.cells import address
from capexrisk_workbooks.recalc import recalculate

SHEET, RELATIONS = "xl/worksheets/sheet1.xml", "xl/worksheets/_rels/sheet1.xml.rels"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MICROSOFT = "http://schemas.microsoft.com/office"
_X14 = f"{_MICROSOFT}/spreadsheetml/2009/9/main"


@dataclass(frozen=True)
class Extra:
    """One thing that people put into workbooks.

    `parts` are added; `relations` (id: type and target) are those of the first sheet; `within` is a tag of the first
    sheet and the XML that stands before it; `workbook` is that of the workbook part, `links` are its relations.
    """

    parts: dict[str, bytes] = field(default_factory=dict)
    relations: dict[str, tuple[str, str]] = field(default_factory=dict)
    within: tuple[str, str] = ("", "")
    workbook: tuple[str, str] = ("", "")
    links: dict[str, tuple[str, str]] = field(default_factory=dict)
    also: Callable[[bytes], bytes] | None = None


def picture() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">L", len(data)) + kind + data + struct.pack(">L", zlib.crc32(kind + data))

    pixels = zlib.compress(b"\0\xff\0\0")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">2L5B", 1, 1, 8, 2, 0, 0, 0)) + chunk(b"IDAT", pixels)


def xml(tag: str, space: str, inside: str = "") -> bytes:
    return f'<?xml version="1.0" encoding="UTF-8"?>\r\n<{tag} xmlns="{space}">{inside}</{tag}>'.encode()


_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing"
_R = f'xmlns:r="{_OFFICE}"'


def extension(uri: str, inside: str) -> tuple[str, str]:
    return ("</extLst>", f'<ext xmlns:x14="{_X14}" xmlns:xm="{_MICROSOFT}/excel/2006/main" uri="{uri}">{inside}</ext>')


def dynamic(sheet: bytes) -> bytes:
    """Mark a formula as a dynamic array, as Excel 365 does."""
    cell = '<row r="150"><c r="B150" cm="1"><f t="array" ref="B150">annual_capex*2</f><v>0</v></c></row></sheetData>'
    return sheet.replace(b"</sheetData>", cell.encode(), 1)


def rich(sheet: bytes) -> bytes:
    """Text with letters in several colours, and with phonetic hints."""
    cell = '<row r="151"><c r="B151" t="inlineStr"><is><r><rPr><b/><color rgb="FFFF0000"/></rPr><t>re</t></r>'
    cell += '<r><t xml:space="preserve">d </t></r><rPh sb="0" eb="1"><t>x</t></rPh></is></c></row></sheetData>'
    return sheet.replace(b"</sheetData>", cell.encode(), 1)


EXTRAS: dict[str, Extra] = {
    "picture": Extra(
        {"xl/media/image1.png": picture(), "xl/drawings/drawing9.xml": xml("wsDr", _DRAWING, "<twoCellAnchor/>")},
        {"rX": (f"{_OFFICE}/drawing", "../drawings/drawing9.xml")},
        ("<extLst>", f'<drawing {_R} r:id="rX"/>'),
    ),
    "comments": Extra(
        {
            "xl/comments1.xml": xml("comments", _MAIN, "<authors><author>Ann</author></authors><commentList/>"),
            "xl/drawings/vmlDrawing1.vml": b'<xml xmlns:v="urn:schemas-microsoft-com:vml"><v:shape/><br></xml>',
        },
        {
            "rX": (f"{_OFFICE}/comments", "../comments1.xml"),
            "rY": (f"{_OFFICE}/vmlDrawing", "../drawings/vmlDrawing1.vml"),
        },
        ("<extLst>", f'<legacyDrawing {_R} r:id="rY"/>'),
    ),
    "threads": Extra(
        {
            "xl/threadedComments/threadedComment1.xml": xml(
                "ThreadedComments", f"{_MICROSOFT}/spreadsheetml/2018/threadedcomments"
            ),
            "xl/persons/person.xml": xml("personList", f"{_MICROSOFT}/spreadsheetml/2018/threadedcomments"),
        },
        {"rX": (f"{_MICROSOFT}/2017/10/relationships/threadedComment", "../threadedComments/threadedComment1.xml")},
        links={"rP": (f"{_MICROSOFT}/2017/10/relationships/person", "persons/person.xml")},
    ),
    "slicer": Extra(
        {
            "xl/slicers/slicer1.xml": xml("slicers", _X14, '<slicer name="Region" cache="Slicer_Region"/>'),
            "xl/slicerCaches/slicerCache1.xml": xml("slicerCacheDefinition", _X14),
        },
        {"rX": (f"{_MICROSOFT}/2007/relationships/slicer", "../slicers/slicer1.xml")},
        extension(
            "{A8765BA9-456A-4dab-B4F3-ACF838C121DE}", f'<x14:slicerList><x14:slicer {_R} r:id="rX"/></x14:slicerList>'
        ),
        links={"rC": (f"{_MICROSOFT}/2007/relationships/slicerCache", "slicerCaches/slicerCache1.xml")},
    ),
    "pivot table": Extra(
        {
            "xl/pivotTables/pivotTable1.xml": xml("pivotTableDefinition", _MAIN),
            "xl/pivotCache/pivotCacheDefinition1.xml": xml("pivotCacheDefinition", _MAIN),
            "xl/pivotCache/pivotCacheRecords1.xml": xml("pivotCacheRecords", _MAIN),
        },
        {"rX": (f"{_OFFICE}/pivotTable", "../pivotTables/pivotTable1.xml")},
        workbook=("</workbook>", f'<pivotCaches><pivotCache {_R} cacheId="1" r:id="rC"/></pivotCaches>'),
        links={"rC": (f"{_OFFICE}/pivotCacheDefinition", "pivotCache/pivotCacheDefinition1.xml")},
    ),
    "form control": Extra(
        {"xl/ctrlProps/ctrlProp1.xml": xml("formControlPr", _X14), "xl/activeX/activeX1.bin": bytes(range(256))},
        {"rX": (f"{_OFFICE}/ctrlProp", "../ctrlProps/ctrlProp1.xml")},
        ("<extLst>", f'<controls><control {_R} shapeId="1025" r:id="rX" name="Spinner"/></controls>'),
    ),
    "sparklines": Extra(
        within=extension(
            "{05C60535-1F16-4fd2-B633-F4F36F0B64E0}",
            "<x14:sparklineGroups><x14:sparklineGroup><x14:sparklines><x14:sparkline><xm:f>Review!C8:C9</xm:f>"
            "<xm:sqref>J8</xm:sqref></x14:sparkline></x14:sparklines></x14:sparklineGroup></x14:sparklineGroups>",
        )
    ),
    "x14 validations": Extra(
        within=extension(
            "{CCE6A557-97BC-4b89-ADB6-D9C93CAAB3DF}",
            '<x14:dataValidations count="1"><x14:dataValidation type="list"><x14:formula1><xm:f>About!$C$57:$C$60'
            "</xm:f></x14:formula1><xm:sqref>J9</xm:sqref></x14:dataValidation></x14:dataValidations>",
        )
    ),
    "x14 formats": Extra(
        within=extension(
            "{78C0D931-6437-407d-A8EE-F0AAD7539E66}",
            '<x14:conditionalFormattings><x14:conditionalFormatting><x14:cfRule type="iconSet" id="{1}"/>'
            "<xm:sqref>F7</xm:sqref></x14:conditionalFormatting></x14:conditionalFormattings>",
        )
    ),
    "custom XML": Extra(
        {
            "customXml/item1.xml": b"<bank:file xmlns:bank='urn:x'>&#233;</bank:file>",
            "customXml/itemProps1.xml": b"<p/>",
        },
        links={"rC": (f"{_OFFICE}/customXml", "../customXml/item1.xml")},
    ),
    "macros": Extra(
        {"xl/vbaProject.bin": bytes.fromhex("D0CF11E0A1B11AE1") + bytes(range(256)) * 8},
        links={"rV": ("http://schemas.microsoft.com/office/2006/relationships/vbaProject", "vbaProject.bin")},
    ),
    "dynamic arrays": Extra(
        {"xl/metadata.xml": xml("metadata", _MAIN, '<metadataTypes count="1"/>')},
        links={"rM": (f"{_OFFICE}/sheetMetadata", "metadata.xml")},
        also=dynamic,
    ),
    "custom views": Extra(
        within=("<extLst>", '<customSheetViews><customSheetView guid="{1A}"/></customSheetViews>'),
        workbook=(
            "</workbook>",
            '<customWorkbookViews><customWorkbookView name="Ann" guid="{1A}"/></customWorkbookViews>',
        ),
    ),
    "printer settings": Extra(
        {"xl/printerSettings/printerSettings1.bin": bytes(range(256)) * 4},
        {"rX": (f"{_OFFICE}/printerSettings", "../printerSettings/printerSettings1.bin")},
    ),
    "rich text": Extra(also=rich),
    "calculation chain": Extra(
        {"xl/calcChain.xml": xml("calcChain", _MAIN, '<c r="C3" i="1"/>')},
        links={"rK": (f"{_OFFICE}/calcChain", "calcChain.xml")},
    ),
    "link to another workbook": Extra(
        {"xl/externalLinks/externalLink1.xml": xml("externalLink", _MAIN)},
        workbook=("<definedNames>", f'<externalReferences><externalReference {_R} r:id="rE"/></externalReferences>'),
        links={"rE": (f"{_OFFICE}/externalLink", "externalLinks/externalLink1.xml")},
    ),
    "query": Extra(
        {"xl/connections.xml": xml("connections", _MAIN), "xl/queryTables/queryTable1.xml": xml("queryTable", _MAIN)},
        links={"rQ": (f"{_OFFICE}/connections", "connections.xml")},
    ),
    "labels of sensitivity": Extra({"docMetadata/LabelInfo.xml": b'<clbl:labelList xmlns:clbl="urn:mip"/>'}),
    "what nobody knows": Extra({"xl/future/thing1.bin": b"\0\1\2", "any/other.txt": b"kept\r\n"}),
}


def furnished(review: bytes, *extras: Extra) -> bytes:
    """The review with those things in it."""
    parts = contents(review)
    for number, extra in enumerate(extras):
        rename = {key: f"{key}{number}" for key in {**extra.relations, **extra.links}}
        parts |= extra.parts
        if extra.relations:
            parts[RELATIONS] = related(parts.get(RELATIONS), extra.relations, rename)
        if extra.links:
            name = "xl/_rels/workbook.xml.rels"
            parts[name] = related(parts[name], extra.links, rename)
        for part, (before, spelled) in ((SHEET, extra.within), ("xl/workbook.xml", extra.workbook)):
            if spelled:
                spelled = re.sub(r'r:id="(\w+)"', lambda match: f'r:id="{rename[match[1]]}"', spelled)  # noqa: B023
                assert before.encode() in parts[part]
                parts[part] = parts[part].replace(before.encode(), (spelled + before).encode(), 1)
        if extra.also:
            parts[SHEET] = extra.also(parts[SHEET])
    return zipped(parts, stored=tuple(name for name in parts if name.endswith(".png")))


def related(part: bytes | None, targets: dict[str, tuple[str, str]], rename: dict[str, str]) -> bytes:
    part = part or xml("Relationships", "http://schemas.openxmlformats.org/package/2006/relationships")
    items = "".join(
        f'<Relationship Id="{rename[key]}" Type="{kind}" Target="{target}"/>' for key, (kind, target) in targets.items()
    )
    return part.replace(b"</Relationships>", items.encode() + b"</Relationships>")


def compare(before: bytes, after: bytes) -> set[str]:
    """Hold every part and every cell of two versions against each other; gives the sheets that were recalculated."""
    old, new = raw_members(before), raw_members(after)
    assert list(old) == list(new)
    book = Book.read(before)
    sheets = {sheet.part: sheet.name for sheet in book.sheets}
    touched = {name for name in old if old[name] != new[name]}
    assert touched <= set(sheets), "a part that is no sheet was changed"
    for part in touched:
        sheet = book.sheet(sheets[part])
        formulas = {*sheet.formulas, *(spot for area in sheet.blocks.values() for spot in area.spots())}
        xmls = contents(before)[part], contents(after)[part]
        cells = [spelled_cells(xml) for xml in xmls]
        assert list(cells[0]) == list(cells[1])
        for place, cell in cells[0].items():
            row, column = map(int, place.split(","))
            if (row, column) in formulas:
                assert {**cell, "value": None} == {**cells[1][place], "value": None}
            else:
                assert cell == cells[1][place]
        addresses = {address(*spot) for spot in formulas}
        assert without(xmls[0], addresses) == without(xmls[1], addresses)
    return touched


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", EXTRAS, ids=str)
def test_it_stands_there_byte_for_byte_afterwards(name: str, way: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    review = taken(way, monkeypatch)
    path = tmp_path / ("review.xlsm" if name == "macros" else "review.xlsx")
    before = furnished(review, EXTRAS[name])
    path.write_bytes(before)
    outcome = recalculate(path)
    assert outcome.status == "recalculated", outcome.sentence
    after = path.read_bytes()
    assert SHEET in compare(before, after)
    for part, content in EXTRAS[name].parts.items():
        assert contents(after)[part] == content


def test_all_of_it_together(tmp_path: Path):
    before = furnished(COMPUTED_ON, *EXTRAS.values())
    path = tmp_path / "review.xlsm"
    path.write_bytes(before)
    assert recalculate(path).status == "recalculated"
    touched = compare(before, path.read_bytes())
    plain = tmp_path / "plain.xlsx"
    plain.write_bytes(COMPUTED_ON)
    recalculate(plain)
    wanted, found = results(plain.read_bytes()), results(path.read_bytes())
    assert {sheet: {spot: found[sheet].get(spot) for spot in values} for sheet, values in wanted.items()} == wanted
    assert len(touched) < len(contents(before)) / 3


def test_the_comparison_notices_a_loss():
    before = furnished(STALE, EXTRAS["comments"])
    made = io.BytesIO()
    load_workbook(io.BytesIO(before)).save(made)
    with pytest.raises(AssertionError):
        compare(before, made.getvalue())
    parts = contents(before)
    parts[SHEET] = parts[SHEET].replace(b"Annual capex", b"Annual Capex", 1)
    with pytest.raises(AssertionError):
        compare(before, zipped(parts))


# Signed.

SIGNATURE = {
    "_xmlsignatures/origin.sigs": b"",
    "_xmlsignatures/sig1.xml": xml("Signature", "http://www.w3.org/2000/09/xmldsig#"),
}


def test_a_signed_workbook_is_left_alone(tmp_path: Path):
    path = tmp_path / "review.xlsx"
    path.write_bytes(furnished(STALE, Extra(SIGNATURE)))
    before = path.read_bytes()
    outcome = recalculate(path)
    assert outcome.status == "signed" and "--even-signed" in outcome.sentence
    assert path.read_bytes() == before


def test_a_signed_workbook_is_recalculated_on_demand_and_the_broken_signature_named(tmp_path: Path):
    path = tmp_path / "review.xlsx"
    before = furnished(STALE, Extra(SIGNATURE))
    path.write_bytes(before)
    arguments = ["recalc", str(path), "--workers", "1", "--ledger", str(tmp_path / "ledger.sqlite")]
    refused = CliRunner().invoke(cli.app, arguments)
    assert refused.exit_code == 1 and path.read_bytes() == before
    done = CliRunner().invoke(cli.app, [*arguments, "--even-signed"])
    assert done.exit_code == 0
    assert "signature no longer holds" in " ".join(done.stdout.split())
    assert SHEET in compare(before, path.read_bytes())
