"""Sheets are read as an XML parser reads them, and only what is meant to change in them changes."""

import io
import re
from collections.abc import Mapping

import openpyxl
import pytest
import xlsxwriter
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from openpyxl.worksheet.formula import ArrayFormula, DataTableFormula
from sheet_xml import STRICT, sheet, spelled_cells

from capexrisk_workbooks.ooxml import grammar
from capexrisk_workbooks.ooxml.book import Book
from capexrisk_workbooks.ooxml.cells import Area, CellError, Spot, Value, address
from capexrisk_workbooks.ooxml.events import ParsedLayout
from capexrisk_workbooks.ooxml.formula import Formula
from capexrisk_workbooks.ooxml.grammar import PlainLayout, recognise
from capexrisk_workbooks.ooxml.sheet import Sheet
from capexrisk_workbooks.ooxml.spelling import Edit
from capexrisk_workbooks.ooxml.unusable import Unreadable, UnusableFile

STRINGS = ("shared", " kept ", "_x000D_")


def read(rows: str, **around: str) -> Sheet:
    return Sheet(sheet(rows, **around), "Review", lambda: STRINGS)


def only(cell: str) -> Value:
    """The value of the one cell in a sheet."""
    values = read(f'<row r="1">{cell}</row>').cells()
    assert len(values) == 1
    return values[0].value


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ('<c r="A1"/>', None),
        ('<c r="A1" s="3"></c>', None),
        ('<c r="A1"><v></v></c>', None),
        ('<c r="A1"><v/></c>', None),
        ('<c r="A1"><v>1.5</v></c>', 1.5),
        ('<c r="A1" t="n"><v> -1E-3 </v></c>', -0.001),
        ('<c r="A1" t="s"><v>0</v></c>', "shared"),
        ('<c r="A1" t="s"><v>2</v></c>', "_x000D_"),  # the table itself has already been read
        ('<c r="A1" t="b"><v>1</v></c>', True),
        ('<c r="A1" t="b"><v>false</v></c>', False),
        ('<c r="A1" t="e"><v>#DIV/0!</v></c>', CellError("#DIV/0!")),
        ('<c r="A1" t="str"><v>a &amp; &lt;b&gt; &quot;c&quot; &apos;</v></c>', 'a & <b> "c" \''),
        ('<c r="A1" t="str"><v>&amp;lt;</v></c>', "&lt;"),
        ('<c r="A1" t="str"><v></v></c>', ""),
        ('<c r="A1" t="str"/>', None),
        ('<c r="A1" t="str"><v> a </v></c>', "a"),
        ('<c r="A1" t="str"><v xml:space="preserve"> a </v></c>', " a "),
        ('<c r="A1" t="str"><v>a_x000D__x005F_x0041__x00e9_</v></c>', "a\r_x0041_é"),
        ('<c r="A1" t="str"><v>_xD83D__xDE00_</v></c>', "😀"),
        ('<c r="A1" t="str"><v>&#233;&#xE9;&#10;b</v></c>', "éé\nb"),
        ('<c r="A1" t="str"><v><![CDATA[a < b]]> & c</v></c>'.replace(" & ", " &amp; "), "a < b & c"),
        ('<c r="A1" t="str"><v>a<!-- not this -->b</v></c>', "ab"),
        ('<c r="A1" t="str"><v>a\r\nb</v></c>', "a\nb"),
        ('<c r="A1" t="inlineStr"><is><t>inline</t></is></c>', "inline"),
        ('<c r="A1" t="inlineStr"><is/></c>', ""),
        (
            '<c r="A1" t="inlineStr"><is><r><rPr><b/></rPr><t xml:space="preserve">rich </t></r><r><t>text</t></r>'
            '<rPh sb="0" eb="1"><t>no</t></rPh></is></c>',
            "rich text",
        ),
        ('<c r="A1" t="d"><v>2020-01-01</v></c>', 43831.0),
        ('<c r="A1" t="d"><v>2020-01-01T12:00:00Z</v></c>', 43831.5),
    ],
)
def test_a_value_means_what_its_type_says(cell: str, value: Value):
    assert only(cell) == value
    assert type(only(cell)) is type(value)


@pytest.mark.parametrize(
    "cell",
    [
        "<v>nan</v>",
        "<v>1_000</v>",
        "<v>1e999</v>",
        "<v>١</v>",
        "<v>x</v>",
        't="s"><v>3</v>',
        't="s"><v>-1</v>',
        't="s"><v></v>',
        't="b"><v>yes</v>',
        't="d"><v>1899-12-30T00:00:00+01:00</v>',
        't="odd"><v>1</v>',
    ],
)
def test_a_value_that_is_none_is_refused_with_its_cell(cell: str):
    start = '<c r="B7" ' if cell.startswith("t") else '<c r="B7">'
    with pytest.raises(Unreadable, match=r"^Review!B7 holds .* no value of its type"):
        read(f'<row r="7">{start}{cell}</c></row>').values()


