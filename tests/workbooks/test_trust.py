import pytest
from hypothesis import given
from hypothesis import strategies as st

from capexrisk_workbooks.evaluation.bars import Bar, barred, is_numeral
from capexrisk_workbooks.evaluation.trust import KINDS, read_formula, trust_list
from capexrisk_workbooks.ooxml.cells import Area

OURS = frozenset({("CAPEX_SCORE", False), ("CAPEX_STRESS", True)})


def reason(text: str, array: bool = False) -> str | None:
    return read_formula(text, array, OURS).reason


def bars(text: str) -> dict[str, Bar]:
    return {str(item.area or item.name): item.bar for item in read_formula(text, False, OURS).references}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("GETPIVOTDATA(A1,B1)", "GETPIVOTDATA is not on the list"),
        ("IFERROR(DURATION(A1,B1,1,1,1),0)", "DURATION is not on the list"),
        ("RAND()*A1", "RAND is not on the list"),
        ("OFFSET(A1,1,1)", "OFFSET is not on the list"),
        ("LET(x,A1,x+1)", "LET is not on the list"),
        ("LAMBDA(x,x+1)(2)", "no plain function"),
        ("IFERROR(SUM(Sales[amount]),0)", "a table by its columns"),
        ("Sales[[#This Row],[a]]", "a table by its columns"),
        ("[1]Sheet1!A1", "another workbook"),
        ("'[1]My sheet'!A1*2", "another workbook"),
        ("'C:\\x\\[b.xlsx]S'!A1", "another workbook"),
        ("[1]!rate*2", "another workbook"),
        ("SUM(Sheet1:Sheet3!A1)", "neither a cell"),
        ("SUM(A1:B2 B1:C3)", "' '"),
        ("SUM((A1:B2,C3))", "','"),
        ("SUM(A1:INDEX(B1:B9,3))", "':'"),
        ("A1#", "'#'"),
        ("@A1:A3", "'@'"),
        ("Review!rate", "a name of one sheet"),
        ("1+", "cannot be read"),
    ],
)
def test_what_the_engine_is_not_trusted_with_is_said(text: str, said: str) -> None:
    assert said in (reason(text) or "")


@pytest.mark.parametrize(
    "text",
    [
        "SUM(A1:A3)/COUNT(A:A)",
        "IF(Review!B2>0,'My sheet'!C3,\"\")",
        "_xlfn.XLOOKUP(A1,B1:B9,C1:C9)",
        "sum(a1,b2)",
        "risk_score*2",
        '"Total: "&TEXT(A1,"#,##0.0")',
        'SUMIFS(A:A,B:B,">="&C1)',
        "INDEX(Customers,MATCH(B1,C1:C9,0),2)",
        "SUMPRODUCT((A1:A9=B1)*C1:C9)",
        "TODAY()-A1",
        "+A1%",
        "#REF!+1",
    ],
)
def test_plain_formulas_are_trusted(text: str) -> None:
    assert reason(text) is None


@pytest.mark.parametrize(
    "text", ["A1:A3*2", "A1:A3", "IF(A1:A3>0,1,2)", "ABS(A1:A3)", "SUM(A1:A3*2)", "-A1:A3", "A1:A3&B1"]
)
def test_a_range_where_one_cell_is_meant_is_refused_in_an_ordinary_formula(text: str) -> None:
    assert "where one cell is meant" in (reason(text) or "")


@pytest.mark.parametrize("text", ["A1:A3*2", "A1:A3", "IF(A1:A3>0,1,2)", "SUM(A1:A3*2)", "SUM(IF(A1:A3>0,B1:B3))"])
def test_array_formulas_calculate_cell_by_cell(text: str) -> None:
    assert reason(text, array=True) is None


@pytest.mark.parametrize("text", ["ROUND(A1:A3,1)", "SUM(ABS(A1:A3))", "SUMPRODUCT(--ISNUMBER(A1:A3))"])
def test_functions_that_the_engine_does_not_calculate_cell_by_cell_are_refused(text: str) -> None:
    assert reason(text, array=True) is not None


@pytest.mark.parametrize(
    "spelled",
    [
        "CAPEX_SCORE",
        "capex_score",
        "[1]!CAPEX_SCORE",
        "[0]!CAPEX_SCORE",
        "'C:\\Users\\o''neil\\capexrisk.xlam'!CAPEX_SCORE",
        "capexrisk.xlam!CAPEX_SCORE",
        "_xldudf_CAPEX_SCORE",
        "_xldudf_capex_score",
    ],
)
def test_our_functions_are_known_in_every_stored_form(spelled: str) -> None:
    reading = read_formula(f"{spelled}(Inputs,A1:B2)", False, OURS)
    assert reading.reason is None
    assert reading.calls == {(spelled.upper(), "CAPEX_SCORE")}


def test_a_function_with_our_prefix_that_we_do_not_have_is_refused() -> None:
    assert "CAPEX_OTHER is not on the list" in (reason("CAPEX_OTHER(A1)") or "")


def test_a_table_of_ours_may_be_the_formula_or_an_argument_but_not_a_value() -> None:
    assert read_formula("CAPEX_STRESS(Inputs)", False, OURS).gives_table
    assert reason("SUM(CAPEX_STRESS(Inputs))") is None
    assert "out of the table that CAPEX_STRESS gives" in (reason("CAPEX_STRESS(Inputs)*2") or "")


