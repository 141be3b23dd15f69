"""Values, addresses and formulas are spelled as OOXML has it."""

import math
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.formula.translate import Translator
from openpyxl.utils.datetime import to_excel

from capexrisk_workbooks.ooxml.cells import (
    Area,
    address,
    column_letters,
    column_number,
    escaped,
    read_number,
    serial,
    spelled_number,
    spot,
    unescaped,
)
from capexrisk_workbooks.ooxml.shifting import shifted


def test_addresses_and_areas_name_what_they_say():
    assert [column_letters(number) for number in (1, 26, 27, 702, 703, 16384)] == ["A", "Z", "AA", "ZZ", "AAA", "XFD"]
    assert spot("XFD1048576") == (1048576, 16384)
    assert address(7, 28) == "AB7"
    assert Area.parse("$D$9:B2") == Area(2, 2, 9, 4)
    assert str(Area.parse("B2:B2")) == "B2"
    assert Area.parse("B2:D9").size == 24 == len(list(Area.parse("B2:D9").spots()))


@given(st.integers(1, 16384))
def test_column_letters_and_numbers_are_each_other(number: int):
    assert column_number(column_letters(number)) == number


@pytest.mark.parametrize("text", ["", "A", "1", "A0", "XFE1", "A1048577", "A1:", "A١", "A1:B2:C3", "AAAA1"])
def test_what_is_no_address_is_a_value_error(text: str):
    with pytest.raises(ValueError, match="not the address"):
        Area.parse(text)


@given(st.text(st.sampled_from("_x0041Dd8\x00\x01\x0d\x1f\n\ue000\uffff")) | st.text())
def test_every_text_survives_its_spelling(text: str):
    spelled = escaped(text)
    assert unescaped(spelled) == text
    assert not set(spelled) & {chr(code) for code in range(32) if code not in (9, 10)}


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("a\rb", "a_x000D_b"),
        ("_x0041_", "_x005F_x0041_"),
        ("_x41_", "_x41_"),
        ("_X0041_", "_X0041_"),
        ("\ud83d", "_xD83D_"),
    ],
)
def test_texts_are_spelled_as_excel_does(text: str, spelled: str):
    assert escaped(text) == spelled


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_number_survives_its_spelling(number: float):
    assert read_number(spelled_number(number)) == number


@pytest.mark.parametrize(
    ("number", "spelled"), [(1.0, "1"), (0.1, "0.1"), (-2.5e-7, "-2.5e-07"), (1e15, "1000000000000000.0")]
)
def test_numbers_are_spelled_shortly(number: float, spelled: str):
    assert spelled_number(number) == spelled


@given(st.datetimes(min_value=datetime(1904, 1, 2)))
def test_serial_numbers_are_those_of_openpyxl(moment: datetime):
    assert math.isclose(serial(moment.isoformat()), to_excel(moment), abs_tol=1e-8)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("1900-01-01", 1),
        ("1900-02-28", 59),
        ("1900-03-01", 61),
        ("18:00:00", 0.75),
        ("T06:00:00Z", 0.25),
        ("2020-01-01", 43831),
    ],
)
def test_days_are_counted_with_the_day_that_never_was(text: str, days: float):
    assert serial(text) == days


@pytest.mark.parametrize("text", ["", "x", "1899-12-30", "2020-13-01", "2020-01-01T00:00:00+01:00"])
def test_what_is_no_date_is_a_value_error(text: str):
    with pytest.raises(ValueError):
        serial(text)


@pytest.mark.parametrize(
    ("formula", "moved"),
    [
        ("A1+$A1+A$1+$A$1", "B2+$A2+B$1+$A$1"),
        ("SUM(A1:B2,Sheet2!C3,'It''s A1'!C3)", "SUM(B2:C3,Sheet2!D4,'It''s A1'!D4)"),
        ('"A1 and ""B2"""&A1', '"A1 and ""B2"""&B2'),
        ("LOG10(A1)+A1B+_A1+A1_+A1.B2+risk_A1", "LOG10(B2)+A1B+_A1+A1_+A1.B2+risk_A1"),
        ("A:A+$A:B+1:1+$2:3", "B:B+$A:C+2:2+$2:4"),
        ("[1]!CAPEX_X(A1)+[1]Sheet1!A1", "[1]!CAPEX_X(B2)+[1]Sheet1!B2"),
        ("Table1[A1]+Table1[[#This Row],[B2]]+A1", "Table1[A1]+Table1[[#This Row],[B2]]+B2"),
        ("XFD1+A1048576", "#REF!+#REF!"),
        ("1E5+A1*2%", "1E5+B2*2%"),
        ("ABC1000000000+AAAA1", "ABC1000000000+AAAA1"),
        ("XFE1+ZZZ9", "XFE1+ZZZ9"),
        ("TRUE+a1", "TRUE+B2"),
        ("A1#+SUM(A1#)", "B2#+SUM(B2#)"),
    ],
)
def test_relative_references_move_and_nothing_else_does(formula: str, moved: str):
    assert shifted(formula, 1, 1) == moved


def test_a_formula_that_does_not_move_stays():
    assert shifted("xfd1+A1", 0, 0) == "xfd1+A1"
    assert shifted("C3", -3, 0) == "#REF!"


REFERENCES = st.builds(
    lambda a, col, b, row: f"{a}{column_letters(col)}{b}{row}",
    st.sampled_from(["", "$"]),
    st.integers(30, 500),
    st.sampled_from(["", "$"]),
    st.integers(30, 500),
)


@given(st.lists(REFERENCES, min_size=1, max_size=4), st.integers(-20, 20), st.integers(-20, 20))
def test_formulas_move_as_openpyxl_moves_them(references: list[str], rows: int, cols: int):
    formula = f'IF({references[0]}>"A1",SUM({":".join(references[:2])}),{"+".join(references)}*Other!{references[-1]})'
    origin, target = "AZ100", address(100 + rows, 52 + cols)
    assert "=" + shifted(formula, rows, cols) == Translator("=" + formula, origin).translate_formula(target)