def test_dates_count_from_1904_where_the_workbook_does():
    xml = sheet('<row r="1"><c r="A1" t="d"><v>1904-01-02</v></c></row>')
    assert Sheet(xml, "S", date1904=True).values() == {(1, 1): 1.0}


def test_areas_are_read_with_blanks_where_nothing_stands():
    found = read(
        '<row r="2"><c r="B2"><v>1</v></c><c r="D2"><v>2</v></c></row><row r="4"><c r="C4" t="b"><v>0</v></c></row>'
    )
    assert found.table(Area.parse("B2:C4")) == [[1.0, None], [None, None], [None, False]]
    assert found.values(Area.parse("C1:D9")) == {(2, 4): 2.0, (4, 3): False}


# Both ways agree.

NUMBERS = st.one_of(st.integers(-9, 9), st.floats(allow_nan=False, allow_infinity=False))
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8) | st.sampled_from(
    [" a", "b ", "_x0041_", "_x", "a\nb", "\t", "\r", "a&b<c>]]>", "_x005F_x0041_", "_x0041\x01", "\x1f", "é𝄞"]
)
VALUES = st.one_of(NUMBERS, TEXTS, st.booleans(), st.sampled_from([CellError("#N/A"), CellError("#NUM!"), None]))
SPOTS = st.tuples(st.integers(1, 12), st.integers(1, 30))


@st.composite
def plain_rows(draw: st.DrawFn) -> str:
    """Rows as ordinary programs write them."""
    rows = []
    for row in sorted(draw(st.sets(st.integers(1, 40), max_size=5))):
        cells = []
        for col in sorted(draw(st.sets(st.integers(1, 60), max_size=5))):
            style = draw(st.sampled_from(["", ' s="0"', ' s="12"']))
            formula = draw(
                st.sampled_from(["", "", '<f>A1&amp;"x"</f>', '<f t="array" ref="B2:C3">A1</f>', '<f ca="1"/>'])
            )
            kind, content = draw(
                st.sampled_from(
                    [
                        ("", ""),
                        ("", "<v>1.10</v>"),
                        (' t="n"', "<v>-3E5</v>"),
                        (' t="s"', "<v>1</v>"),
                        (' t="b"', "<v>1</v>"),
                        (' t="e"', "<v>#N/A</v>"),
                        (' t="str"', "<v> a &amp; b</v>"),
                        (' t="str"', '<v xml:space="preserve"> a_x000D_</v>'),
                        (' t="str"', "<v>&#38;lt;&amp;#65;&#xe9;&#32;</v>"),
                        (' t="str"', "<v></v>"),
                        (' t="inlineStr"', "<is><t>in</t></is>"),
                        (' cm="1"', "<v>2</v>"),
                    ]
                )
            )
            inner = formula + content
            start = f'<c r="{address(row, col)}"{style}{kind}'
            cells.append(f"{start}>{inner}</c>" if inner else f"{start}/>")
        attributes = draw(st.sampled_from(["", ' spans="1:3"', ' s="1" customFormat="1" ht="15.5"']))
        rows.append(f'<row r="{row}"{attributes}>{"".join(cells)}</row>' if cells else f'<row r="{row}"{attributes}/>')
    return "".join(rows)


def both(xml: bytes) -> tuple[PlainLayout | None, ParsedLayout | UnusableFile]:
    try:
        return recognise(xml), ParsedLayout(xml, "S")
    except UnusableFile as error:
        return recognise(xml), error


def assert_agreement(xml: bytes) -> None:
    """Where the fast way goes at all, it finds what the robust way finds."""
    plain, parsed = both(xml)
    if plain is None:
        return
    assert isinstance(parsed, ParsedLayout)
    assert plain.data == parsed.data
    assert plain.rows == parsed.rows
    assert plain.extent == parsed.extent
    assert list(plain.cells()) == list(parsed.cells())
    assert list(plain.formula_cells()) == list(parsed.formula_cells())
    assert list(plain.values()) == list(parsed.values())
    area = Area(2, 2, 20, 20)
    assert list(plain.spans(area)) == list(parsed.spans(area))
    assert list(plain.cells(area)) == list(parsed.cells(area))
    assert list(plain.values(area)) == list(parsed.values(area))


@given(plain_rows())
def test_what_ordinary_programs_write_goes_the_fast_way_and_both_ways_agree(rows: str):
    xml = sheet(rows)
    assert isinstance(recognise(xml), PlainLayout)
    assert_agreement(xml)