def test_what_a_cell_must_not_hold_depends_on_what_is_done_with_it() -> None:
    assert bars("A1*B1") == {"A1": Bar.NUMERAL, "B1": Bar.NUMERAL}
    assert bars("A1=B1") == {"A1": Bar(0), "B1": Bar(0)}
    assert bars("SUM(A1:A9)") == {"A1:A9": Bar(0)}
    assert bars("IF(A1,B1,C1)*2") == {"A1": Bar.NUMERAL, "B1": Bar.NUMERAL, "C1": Bar.NUMERAL}
    assert bars("IF(A1>0,B1,C1)") == {"A1": Bar(0), "B1": Bar(0), "C1": Bar(0)}
    assert bars('SUMIFS(A1:A9,B1:B9,">"&C1)')["A1:A9"] == Bar.ERROR
    assert Bar.BLANK in bars("VLOOKUP(A1,B1:C9,2,FALSE)")["A1"]
    assert bars("INDEX(A1:A9,B1)*2")["A1:A9"] == Bar.NUMERAL


def test_what_an_if_has_asked_before_is_known_in_its_branch() -> None:
    assert bars("IF(ISNUMBER(A1),EDATE(A1,1),0)*2")["A1"] & (Bar.NUMERAL | Bar.BLANK) == Bar(0)
    assert Bar.NUMERAL in bars("IF(ISNUMBER(A1),0,EDATE(A1,1))")["A1"]
    assert Bar.BLANK not in bars('IF(A1="",0,EDATE(A1,1))')["A1"]
    assert Bar.BLANK in bars('IF(A1="",EDATE(A1,1),0)')["A1"]
    assert Bar.NUMERAL in bars("IF(OR(ISNUMBER(A1),B1),EDATE(A1,1),0)")["A1"]


def test_text_is_not_taken_for_a_number() -> None:
    for text in ('"1,234"*1', '"12"+1', "LEFT(A1,2)*1", "(A1&B1)*2", 'SUM("12")', 'ROUND("45%",1)'):
        assert "for a number" in (reason(text) or "") or "programs differ" in (reason(text) or ""), text


def test_a_number_is_not_taken_for_a_caption() -> None:
    assert reason('HYPERLINK("#A1","to "&A1)') is None
    for text in ('HYPERLINK("#A1",SUM(A1:A3))', 'HYPERLINK("#A1",A1*2)', 'HYPERLINK("#A1",5)'):
        assert reason(text) is not None


def test_searches_must_be_exact() -> None:
    assert reason("VLOOKUP(A1,B1:C9,2,FALSE)") is None
    assert reason("VLOOKUP(A1,B1:C9,2,0)") is None
    for text in ("VLOOKUP(A1,B1:C9,2)", "VLOOKUP(A1,B1:C9,2,TRUE)", "MATCH(A1,B1:B9)", "MATCH(A1,B1:B9,1)"):
        assert reason(text) is not None


@pytest.mark.parametrize(
    "text", ["1,234", "45%", "12", "$5", "2025-11-30", "1/2/2025", "30 Nov 2025", "(5)", " 7 ", "1E5", "9 am"]
)
def test_numerals(text: str) -> None:
    assert is_numeral(text)
    assert barred(text, Bar.NUMERAL)


@pytest.mark.parametrize("text", ["", "abc", "Q1 2025", "Tranche 1", "USD 5", "EMEA", "n/a"])
def test_no_numerals(text: str) -> None:
    assert not is_numeral(text)
    assert not barred(text, Bar.NUMERAL)


def test_plain_digits_are_no_odd_criterion() -> None:
    assert not barred("12", Bar.ODD_NUMERAL)
    assert not barred(">=2.5", Bar.ODD_NUMERAL)
    assert barred(">=1,234", Bar.ODD_NUMERAL)


def test_bars_for_numbers() -> None:
    assert barred(0.5, Bar.BELOW_ONE) and not barred(1.0, Bar.BELOW_ONE)
    assert barred(-1.0, Bar.NEGATIVE) and not barred(0.0, Bar.NEGATIVE)
    assert barred(1.5, Bar.FRACTION) and not barred(2.0, Bar.FRACTION)
    assert barred(60.0, Bar.EARLY) and not barred(61.0, Bar.EARLY)
    assert barred(None, Bar.BLANK) and barred("", Bar.BLANK) and not barred(0.0, Bar.BLANK)
    assert barred(object(), Bar.ERROR) and not barred("#N/A", Bar.ERROR)


def test_references_keep_sheet_and_area() -> None:
    (reference,) = read_formula("SUM('it''s a sheet'!$B$2:C3)", False, OURS).references
    assert (reference.sheet, reference.area) == ("it's a sheet", Area(2, 2, 3, 3))
    (column,) = read_formula("SUM(C:B)", False, OURS).references
    assert column.area == Area(1, 2, 1_048_576, 3)


def test_the_list_names_known_kinds_and_only_functions_on_it() -> None:
    known = trust_list()
    assert len(known.functions) > 180
    assert known.lifted <= set(known.functions)
    assert {word for item in known.functions.values() for word in (*item.first, *item.repeated)} <= set(KINDS)


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused_with_a_reason(text: str) -> None:
    reading = read_formula(text, False, OURS)
    assert reading.reason != ""
