"""The structure of a workbook is found by its relationships, whatever its parts are called."""

import io
import re

import openpyxl
import pytest
import xlsxwriter
from openpyxl.workbook.defined_name import DefinedName as Name
from sheet_xml import MAIN, STRICT
from zips import contents, raw_members, zipped

from capexrisk_workbooks.ooxml.book import Book, DefinedName
from capexrisk_workbooks.ooxml.unusable import NotAWorkbook, Signed, TooLarge, Unreadable, UnusableFile

TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/xl/Workbook.xml" ContentType="{TYPE}"/></Types>'
)
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def relations(**targets: str) -> str:
    """A relationships part: id and kind before the underscore, as in id1_worksheet="…"."""
    items = "".join(
        f'<Relationship Id="{key.partition("_")[0]}" Type="{OFFICE}/{key.partition("_")[2]}" Target="{target}"'
        + (' TargetMode="External"' if ":" in target else "")
        + "/>"
        for key, target in targets.items()
    )
    return (
        f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{items}</Relationships>'
    )


WORKBOOK = (
    f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><workbookPr date1904="1"/><sheets>'
    '<sheet name="First &amp; last" sheetId="7" r:id="id1"/><sheet name="Chart" sheetId="8" r:id="id2"/>'
    '<sheet name="Kept" sheetId="9" state="veryHidden" r:id="id3"/></sheets>'
    '<externalReferences><externalReference r:id="id5"/><externalReference r:id="id6"/></externalReferences>'
    '<definedNames><definedName name="Inputs">Kept!$A$1:$B$2</definedName>'
    '<definedName name="Inputs" localSheetId="2" hidden="1">Kept!$A$1</definedName></definedNames></workbook>'
)
ROW = '<row r="1"><c r="A1" t="s"><f>B1</f><v>1</v></c></row>'
SHEET = f'<worksheet xmlns="{MAIN}"><sheetData>{ROW}</sheetData></worksheet>'
PARTS = {
    "[Content_Types].xml": TYPES,
    "_rels/.rels": relations(id1_officeDocument="xl/workbook.xml"),
    "xl/Workbook.xml": WORKBOOK,
    "xl/_rels/Workbook.xml.rels": relations(
        id1_worksheet="/xl/pages/one%20page.xml",
        id2_chartsheet="charts/c.xml",
        id3_worksheet="../kept.xml",
        id4_sharedStrings="texts.xml",
        id5_externalLink="links/one.xml",
        id6_externalLink="links/two.xml",
    ),
    "xl/pages/one page.xml": SHEET,
    "xl/charts/c.xml": "<chartsheet/>",
    "kept.xml": SHEET.replace("A1", "C3").replace('r="1"', 'r="3"'),
    "xl/texts.xml": f'<sst xmlns="{MAIN}"><si><t>zero</t></si><si><t>a_x0041_ </t></si></sst>',
    "xl/links/one.xml": "<externalLink/>",
    "xl/links/_rels/one.xml.rels": relations(id1_externalLinkPath="file:///C:/add-ins/capexrisk.xlam"),
    "xl/links/two.xml": "<externalLink/>",
}


def package(**changes: str | None) -> bytes:
    """The parts above as a file; a change is named by the end of the part's name without dots."""
    parts = dict(PARTS)
    for key, content in changes.items():
        name = next(name for name in PARTS if re.sub(r"\W", "", name).endswith(key))
        if content is None:
            del parts[name]
        else:
            parts[name] = content
    return zipped({name: content.encode() for name, content in parts.items()})


def test_sheets_names_links_and_texts_are_found():
    book = Book.read(package())
    assert [tuple(sheet) for sheet in book.sheets] == [
        ("First & last", "xl/pages/one page.xml", "visible"),
        ("Chart", None, "visible"),
        ("Kept", "kept.xml", "veryHidden"),
    ]
    assert book.names == (
        DefinedName("Inputs", "Kept!$A$1:$B$2", None, False),
        DefinedName("Inputs", "Kept!$A$1", "Kept", True),
    )
    assert book.links == ("file:///C:/add-ins/capexrisk.xlam", None)
    assert (book.date1904, book.strict) == (True, False)
    assert book.sheet("Kept").values() == {(3, 3): "aA"}