ODDITIES = [
    "<!-- c -->", "<![CDATA[<v>1</v>]]>", "<?pi?>", " ", "\n", "\r", "&#10;", "&#x1F600;", "&#xFFFF;", "&#0;",
    "&#38;lt;", "&amp;", "&", "<", ">", '"', "'", "x:", "<v>7</v>", "</v>", "</c>", "<row>", "</row>", "]]>", "\x01",
    "é", 't="b"',
    ' r="C3"', ' s="1"', ' spans="1:3"', ' t="array"', ' x14ac:dyDescent="0.25"', ' xml:space="preserve"', ' xmlns="u"',
    "<f>A1</f>", "<f/>", "<is>", "<c/>", '<c r="B2"/>', "<extLst><x/></extLst>", "/", "0",
    "</sheetData>", "<sheetData>", "<sheetData/>", "<!DOCTYPE a>",
]  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(
    plain_rows(),
    st.lists(st.tuples(st.floats(0, 1), st.sampled_from(ODDITIES), st.integers(0, 3)), min_size=1, max_size=2),
)
def test_whatever_is_put_into_a_sheet_both_ways_agree(rows: str, oddities: list[tuple[float, str, int]]):
    xml = sheet(rows).decode()
    for where, oddity, cut in oddities:
        at = int(where * len(xml))
        xml = xml[:at] + oddity + xml[at + cut :]
    assert_agreement(xml.encode())


@pytest.mark.parametrize(
    ("rows", "spots"),
    [
        ("<row><c><v>1</v></c><c/><c><v>2</v></c></row><row><c><v>3</v></c></row>", [(1, 1), (1, 3), (2, 1)]),
        (
            '<row r="3"><c r="C3"><v>1</v></c><c><v>2</v></c></row><row><c r="B4"><v>3</v></c></row>',
            [(3, 3), (3, 4), (4, 2)],
        ),
        ("<row r='2'><c s='1' r='B2'><v>1</v></c></row>", [(2, 2)]),
        ('<row r="1">\n  <c r="A1">\n    <v>1</v>\n  </c>\n</row>\n', [(1, 1)]),
        ('<!-- <row r="9"><c r="A9"><v>1</v></c></row> --><row r="1"><c r="A1"><v>1</v></c></row>', [(1, 1)]),
        ('<row r="1"><c r="AAA1"><v>1</v></c><c r="XFD1"><v>1</v></c></row>', [(1, 703), (1, 16384)]),
        ('<row r="1"><c r="B1"><v>1</v></c><c r="A1"><v>1</v></c></row>', [(1, 2), (1, 1)]),
        ('<row r="1"><c r="A1"><v>1</v><extLst><ext uri="x"><v>2</v></ext></extLst></c><extLst/></row>', [(1, 1)]),
    ],
)
def test_odd_but_lawful_sheets_are_read(rows: str, spots: list[Spot]):
    assert list(read(rows).values()) == spots


def test_prefixed_and_strict_sheets_are_read():
    prefixed = re.sub(rb"<(/?)(\w)", rb"<\1x:\2", sheet('<row r="1"><c r="A1" t="b"><f>B1</f><v>1</v></c></row>'))
    prefixed = prefixed.replace(b"xmlns=", b"xmlns:x=")
    assert Sheet(prefixed, "S").values() == {(1, 1): True}
    assert Sheet(sheet('<row r="1"><c r="A1"><v>1</v></c></row>', space=STRICT), "S").values() == {(1, 1): 1.0}


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("marked", [True, False], ids=["marked", "unmarked"])
def test_sheets_in_utf_16_are_read_and_stay_so(encoding: str, marked: bool):
    text = sheet('<row r="1"><c r="A1" t="str"><f>"é𝄞"</f><v>é𝄞</v></c></row>').decode().replace("UTF-8", "UTF-16")
    xml = (("\ufeff" if marked else "") + text).encode(encoding)
    found = Sheet(xml, "S")
    assert found.values() == {(1, 1): "é𝄞"}
    assert found.spliced({(1, 1): "é𝄞"}) is xml
    assert found.spliced({(1, 1): "ü"}) == xml.replace("<v>é𝄞".encode(encoding), "<v>ü".encode(encoding))


def test_attributes_of_known_extensions_go_the_fast_way():
    xml = sheet('<row r="1" x14ac:dyDescent="0.25"><c r="A1"><v>1</v></c></row>')
    xml = xml.replace(b"<worksheet", b'<worksheet xmlns:x14ac="urn:x14ac"')
    assert isinstance(recognise(xml), PlainLayout)
    assert_agreement(xml)


def test_a_byte_order_mark_in_utf_8_is_kept():
    xml = b"\xef\xbb\xbf" + sheet('<row r="1"><c r="A1"><f>1+1</f></c></row>')
    assert Sheet(xml, "S").spliced({(1, 1): 2.0}) == xml.replace(b"</f>", b"</f><v>2</v>")


