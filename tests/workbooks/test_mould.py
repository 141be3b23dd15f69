"""A sheet read by its mould gives what it gives when read with care, and nothing doubtful is read so."""

import pytest

from capexrisk_workbooks.ooxml import mould
from capexrisk_workbooks.ooxml.cells import Area, CellError
from capexrisk_workbooks.ooxml.sheet import Sheet
from capexrisk_workbooks.ooxml.unusable import Unreadable

HEAD = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1">'
TAIL = "</row></sheetData></worksheet>"
CELLS = (
    '<c r="A1" s="3" t="n"/><c r="B1" t="inlineStr"><is><t>Cash</t></is></c><c r="C1"><v>5</v></c>'
    '<c r="D1" t="str"><f t="array" ref="D1:E1">CAPEX_ASK(A1)</f><v>old</v></c><c r="E1"><v>7</v></c>'
    '<c r="F1" t="b"><f>A1&gt;1</f><v>1</v></c>'
)


@pytest.fixture(autouse=True)
def learned(monkeypatch):
    monkeypatch.setattr(mould, "_moulds", {})
    sheet = Sheet((HEAD + CELLS + TAIL).encode(), "Review", lambda: ["shared", "texts"])
    sheet.learn()
    return sheet


def respelled(old, new):
    assert old in CELLS
    xml = (HEAD + CELLS.replace(old, new) + TAIL).encode()
    return Sheet(xml, "Review", lambda: ["shared", "texts"])


def with_care(sheet):
    other = Sheet(sheet.xml, sheet.name, sheet._strings)
    other.__dict__["_cast"] = None
    return other


VALUES = [
    ('<c r="A1" s="3" t="n"/>', '<c r="A1" s="3" t="s"><v>1</v></c>'),
    ('<c r="A1" s="3" t="n"/>', '<c r="A1" s="3"></c>'),
    ('<c r="B1" t="inlineStr"><is><t>Cash</t></is></c>', '<c r="B1" t="inlineStr"><is><t> a &amp; b </t></is></c>'),
    ('<c r="C1"><v>5</v></c>', '<c r="C1" t="d"><v>2026-01-02</v></c>'),
    ('<c r="C1"><v>5</v></c>', '<c r="C1" t="e"><v>#N/A</v></c>'),
    ('<c r="C1"><v>5</v></c>', "<c r=\"C1\" t=\"str\"><v>1 &#60; 2_x000D_</v></c>"),
    ("<v>old</v>", "<v></v>"),
    ("<v>old</v>", ""),
    ("<v>7</v>", "<v> 7.50 </v>"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new"), VALUES)
def test_values_formulas_and_new_values_are_those_of_careful_reading(old, new):
    quick = respelled(old, new)
    careful = with_care(quick)
    assert quick.mould is not None
    assert quick.values() == careful.values()
    assert quick.values(Area(1, 2, 1, 4)) == careful.values(Area(1, 2, 1, 4))
    assert (quick.formulas, quick.hollow, quick.extent) == (careful.formulas, careful.hollow, careful.extent)
    for values in (
        {(1, 4): "new <", (1, 5): 2.5},
        {(1, 4): " outer ", (1, 6): False},
        {(1, 4): None, (1, 5): CellError("#NUM!")},
        {(1, 5): careful.values()[1, 5]},
    ):
        assert quick.spliced(values) == careful.spliced(values)


def test_nothing_new_gives_the_identical_bytes():
    sheet = respelled("<v>old</v>", "<v>same</v>")
    assert sheet.spliced({(1, 4): "same", (1, 5): 7.0, (1, 6): True}) is sheet.xml


def test_one_is_no_truth_value():
    sheet = respelled("<v>7</v>", "<v>1</v>")
    assert sheet.spliced({(1, 5): True}).count(b't="b"') == 2
    assert sheet.mould is not None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("A1&gt;1", "A1&gt;2"),
        ('ref="D1:E1"', 'ref="D1:D1"'),
        ('r="C1"', 'r="G1"'),
        ('s="3"', 's="4"'),
        ("<v>5</v>", "<v>]]></v>"),
        ("<v>5</v>", "<v>&bad;</v>"),
        ("<v>5</v>", "<v>&#0;</v>"),
        ("<v>5</v>", "<v>\0</v>"),
        ("<v>5</v>", "<v>5</t></is>"),
        ("<v>5</v>", "<v>5</v><v>6</v>"),
        ("<v>5</v>", "<v><!-- 5 --></v>"),
        ('<c r="C1"><v>', '<c r="C1" t="n" t="n"><v>'),
        ('<c r="C1"><v>5</v></c>', '<c r="C1"/></c>'),
    ],
)
def test_what_differs_in_more_than_plain_values_has_another_mould(old, new):
    assert respelled(old, new).mould is None


def test_spellings_of_a_blank_result_and_of_kept_spaces_fit_too():
    for spelled in ("<v/>", "<v />", '<v xml:space="preserve"> a </v>'):
        quick = respelled("<v>old</v>", spelled)
        assert quick.mould is not None
        assert quick.values() == with_care(quick).values()


def test_a_value_that_is_no_utf8_is_refused_in_words():
    xml = (HEAD + CELLS + TAIL).encode().replace(b"<v>old</v>", b"<v>\xff</v>")
    with pytest.raises(Unreadable, match="is not the text that it says it is"):
        Sheet(xml, "Review").values()


@pytest.mark.parametrize(
    "wrong", ['<c r="C1"><v>five</v></c>', '<c r="C1" t="s"><v>2</v></c>', '<c r="C1" t="b"><v>7</v></c>']
)
def test_a_value_that_is_not_of_its_type_is_refused(wrong):
    with pytest.raises(Unreadable, match="Review!C1 holds"):
        respelled('<c r="C1"><v>5</v></c>', wrong).values()


def test_a_result_for_a_cell_that_no_formula_fills_is_refused(learned):
    with pytest.raises(ValueError, match="Review!C1 holds no formula"):
        respelled("<v>5</v>", "<v>6</v>").spliced({(1, 3): 1.0})


def test_no_more_than_the_promised_number_is_remembered(monkeypatch):
    monkeypatch.setattr(mould, "MOST_MOULDS", 2)
    for style in range(4):
        respelled('s="3"', f's="{style}"').learn()
    assert len(mould._moulds) == 2


def test_long_texts_are_not_remembered():
    mould._known_value.cache_clear()
    sheet = respelled("<v>old</v>", f"<v>{'a' * 5000}</v>")
    assert sheet.values()[1, 4] == "a" * 5000
    assert mould._known_value.cache_info().currsize == 0