def test_a_workbook_in_utf_16_is_read():
    parts = {name: content.encode() for name, content in PARTS.items()}
    parts["xl/Workbook.xml"] = f'<?xml version="1.0" encoding="UTF-16"?>{WORKBOOK}'.encode("utf-16")
    assert [sheet.name for sheet in Book.read(zipped(parts)).sheets] == ["First & last", "Chart", "Kept"]


def test_a_strict_workbook_is_read():
    strict = "http://purl.oclc.org/ooxml/officeDocument/relationships"
    parts = {name: content.replace(MAIN, STRICT).replace(OFFICE, strict).encode() for name, content in PARTS.items()}
    book = Book.read(zipped(parts))
    assert book.strict
    assert book.sheet("First & last").values() == {(1, 1): "aA"}


def test_only_sheets_that_changed_are_written():
    data = package()
    book = Book.read(data)
    same = book.sheet("Kept").spliced({(3, 3): "aA"})
    assert book.rewritten({"Kept": same, "First & last": bytes(bytearray(SHEET.encode()))}) is data
    new = book.rewritten({"Kept": same, "First & last": book.sheet("First & last").spliced({(1, 1): 2.0})})
    assert contents(new)["xl/pages/one page.xml"].decode() == SHEET.replace(' t="s"', "").replace(">1</v>", ">2</v>")
    before, after = raw_members(data), raw_members(new)
    assert [name for name in before if before[name] != after[name]] == ["xl/pages/one page.xml"]


def test_a_sheet_without_cells_or_that_is_not_there_is_a_key_error():
    for name in ("Chart", "kept"):
        with pytest.raises(KeyError, match="no sheet"):
            Book.read(package()).sheet(name)


def test_a_signed_workbook_is_read_but_not_written():
    parts = {name: content.encode() for name, content in PARTS.items()} | {"_xmlsignatures/sig1.xml": b"<s/>"}
    book = Book.read(zipped(parts))
    new = {"Kept": book.sheet("Kept").spliced({(3, 3): 1.0})}
    with pytest.raises(Signed):
        book.rewritten(new)
    assert book.rewritten(new, even_signed=True)


BINARY = "application/vnd.ms-excel.sheet.binary.macroEnabled.main"
DOCUMENT = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"