@pytest.mark.parametrize(
    ("xml", "words"),
    [
        (b"", "damaged"),
        (b"<worksheet/>", "not a sheet of cells"),
        (sheet("").replace(b"worksheet", b"chartsheet"), "not a sheet of cells"),
        (sheet("").replace(b"<sheetData></sheetData>", b""), "no place for cells"),
        (sheet("", tail="<sheetData/>"), "twice"),
        (sheet("<row>"), "damaged"),
        (sheet("&nbsp;"), "damaged"),
        (sheet('<row r="1"><c r="A1" t="str"><v>a]]>b</v></c></row>'), "damaged"),
        (sheet('<row r="1"><c r="A1" t="str"><v>&#1;</v></c></row>'), "damaged"),
        (sheet('<row r="1" spans="1:1" spans="1:1"/>'), "damaged"),
        (sheet('<row r="1" x14ac:dyDescent="0.25"/>'), "damaged"),
        (sheet('<row r="1"><c r="A1"><f t="array" t="shared" ref="A1">1</f></c></row>'), "damaged"),
        (sheet('<row r="1"><c r="A1"/><c r="A1"/></row>'), "A1 twice"),
        (sheet('<row r="1"/><row r="1"/>'), "row 1 twice"),
        (sheet('<row r="1"><c r="A2"/></row>'), "A2 in row 1"),
        (sheet('<row r="0"/>'), "row numbered '0'"),
        (sheet('<row r="1048577"/>'), "row numbered"),
        (sheet('<row r="1"><c r="XFE1"/></row>'), "address 'XFE1'"),
        (sheet('<row r="1"><c r="$A$1"/></row>'), "address"),
        (sheet('<row r="1"><c r="A1" s="x"/></row>'), "style 'x'"),
        (sheet('<row r="1"><v>1</v></row>'), "<v> among its cells"),
        (sheet('<row r="1"><c r="A1"><v>1</v><v>2</v></c></row>'), "<v> among its cells"),
        (sheet('<row r="1"><c r="A1"><v>1</v><is><t>2</t></is></c></row>'), "<is> among its cells"),
        (sheet('<row r="1"><c r="A1"><f>1</f><f>2</f></c></row>'), "<f> among its cells"),
        (sheet('<AlternateContent xmlns="mc"><row r="1"/></AlternateContent>'), "<AlternateContent> among"),
        (sheet("").replace(b"UTF-8", b"ISO-8859-1"), "ISO-8859-1"),
        (sheet("").replace(b"<worksheet", b"<!DOCTYPE worksheet><worksheet"), "document type"),
        (
            sheet("&a;").replace(b"<worksheet", b'<!DOCTYPE w [<!ENTITY a SYSTEM "file:///etc/passwd">]><worksheet'),
            "document type",
        ),
        (sheet("x").replace(b"x<", b"\xed\xa0\x80<"), "not the text"),
    ],
)  # fmt: skip
def test_a_sheet_that_cannot_be_read_for_certain_is_refused(xml: bytes, words: str):
    with pytest.raises(UnusableFile, match=words) as caught:
        Sheet(xml, "Review").cells()
    assert str(caught.value).endswith(".")


# Formulas.


def test_formulas_come_with_kind_area_and_cached_value():
    found = read(
        '<row r="1"><c r="A1" t="str"><f>B1&amp;"x"</f><v>x</v></c>'
        '<c r="B1" cm="1"><f t="array" ref="B1:B2">C1:C2</f><v>1</v></c>'
        '<c r="C1"><f t="array" ref="C1">SUM(D1)</f></c></row>'
        '<row r="2"><c r="A2"><f t="dataTable" ref="A2:A3" dt2D="0" dtr="0" r1="B1"/><v>4</v></c>'
        '<c r="B2"><f ca="1"/><v>2</v></c></row>'
    )
    assert list(found.formulas.values()) == [
        Formula(1, 1, "normal", 'B1&"x"', None, None, False, "x"),
        Formula(1, 2, "array", "C1:C2", None, Area(1, 2, 2, 2), True, 1.0),
        Formula(1, 3, "array", "SUM(D1)", None, Area(1, 3, 1, 3), False, None),
        Formula(2, 1, "table", "", None, Area(2, 1, 3, 1), False, 4.0),
    ]
    assert found.hollow == ((2, 2),)
    assert found.blocks == {(1, 2): Area(1, 2, 2, 2), (1, 3): Area(1, 3, 1, 3)}
    assert found.members == {(2, 2): 2.0}


SHARED = (
    '<row r="1"><c r="A1"><f t="shared" ref="A1:A3" si="0">B1*$C$1+SUM(D1:E$9)</f><v>1</v></c></row>'
    '<row r="2"><c r="A2"><f t="shared" si="0"/><v>2</v></c></row>'
    '<row r="3"><c r="A3"><f t="shared" si="0"/><v>3</v></c></row>'
)


def test_members_of_a_shared_formula_read_as_in_their_own_cell():
    assert [formula.text for formula in read(SHARED).formulas.values()] == [
        "B1*$C$1+SUM(D1:E$9)",
        "B2*$C$1+SUM(D2:E$9)",
        "B3*$C$1+SUM(D3:E$9)",
    ]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ('<row r="1"><c r="A1"><f t="shared" si="4"/></c></row>', "A1 shares a formula that is missing"),
        ('<row r="1"><c r="A1"><f t="odd">1</f></c></row>', "A1 holds a formula of the unknown kind 'odd'"),
        (
            '<row r="1"><c r="A1"><f t="array" ref="B1:C1">1</f></c></row>',
            "A1 holds an array formula .* not begin there",
        ),
        ('<row r="1"><c r="A1"><f t="array" ref="x">1</f></c></row>', "A1 holds a formula for 'x'"),
    ],
)
def test_a_formula_that_makes_no_sense_is_refused(rows: str, words: str):
    with pytest.raises(Unreadable, match=words):
        _ = read(rows).formulas


def test_a_cell_that_two_array_formulas_fill_is_refused():
    found = read(
        '<row r="1"><c r="A1"><f t="array" ref="A1:A2">1</f></c></row>'
        '<row r="2"><c r="A2"><f t="array" ref="A2:A3">1</f></c></row><row r="3"><c r="A3"/></row>'
    )
    with pytest.raises(Unreadable, match="A2 is filled by two"):
        _ = found.members


# Results spliced in.


def spliced(rows: str, values: Mapping[str, Value], **around: str) -> str:
    """What stands in <sheetData> afterwards; everything around it must be as it was."""
    found = read(rows, **around)
    new = found.spliced({(Area.parse(name).top, Area.parse(name).left): value for name, value in values.items()})
    head, _, tail = found.xml.partition(rows.encode())
    assert new.startswith(head) and new.endswith(tail)
    return new[len(head) : len(new) - len(tail)].decode()


@pytest.mark.parametrize(
    ("cell", "value", "after"),
    [
        ('<c r="A1"><f>B1</f></c>', 2.0, '<c r="A1"><f>B1</f><v>2</v></c>'),
        ('<c r="A1"><f>B1</f><v/></c>', 0.1, '<c r="A1"><f>B1</f><v>0.1</v></c>'),
        ('<c r="A1" s="4"><f>B1</f><v>1</v></c>', "a", '<c r="A1" s="4" t="str"><f>B1</f><v>a</v></c>'),
        ('<c r="A1" t="str"><f>B1</f><v>a</v></c>', -1e20, '<c r="A1"><f>B1</f><v>-1e+20</v></c>'),
        ('<c r="A1" s="1" cm="1" vm="2"><f>B1</f><v>0</v></c>', True,
         '<c r="A1" s="1" t="b" cm="1" vm="2"><f>B1</f><v>1</v></c>'),
        ('<c r="A1" t="b"><f>B1</f><v>1</v></c>', 1.0, '<c r="A1"><f>B1</f><v>1</v></c>'),
        ('<c r="A1"><f>B1</f><v>1</v></c>', CellError("#N/A"), '<c r="A1" t="e"><f>B1</f><v>#N/A</v></c>'),
        ('<c r="A1"><f>B1</f><v>1</v></c>', "", '<c r="A1" t="str"><f>B1</f><v></v></c>'),
        ('<c r="A1" t="str"><f>B1</f><v></v></c>', None, '<c r="A1"><f>B1</f></c>'),
        ('<c r="A1" t="str"><f>B1</f><v> a</v></c>', " a",
         '<c r="A1" t="str"><f>B1</f><v xml:space="preserve"> a</v></c>'),
        ('<c r="A1"><f>B1</f></c>', "a<b>&\r_x0041_",
         '<c r="A1" t="str"><f>B1</f><v>a&lt;b&gt;&amp;_x000D__x005F_x0041_</v></c>'),
        ('<c r="A1"><f ca="1">NOW()</f><v>1</v></c>', 2, '<c r="A1"><f ca="1">NOW()</f><v>2</v></c>'),
        ('<c r="A1" t="inlineStr"><f>B1</f><is><t>a</t></is></c>', "b", '<c r="A1" t="str"><f>B1</f><v>b</v></c>'),
        ('<c t="str" r="A1"><f>B1</f><v>a</v></c>', 1.0, '<c r="A1"><f>B1</f><v>1</v></c>'),
        ("<c r='A1' x=\" t='b'\"><f>B1</f></c>", True, "<c r='A1' t=\"b\" x=\" t='b'\"><f>B1</f><v>1</v></c>"),
        ('<c r="A1"> <f>B1</f> <!-- v --> <v>1</v> </c>', 2.0, '<c r="A1"> <f>B1</f> <!-- v --> <v>2</v> </c>'),
        ('<c r="A1"><v>1</v><f>B1</f></c>', 2.0, '<c r="A1"><v>2</v><f>B1</f></c>'),
        ('<c r="A1"><f>B1</f><extLst><ext><v>9</v></ext></extLst></c>', 2.0,
         '<c r="A1"><f>B1</f><v>2</v><extLst><ext><v>9</v></ext></extLst></c>'),
        ('<c r="A1"><f><![CDATA[B1<v>1</v>]]></f><v>1</v></c>', 2.0,
         '<c r="A1"><f><![CDATA[B1<v>1</v>]]></f><v>2</v></c>'),
        ('<c><f>B1</f><v>1</v></c>', 2.0, '<c><f>B1</f><v>2</v></c>'),
    ],
)  # fmt: skip
def test_a_result_takes_the_place_of_the_cached_one(cell: str, value: Value, after: str):
    assert spliced(f'<row r="1">{cell}</row>', {"A1": value}) == f'<row r="1">{after}</row>'


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("<f>B1</f><v>1.10</v>", 1.1),
        ("<f>B1</f><v>1E2</v>", 100),
        ("<f>B1</f><v>-0</v>", 0.0),
        ("<f>B1</f>", None),
        ("<f>B1</f><v></v>", None),
        ('t="str"><f>B1</f><v></v>', ""),
        ('t="str"><f>B1</f><v>a_x000d_</v>', "a\r"),
        ('t="s"><f>B1</f><v>0</v>', "shared"),
        ('t="b"><f>B1</f><v>true</v>', True),
        ('t="e"><f>B1</f><v>#N/A</v>', CellError("#N/A")),
        ('t="inlineStr"><f>B1</f><is><t>a</t></is>', "a"),
        ('t="d"><f>B1</f><v>2020-01-01</v>', 43831.0),
    ],
)
def test_an_equal_result_leaves_the_very_same_sheet(cell: str, value: Value):
    start = '<c r="A1" ' if cell.startswith("t=") else '<c r="A1">'
    found = read(f'<row r="1">{start}{cell}</c></row>')
    assert found.spliced({(1, 1): value}) is found.xml