@pytest.mark.parametrize(
    ("data", "kind", "words"),
    [
        (zipped({"a.txt": b"a"}), NotAWorkbook, "no workbook"),
        (zipped({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet"}), NotAWorkbook, "OpenDocument"),
        (package(Content_Typesxml=TYPES.replace(TYPE, BINARY)), NotAWorkbook, "binary workbook"),
        (package(Content_Typesxml=TYPES.replace(TYPE, DOCUMENT)), NotAWorkbook, "another kind"),
        (package(Content_Typesxml=TYPES.replace("Workbook", "other")), NotAWorkbook, "another kind"),
        (package(_relsrels=None), NotAWorkbook, "without a workbook"),
        (package(keptxml=None), Unreadable, "'Kept' is listed, but its part is missing"),
        (package(xlWorkbookxml=WORKBOOK.replace('r:id="id3"', 'r:id="id9"')), Unreadable, "part is missing"),
        (package(xlWorkbookxml=WORKBOOK.replace("Kept", "CHART", 1)), Unreadable, "'CHART' twice"),
        (package(xlWorkbookxml=WORKBOOK[:-9]), Unreadable, "damaged"),
        (package(xlWorkbookxml=WORKBOOK.replace(MAIN, "urn:x")), Unreadable, "not the workbook it should be"),
        (package(xlWorkbookxml=f"<!DOCTYPE a []>{WORKBOOK}"), Unreadable, "document type"),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_what_is_no_sound_workbook_is_refused_with_a_sentence(data: bytes, kind: type[UnusableFile], words: str):
    with pytest.raises(UnusableFile, match=words) as caught:
        Book.read(data)
    assert type(caught.value) is kind
    assert str(caught.value).endswith(".")


def test_a_workbook_part_beyond_all_measure_is_refused():
    parts = {name: content.encode() for name, content in PARTS.items()}
    parts["xl/Workbook.xml"] += b" " * 16_000_000
    with pytest.raises(TooLarge, match="at most 16,000,000"):
        Book.read(zipped(parts, stored=("xl/Workbook.xml",)))


@pytest.mark.parametrize(
    ("xml", "found"),
    [
        (f'<sst xmlns="{MAIN}"/>', ()),
        (
            f'<sst xmlns="{MAIN}" count="2"><si><t>a</t></si><si><t xml:space="preserve"> b </t></si></sst>',
            ("a", " b "),
        ),
        (f'<sst xmlns="{MAIN}"><si><t> a&amp;b </t></si><si><t></t></si><si><t/></si><si/></sst>', ("a&b", "", "", "")),
        (f'<x:sst xmlns:x="{MAIN}"><x:si><x:t>a</x:t></x:si></x:sst>', ("a",)),
        (
            f'<sst xmlns="{MAIN}"><si><r><rPr/><t xml:space="preserve">a </t></r><r><t>b</t></r>'
            '<rPh sb="0" eb="1"><t>no</t></rPh><phoneticPr fontId="1"/></si></sst>',
            ("a b",),
        ),
        (f'<sst xmlns="{MAIN}" xml:space="preserve"><si><t> a</t></si></sst>', (" a",)),
        (f'<sst xmlns="{MAIN}"><si><t>a<!-- no -->b&#65;</t></si><!-- <si><t>no</t></si> --></sst>', ("abA",)),
        (f'<sst xmlns="{MAIN}"><si><t><![CDATA[<si>]]></t></si></sst>', ("<si>",)),
        (f'<sst xmlns="{MAIN}"><si><t>_x000a_</t></si></sst>', ("\n",)),
    ],
)
def test_shared_texts_are_read_as_they_are_spelled(xml: str, found: tuple[str, ...]):
    assert Book.read(package(textsxml=xml)).strings == found


def test_damaged_shared_texts_are_refused_when_they_are_needed():
    book = Book.read(package(textsxml="<sst>"))
    with pytest.raises(Unreadable):
        book.sheet("Kept").values()


def test_workbooks_of_other_programs_are_understood():
    stream = io.BytesIO()
    book = openpyxl.Workbook()
    book.create_sheet("Two")
    book.defined_names["Whole"] = Name("Whole", attr_text="Two!$A$1")
    book["Two"].defined_names["Local"] = Name("Local", attr_text="Two!$A$2", hidden=True)
    book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    book.save(stream)
    found = Book.read(stream.getvalue())
    assert [sheet.name for sheet in found.sheets] == ["Sheet", "Two"]
    assert set(found.names) == {
        DefinedName("Whole", "Two!$A$1", None, False),
        DefinedName("Local", "Two!$A$2", "Two", True),
    }
    assert found.date1904

    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream) as other:
        page = other.add_worksheet("One")
        page.write_rich_string("A1", "plain ", other.add_format({"bold": True}), "bold")
        other.add_chartsheet("Chart")
        other.define_name("One!Local", "=One!$A$1")
    found = Book.read(stream.getvalue())
    assert [(sheet.name, sheet.part is None) for sheet in found.sheets] == [("One", False), ("Chart", True)]
    assert found.names == (DefinedName("Local", "One!$A$1", "One", False),)
    assert found.sheet("One").values() == {(1, 1): "plain bold"}