def test_a_prefix_is_kept_in_what_is_written():
    rows = '<row r="2"><c r="A2"><f t="array" ref="A2:B3">C1</f></c></row>'
    xml = re.sub(rb"<(/?)(\w)", rb"<\1x:\2", sheet(rows)).replace(b"xmlns=", b"xmlns:x=")
    new = Sheet(xml, "S").spliced({(2, 1): 1.0, (2, 2): "b", (3, 2): True})
    assert new == xml.replace(
        b"</x:f></x:c></x:row>",
        b'</x:f><x:v>1</x:v></x:c><x:c r="B2" t="str"><x:v>b</x:v></x:c></x:row>'
        b'<x:row r="3"><x:c r="B3" t="b"><x:v>1</x:v></x:c></x:row>',
    )


BLOCK = '<f t="array" ref="B2:D4">X1</f>'


@pytest.mark.parametrize(
    ("rows", "values", "after"),
    [
        pytest.param(
            f'<row r="2"><c r="B2">{BLOCK}</c><c r="C2" s="2"/><c r="D2"><v>1</v></c></row>',
            {"B2": 1.0, "C2": 2.0, "D2": "x"},
            f'<row r="2"><c r="B2">{BLOCK}<v>1</v></c><c r="C2" s="2"><v>2</v></c><c r="D2" t="str"><v>x</v></c></row>',
            id="members that stand",
        ),
        pytest.param(
            f'<row r="2"><c r="B2">{BLOCK}</c><c r="F2"/></row><row r="3"/><row r="9"/>',
            {"D2": 3.0, "C2": 2.0, "C3": True, "B4": 4.0},
            f'<row r="2"><c r="B2">{BLOCK}</c><c r="C2"><v>2</v></c><c r="D2"><v>3</v></c><c r="F2"/></row>'
            '<row r="3"><c r="C3" t="b"><v>1</v></c></row><row r="4"><c r="B4"><v>4</v></c></row><row r="9"/>',
            id="cells and rows put in",
        ),
        pytest.param(
            f'<row r="2"><c r="B2">{BLOCK}</c></row>',
            {"C2": 2.0, "C4": 4.0, "B3": 3.0},
            f'<row r="2"><c r="B2">{BLOCK}</c><c r="C2"><v>2</v></c></row>'
            '<row r="3"><c r="B3"><v>3</v></c></row><row r="4"><c r="C4"><v>4</v></c></row>',
            id="rows at the end",
        ),
        pytest.param(
            f'<row r="2"><c r="B2">{BLOCK}</c></row><row r="3" s="7" customFormat="1"></row>',
            {"C3": 1.0},
            f'<row r="2"><c r="B2">{BLOCK}</c></row>'
            '<row r="3" s="7" customFormat="1"><c r="C3" s="7"><v>1</v></c></row>',
            id="format of the row",
        ),
        pytest.param(
            f'<row r="2"><c r="B2">{BLOCK}</c></row>', {"C3": None, "C2": None}, None, id="nothing for nothing"
        ),
    ],
)
def test_cells_of_array_formulas_are_written_even_where_none_stand(
    rows: str, values: Mapping[str, Value], after: str | None
):
    assert spliced(rows, values) == (after or rows)


def test_a_new_cell_takes_the_format_of_its_column():
    rows = f'<row r="2"><c r="B2">{BLOCK}</c></row>'
    new = spliced(rows, {"D3": 1.0}, head='<cols><col min="3" max="4" width="9" style="5"/></cols>')
    assert '<c r="D3" s="5">' in new


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_nan_and_infinities_are_never_written(value: float):
    with pytest.raises(ValueError, match="cannot hold"):
        read('<row r="1"><c r="A1"><f>B1</f></c></row>').spliced({(1, 1): value})


def test_what_no_formula_fills_is_never_written():
    with pytest.raises(ValueError, match="Review!B1 holds no formula"):
        read('<row r="1"><c r="A1"><f>B1</f></c><c r="B1"><v>1</v></c></row>').spliced({(1, 2): 2.0})


@settings(max_examples=300, deadline=None)
@given(plain_rows(), st.data())
def test_splicing_changes_the_cached_values_meant_and_nothing_else(rows: str, draw: st.DataObject):
    assume(rows.count("<f t=") <= 1)
    found = Sheet(sheet(rows.replace('ref="B2:C3"', 'ref="1"')), "S", lambda: STRINGS)
    xml = re.sub(
        rb'<c r="([A-Z]+)(\d+)"([^>]*)><f t="array" ref="1"',
        lambda m: b'<c r="%b%b"%b><f t="array" ref="%b%b:%b%d"' % (*m.groups(), m[1], m[2], m[1], int(m[2]) + 3),
        found.xml,
    )
    found = Sheet(xml, "S", lambda: STRINGS)
    targets = list(found.formulas) + [spot for area in found.blocks.values() for spot in area.spots()]
    assume(targets)
    values = draw.draw(st.dictionaries(st.sampled_from(targets), VALUES))
    new = found.spliced(values)
    again = Sheet(new, "S", lambda: STRINGS)
    before, after = found.values(), again.values()
    for spot, value in values.items():
        assert after.get(spot) == value or (value is None and spot not in after)
        assert isinstance(after.get(spot), bool) == isinstance(value, bool)
    meant = {f"{row},{col}" for row, col in values}
    spelled, respelled = spelled_cells(xml), spelled_cells(new)
    for name, cell in spelled.items():
        assert respelled[name]["attributes"] == cell["attributes"]
        assert respelled[name]["formula"] == cell["formula"]
        if name not in meant:
            assert respelled[name] == cell
    assert set(respelled) - set(spelled) <= meant
    assert again.spliced(values) is again.xml
    equal = {spot: before.get(spot) for spot in targets if before.get(spot) is not None}
    assert found.spliced(equal) is found.xml


@given(plain_rows(), st.data())
def test_both_ways_write_the_same_bytes(rows: str, draw: st.DataObject):
    found = Sheet(sheet(rows.replace('<f t="array" ref="B2:C3">', "<f>")), "S", lambda: STRINGS)
    assume(found.formulas)
    values = draw.draw(st.dictionaries(st.sampled_from(list(found.formulas)), VALUES))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("capexrisk_workbooks.ooxml.sheet.recognise", lambda _: None)
        patch.setattr("capexrisk_workbooks.ooxml.spelling._PLAIN", re.compile(b"(?!)"))
        robust = Sheet(found.xml, "S", lambda: STRINGS).spliced(values)
    assert found.spliced(values) == robust


# Edits for the copy that a spreadsheet engine sees.


@pytest.mark.parametrize(
    ("cell", "edit", "after"),
    [
        ('<c r="A1"><f>[1]!F(B1)</f><v>1</v></c>', Edit(formula="F(B1)"), '<c r="A1"><f>F(B1)</f><v>1</v></c>'),
        ('<c r="A1"><f t="array" ref="A1:A2">B1</f><v>1</v></c>', Edit("C1", None),
         '<c r="A1"><f t="array" ref="A1:A2">C1</f></c>'),
        ('<c r="A1" t="str"><f>B1</f><v>a</v></c>', Edit(formula=None), '<c r="A1" t="str"><v>a</v></c>'),
        ('<c r="A1" t="str"><f>B1</f><v>a</v></c>', Edit(value=None), '<c r="A1"><f>B1</f></c>'),
        ('<c r="A1" t="str"><f>B1</f><v>a</v></c>', Edit(None, 2.0), '<c r="A1"><v>2</v></c>'),
        ('<c r="A1" t="s"><v>0</v></c>', Edit(value="<"), '<c r="A1" t="str"><v>&lt;</v></c>'),
        ('<c r="A1" s="1"/>', Edit(formula="1<2"), '<c r="A1" s="1"><f>1&lt;2</f></c>'),
        ('<c r="A1"><f ca="1"/><v>3</v></c>', Edit(formula=None), '<c r="A1"><v>3</v></c>'),
        ('<c r="A1"><f>B1</f></c>', Edit(), '<c r="A1"><f>B1</f></c>'),
    ],
)  # fmt: skip
def test_an_edit_changes_formula_or_value_as_it_says(cell: str, edit: Edit, after: str):
    assert read(f'<row r="1">{cell}</row>').edited({(1, 1): edit}) == sheet(f'<row r="1">{after}</row>')


def test_members_keep_their_formula_when_the_master_loses_its():
    new = Sheet(read(SHARED).edited({(1, 1): Edit(formula=None), (3, 1): Edit(value=7.0)}), "S")
    assert {spot: formula.text for spot, formula in new.formulas.items()} == {
        (2, 1): "B2*$C$1+SUM(D2:E$9)",
        (3, 1): "B3*$C$1+SUM(D3:E$9)",
    }
    assert {formula.kind for formula in new.formulas.values()} == {"normal"}
    assert new.values() == {(1, 1): 1.0, (2, 1): 2.0, (3, 1): 7.0}


@pytest.mark.parametrize("space", ["", " "], ids=["fast", "robust"])
def test_dropped_members_of_array_formulas_are_blank_and_nothing_else_moves(space: str):
    rows = (
        '<row r="1"><c r="A1"><f t="array" ref="A1:C1">B9</f><v>1</v></c><c r="B1"><v>2</v></c>'
        f'<c r="C1"><f ca="1"/><v>3</v></c>{space}<c r="D1"><v>4</v></c></row>'
    )
    found = read(rows)
    new = Sheet(found.edited({(1, 3): Edit(formula=None)}, dropped=[(1, 2), (1, 3)]), "S")
    assert new.values() == {(1, 1): 1.0, (1, 4): 4.0}
    assert list(new.formulas) == [(1, 1)]
    assert new.hollow == ()


def test_dropping_a_member_leaves_cells_without_address_where_they_are():
    rows = '<row r="1"><c><f t="array" ref="A1:B1">B9</f></c><c><v>2</v></c><c><v>3</v></c></row>'
    assert Sheet(read(rows).edited({}, dropped=[(1, 2)]), "S").values() == {(1, 3): 3.0}


def test_members_follow_when_the_master_gets_another_formula():
    new = Sheet(read(SHARED).edited({(1, 1): Edit(formula="B1")}), "S")
    assert [formula.text for formula in new.formulas.values()] == ["B1", "B2", "B3"]


def test_edits_put_cells_into_an_empty_sheet():
    xml = sheet("").replace(b"<sheetData></sheetData>", b"<sheetData/>")
    assert Sheet(xml, "S").edited({(2, 1): Edit(value=1.0)}) == sheet('<row r="2"><c r="A2"><v>1</v></c></row>')


# Files of other programs.


def by_openpyxl() -> bytes:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.append(["text", 1.5, True, None, " blanks "])
    page["A2"] = "=B1*2"
    page["B2"] = ArrayFormula("B2:C3", "=B1:C2")
    page["E5"] = DataTableFormula("E5:E6", dt2D=False, r1="B1")
    page["F9"] = "#N/A"
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def by_xlsxwriter() -> bytes:
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream) as book:
        page = book.add_worksheet("Sheet")
        page.write_row("A1", ["text", 1.5, True, None, " blanks "])
        page.write_formula("A2", "=B1*2", None, 3)
        page.write_array_formula("B2:C3", "{=B1:C2}", None, 1.5)
        page.write_dynamic_array_formula("E5:E6", "=SORT(B1:C1)", None, 4)
        page.write_formula("F9", "=NA()", None, "#N/A")
    return stream.getvalue()


@pytest.mark.parametrize("made", [by_openpyxl, by_xlsxwriter])
def test_files_of_other_programs_are_read_and_written(made):
    book = Book.read(made())
    found = book.sheet("Sheet")
    assert isinstance(recognise(found.xml), PlainLayout)
    assert found.table(Area.parse("A1:E1")) == [["text", 1.5, True, None, " blanks "]]
    assert found.formulas[2, 1].text == "B1*2"
    assert found.blocks[2, 2] == Area.parse("B2:C3")
    assert found.values()[9, 6] == CellError("#N/A")
    results: dict[Spot, Value] = {(2, 1): 3.5, (2, 2): "a", (2, 3): True, (3, 2): CellError("#NUM!"), (3, 3): " b "}
    data = book.rewritten({"Sheet": found.spliced(results)})
    page = openpyxl.load_workbook(io.BytesIO(data), data_only=True)["Sheet"]
    assert [page["A2"].value, page["B2"].value, page["C2"].value] == [3.5, "a", True]
    assert [page["B3"].value, page["C3"].value] == ["#NUM!", " b "]
    assert set(results.items()) <= set(Book.read(data).sheet("Sheet").values().items())


def test_dynamic_arrays_are_marked_as_such():
    formulas = Book.read(by_xlsxwriter()).sheet("Sheet").formulas
    assert formulas[5, 5].dynamic
    assert not formulas[2, 2].dynamic


def test_the_table_of_texts_is_read_alike_both_ways(monkeypatch: pytest.MonkeyPatch):
    data = by_xlsxwriter()
    fast = Book.read(data).strings
    monkeypatch.setattr("capexrisk_workbooks.ooxml.strings.recognise_strings", lambda _: None)
    assert Book.read(data).strings == fast == ("text", " blanks ")
    assert grammar.recognise_strings(b"<sst/>") is None
