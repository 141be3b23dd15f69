"""The evaluation of whole workbooks with small functions of our own instead of the product's."""

import time
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_books import Content, F, small_book

from capexrisk_workbooks.evaluation.engine import Evaluation, evaluate
from capexrisk_workbooks.ooxml.book import Book
from capexrisk_workbooks.ooxml.cells import CellError, Value, address
from capexrisk_workbooks.ooxml.unusable import UnusableFile

NOT_AVAILABLE = CellError("#N/A")


class WrongCallError(Exception):
    """What functions raise for a call that is wrong in itself."""


class Calls(list[tuple[Any, ...]]):
    """A function that remembers what it was called with."""

    def __init__(self, gives: Any = 7.0) -> None:
        self.gives = gives

    def __call__(self, *arguments: Any) -> Any:
        self.append(arguments)
        if isinstance(self.gives, BaseException):
            raise self.gives
        return self.gives


def evaluated(
    cells: Mapping[str, Content],
    functions: Mapping[str, Any] | None = None,
    tables: Mapping[str, Any] | None = None,
    other: Mapping[str, Content] | None = None,
    **book: Any,
) -> Evaluation:
    """A workbook of the sheet S, and of the sheet "Other one" when it is given, evaluated."""
    sheets = {"S": cells} if other is None else {"S": cells, "Other one": other}
    known = {name: (call, False) for name, call in (functions or {}).items()}
    known |= {name: (call, True) for name, call in (tables or {}).items()}
    return evaluate(Book.read(small_book(sheets, **book)), known, WrongCallError)


def values(evaluation: Evaluation, sheet: str = "S") -> dict[str, Value]:
    return {address(*spot): value for spot, value in evaluation.values.get(sheet, {}).items()}


def reasons(evaluation: Evaluation) -> dict[str, str]:
    return {f"{kept.sheet}!{kept.cell}": kept.reason for kept in evaluation.kept}


def test_formulas_of_the_user_follow_our_functions_across_sheets_and_names() -> None:
    found = evaluated(
        {"A1": 5, "B1": F("CAPEX_X(A1)", 1.0), "B2": F("score*2", 2.0)},
        {"CAPEX_X": lambda number: number + 1},
        other={"A1": F("S!B2+'Other one'!B1", 3.0), "B1": 0.5},
        names={"score": "S!$B$1"},
    )
    assert values(found) == {"B1": 6.0, "B2": 12.0}
    assert values(found, "Other one") == {"A1": 12.5}
    assert found.kept == ()


def test_every_kind_of_value_comes_back() -> None:
    found = evaluated(
        {
            "A1": F('"a"&" "'),
            "A2": F("1/4"),
            "A3": F("1=1"),
            "A4": F("1/0"),
            "A5": F("NA()"),
            "A6": F("Z9"),
            "A7": F('""'),
            "A8": F("SQRT(-1)"),
            "A9": F("DATE(2025,11,30)"),
            "B1": F("#REF!"),
        }
    )
    assert values(found) == {
        "A1": "a ",
        "A2": 0.25,
        "A3": True,
        "A4": CellError("#DIV/0!"),
        "A5": NOT_AVAILABLE,
        "A6": 0.0,
        "A7": "",
        "A8": CellError("#NUM!"),
        "A9": 45991.0,
        "B1": CellError("#REF!"),
    }


@pytest.mark.parametrize(
    "form",
    ["CAPEX_X", "[1]!CAPEX_X", "[0]!capex_x", "'C:\\add ins\\[c.xlam]'!CAPEX_X", "c.xlam!Capex_X", "_xldudf_CAPEX_X"],
)
def test_our_functions_are_called_in_every_form_in_which_files_hold_them(form: str) -> None:
    found = evaluated({"A1": 2, "B1": F(f"{form}(A1)*10")}, {"CAPEX_X": lambda number: number + 1})
    assert values(found) == {"B1": 30.0}


def test_arguments_arrive_as_they_stand_in_cells() -> None:
    call = Calls()
    cells: dict[str, Content] = {"A1": 1, "A2": "text", "A3": True, "A4": None, "B1": CellError("#N/A"), "B2": -2.5}
    evaluated({**cells, "D1": F('CAPEX_X(A1:B4,A2,A4,"x",2,A1:A1,B1)')}, {"CAPEX_X": call})
    error = {"type": "Error", "kind": "Na"}
    rows = [[1.0, error], ["text", -2.5], [True, None], [None, None]]
    assert call == [(rows, "text", None, "x", 2.0, 1.0, error)]


def test_an_argument_left_out_is_none_and_zero_is_zero() -> None:
    call = Calls()
    evaluated({"A1": F("CAPEX_X(1,,0)"), "A2": F("CAPEX_X(,)"), "A3": F("CAPEX_X()")}, {"CAPEX_X": call})
    assert sorted(call, key=len) == [(), (None, None), (1.0, None, 0.0)]


def test_a_range_is_handed_over_once_for_all_functions() -> None:
    first, second = Calls(), Calls()
    cells: dict[str, Content] = {f"A{row}": row for row in range(1, 4)}
    found = evaluated(
        {**cells, "B1": F("CAPEX_X(Inputs)"), "B2": F("CAPEX_Y(S!$A$1:$A$3,Inputs)")},
        {"CAPEX_X": first, "CAPEX_Y": second},
        names={"Inputs": "S!$A$1:$A$3"},
    )
    ((rows,),) = first
    assert rows == [[1.0], [2.0], [3.0]]
    assert second[0][0] is rows and second[0][1] is rows
    assert values(found) == {"B1": 7.0, "B2": 7.0}


def test_a_held_range_holds_what_formulas_in_it_give() -> None:
    call = Calls()
    evaluated({"A1": F("A2*2", 99.0), "A2": 4, "B1": F("CAPEX_X(A1:A2)")}, {"CAPEX_X": call})
    assert call == [([[8.0], [4.0]],)]


def test_numbers_that_no_cell_holds_are_errors_at_once() -> None:
    found = evaluated(
        {"A1": F("CAPEX_X()"), "A2": F('IFERROR(CAPEX_X(),"none")'), "A3": F("CAPEX_T()", fills="A3:A4")},
        {"CAPEX_X": Calls(float("nan"))},
        {"CAPEX_T": Calls([[float("inf")], [1.0]])},
    )
    assert values(found) == {"A1": CellError("#NUM!"), "A2": "none", "A3": CellError("#NUM!"), "A4": 1.0}


def test_functions_may_give_error_values() -> None:
    found = evaluated({"A1": F("CAPEX_X()"), "A2": F("IFERROR(CAPEX_X(),1)")}, {"CAPEX_X": Calls(CellError("#DIV/0!"))})
    assert values(found) == {"A1": CellError("#DIV/0!"), "A2": 1.0}


def test_a_call_that_is_wrong_in_itself_is_an_error_in_its_cell() -> None:
    found = evaluated({"A1": F("CAPEX_X()"), "A2": F("1+1")}, {"CAPEX_X": Calls(WrongCallError("no such scenario"))})
    assert values(found) == {"A1": CellError("#VALUE!"), "A2": 2.0}


@pytest.mark.parametrize("error", [ZeroDivisionError("a fault"), KeyboardInterrupt(), SystemExit()])
def test_what_else_a_function_raises_comes_out(error: BaseException) -> None:
    with pytest.raises(type(error)):
        evaluated({"A1": F("IFERROR(CAPEX_X(),0)")}, {"CAPEX_X": Calls(error)})


def test_a_table_fills_its_block_and_what_depends_on_it_follows() -> None:
    found = evaluated(
        {
            "A1": F("CAPEX_T()", "old", fills="A1:C3"),
            "A2": "old",
            "B1": "old",
            "C3": "old",
            "E1": F("B2&C3"),
            "E2": F("COUNTA(A1:C3)"),
        },
        tables={"CAPEX_T": Calls([["a", "b", "c"], [1.0, "x", ""], [True, 2.0, "end"]])},
    )
    block = {"A1": "a", "B1": "b", "C1": "c", "A2": 1.0, "B2": "x", "C2": "", "A3": True, "B3": 2.0, "C3": "end"}
    assert values(found) == {**block, "E1": "xend", "E2": 9.0}


@pytest.mark.parametrize("form", ["CAPEX_T()", " CAPEX_T( )", "(CAPEX_T())", "CAPEX_T(CAPEX_X())", "IF(1=1,CAPEX_T())"])
def test_a_result_smaller_than_its_block_is_padded(form: str) -> None:
    found = evaluated(
        {"A1": F(form, fills="A1:B3")}, {"CAPEX_X": Calls()}, {"CAPEX_T": Calls([[1.0, 2.0], [3.0, 4.0]])}
    )
    missing = {"A3": NOT_AVAILABLE, "B3": NOT_AVAILABLE}
    assert values(found) == {"A1": 1.0, "B1": 2.0, "A2": 3.0, "B2": 4.0, **missing}


def test_a_table_in_one_cell_gives_its_first_value() -> None:
    found = evaluated({"A1": F("CAPEX_T()"), "A2": 5, "B1": 6}, tables={"CAPEX_T": Calls([["x", "y"], [1.0, 2.0]])})
    assert values(found) == {"A1": "x"}
    assert found.kept == ()


def test_a_dynamic_array_keeps_its_size_or_its_values() -> None:
    cells: dict[str, Content] = {
        "A1": F("CAPEX_T()", "old", fills="A1:B1", dynamic=True),
        "A3": F("CAPEX_T()", "old", fills="A3:B4", dynamic=True),
        "D1": F("A1&B1"),
        "D2": F('A3&"!"', "old!"),
        "D3": F("SUM(1,2)", fills="D3", dynamic=True),
    }
    found = evaluated(cells, tables={"CAPEX_T": Calls([["x", "y"]])})
    assert values(found) == {"A1": "x", "B1": "y", "D1": "xy", "D3": 3.0}
    assert set(reasons(found)) == {"S!A3", "S!D2"}
    assert "would take 1 × 2 cells instead of A3:B4" in reasons(found)["S!A3"]


def test_shared_formulas_are_evaluated_for_each_member() -> None:
    found = evaluated(
        {
            "A1": 1,
            "A2": 2,
            "A3": 3,
            "B1": F("A1*$A$3", attributes=' t="shared" ref="B1:B3" si="0"'),
            "B2": F("", 9.0, attributes=' t="shared" si="0"'),
            "B3": F("", 9.0, attributes=' t="shared" si="0"'),
        }
    )
    assert values(found) == {"B1": 3.0, "B2": 6.0, "B3": 9.0}


def test_members_of_volatile_blocks_and_data_tables_are_no_formulas_of_their_own() -> None:
    found = evaluated(
        {
            "A1": F("CAPEX_T()", 1.0, fills="A1:A2"),
            "A2": F("", 2.0, attributes=' ca="1"'),
            "C1": F("", 5.0, attributes=' ca="1"'),
            "C2": F("C1*2"),
            "E1": F("", 8.0, attributes=' t="dataTable" ref="E1:E2" dt2D="0" dtr="0" r1="A9"'),
            "E2": 9,
            "F1": F("E2+1", 10.0),
        },
        tables={"CAPEX_T": Calls([[3.0], [4.0]])},
    )
    assert values(found) == {"A1": 3.0, "A2": 4.0, "C2": 10.0}
    assert set(reasons(found)) == {"S!E1", "S!F1"}


def test_what_is_not_trusted_keeps_its_value_and_so_does_all_that_depends_on_it() -> None:
    found = evaluated(
        {
            "A1": F("GETPIVOTDATA(Z1)", 5.0),
            "A2": F("A1+1", 6.0),
            "A3": F("SUM(A2:A2)", 6.0),
            "A4": F("far*2", 12.0),
            "A5": F("SUM(A:A)", 29.0),
            "B1": F("IFERROR(A1,0)", 5.0),
            "B2": F("CAPEX_X(A1:A9)", 1.0),
            "B3": F("CAPEX_T(A3)", "kept", fills="B3:B4"),
            "B4": "kept too",
            "B5": F('B4&"!"', "kept too!"),
            "C1": F("1+1", 0.0),
        },
        {"CAPEX_X": Calls()},
        {"CAPEX_T": Calls([["new"], ["new"]])},
        other={"A1": F("S!A4-1", 11.0), "A2": F("S!C1", 0.0)},
        names={"far": "S!$A$3"},
    )
    assert values(found) == {"C1": 2.0}
    assert values(found, "Other one") == {"A2": 2.0}
    cells = {"A1", "A2", "A3", "A4", "A5", "B1", "B2", "B3", "B5"}
    assert set(reasons(found)) == {f"S!{cell}" for cell in cells} | {"Other one!A1"}
    assert "GETPIVOTDATA" in reasons(found)["S!A1"]
    assert reasons(found)["S!A2"] == "it depends on 'S'!A1, which is kept"


def test_functions_of_cells_that_are_kept_are_not_called() -> None:
    call = Calls()
    evaluated({"A1": F("OFFSET(B1,0,0)", 5.0), "A2": F("CAPEX_X(A1)", 1.0)}, {"CAPEX_X": call})
    assert call == []


@pytest.mark.parametrize(
    "text", ["[1]Sheet1!A1+1", "IFERROR('[2]My sheet'!$B$2,0)", "[3]!rate", "'C:\\x\\[b.xlsx]S'!A1", "SUM([4]S!A:A)"]
)
def test_references_to_other_workbooks_cost_their_cell_alone(text: str) -> None:
    found = evaluated({"A1": F(text, 5.0), "A2": F("1+1")})
    assert values(found) == {"A2": 2.0}
    assert "another workbook" in reasons(found)["S!A1"]


@pytest.mark.parametrize(
    ("name", "stands_for"),
    [
        ("rate", "OFFSET(S!$B$1,0,0)"),
        ("rate", "S!$B$1,S!$B$2"),
        ("rate", "S!B1"),
        ("rate", "[1]S!$B$1"),
        ("rate", "LAMBDA(x,x+1)"),
        ("rate", "S!$B$1*2"),
        ("rate", "Gone!$B$1"),
        ("other", "S!$B$1"),
    ],
)
def test_names_that_do_not_stand_for_fixed_cells_are_not_trusted(name: str, stands_for: str) -> None:
    found = evaluated({"A1": F("rate*2", 5.0), "B1": 1}, names={name: stands_for})
    assert "the name rate" in reasons(found)["S!A1"]


@pytest.mark.parametrize(
    ("stands_for", "value"), [("S!$B$1", 6.0), ("'S'!$B$1", 6.0), ("0.25", 0.5), ("-1.5E2", -300.0), ("TRUE", 2.0)]
)
def test_names_of_cells_and_numbers_are_resolved_in_any_case(stands_for: str, value: float) -> None:
    found = evaluated({"A1": F("RATE_*2"), "B1": 3}, names={"Rate_": stands_for})
    assert values(found) == {"A1": value}


def test_a_name_of_a_sheet_stands_before_that_of_the_workbook() -> None:
    found = evaluated(
        {"A1": F("rate_"), "B1": 3, "B2": 4},
        other={"A1": F("rate_")},
        names={"rate_": "S!$B$1"},
        local_names={"rate_": "S!$B$2"},
    )
    assert (values(found), values(found, "Other one")) == ({"A1": 4.0}, {"A1": 3.0})


def test_what_depends_on_a_name_of_a_sheet_is_kept_with_its_cell() -> None:
    found = evaluated(
        {"A1": F("rate_", 4.0), "B1": 3, "B2": F("RAND()", 4.0)},
        other={"A1": F("rate_")},
        names={"rate_": "S!$B$1"},
        local_names={"rate_": "S!$B$2"},
    )
    assert set(reasons(found)) == {"S!A1", "S!B2"}
    assert values(found, "Other one") == {"A1": 3.0}


def test_a_range_by_name_is_no_single_value() -> None:
    found = evaluated({"A1": F("area*2", 5.0), "A2": F("SUM(area)"), "B1": 1, "B2": 2}, names={"area": "S!$B$1:$B$2"})
    assert values(found) == {"A2": 3.0}
    assert reasons(found) == {"S!A1": "where one cell is meant it names the range area"}


@pytest.mark.parametrize("text", ["1,234", "45%", "12", "2025-11-30", "$5"])
def test_text_that_excel_may_take_for_a_number_is_not_guessed_at(text: str) -> None:
    found = evaluated({"A1": text, "B1": F("A1*2", 5.0), "B2": F("IFERROR(A1*2,0)", 5.0), "B3": F("LEN(A1)")})
    assert values(found) == {"B3": float(len(text))}
    assert "text that looks like a number" in reasons(found)["S!B1"]


def test_text_that_is_computed_is_looked_at_too() -> None:
    found = evaluated({"A1": F('TEXT(1234,"#,##0")'), "B1": F("A1*2", 5.0), "B2": F("B1+1", 6.0), "C1": F("A2*2")})
    assert values(found) == {"A1": "1,234", "C1": 0.0}
    assert set(reasons(found)) == {"S!B1", "S!B2"}


def test_plain_text_in_a_calculation_is_an_error_as_in_excel() -> None:
    assert values(evaluated({"A1": "abc", "B1": F("A1*2")})) == {"B1": CellError("#VALUE!")}


def test_an_error_in_a_sum_by_criterion_is_not_passed_over() -> None:
    cells: dict[str, Content] = {"A1": 1, "A2": CellError("#N/A"), "A3": 3, "B1": "x", "B2": "x", "B3": "y"}
    found = evaluated({**cells, "C1": F('SUMIFS(A1:A3,B1:B3,"x")', 5.0), "C2": F('SUMIFS(A:A,B:B,"y")', 5.0)})
    assert values(found) == {}
    assert "an error value" in reasons(found)["S!C1"]


def test_whole_columns_are_looked_through_to_their_end() -> None:
    cells: dict[str, Content] = {"A1": 1, "C40": CellError("#N/A"), "D1": F("SUMIFS(C:C,A:A,1)", 5.0)}
    assert set(reasons(evaluated(cells))) == {"S!D1"}
    assert values(evaluated({**cells, "C40": 2})) == {"D1": 0.0}


def test_rows_of_whole_columns_stand_side_by_side() -> None:
    cells: dict[str, Content] = {"A1": 1, "C40": 2, "D1": F("SUMIFS(C:C,A:A,1)"), "D2": F("INDEX(A:A,50)&1")}
    cells |= {"D3": F("INDEX($1:$40,40,3)", 5.0), "E1": F("CAPEX_X(A:A)", 5.0), "E2": F("SUMPRODUCT(A:A,C:C)", 5.0)}
    cells |= {"D4": F("INDEX('Other one'!$2:9,3,2)")}
    found = evaluated(cells, {"CAPEX_X": Calls()}, other={"A2": 7, "B4": 8})
    assert values(found) == {"D1": 0.0, "D2": "1", "D4": 8.0}
    assert set(reasons(found)) == {"S!D3", "S!E1", "S!E2"}


def test_text_that_no_cell_holds_is_not_written() -> None:
    found = evaluated({"A1": F('REPT("x",32767)'), "A2": F('A1&"y"', "old"), "A3": F("LEN(A2)", 3.0)})
    assert set(values(found)) == {"A1"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.1+0.2=0.3", True),
        ("IF(SUM(0.1,0.2,0.3)=0.6,1,2)", 1.0),
        ("A1+A2-A3", 0.0),
        ("A3-A1-A2", 0.0),
        ('0.1+0.2&""', "0.3"),
        ('1/3&"!"', "0.333333333333333!"),
        ("LEN(1/3)", 17.0),
        ('">="&A1+A2', ">=0.3"),
        ("B9=0", True),
        ('B9=""', True),
        ('B9&"x"', "x"),
        ('"abc"="ABC"', True),
        ("TRUE>5", True),
        ('"a">5', True),
        ("A4>A1", True),
        ("NA()=1", CellError("#N/A")),
        ("A4+1", CellError("#VALUE!")),
        ("1E+308+1E+308", CellError("#NUM!")),
        ("INT(2.9999)", 2.0),
    ],
)
def test_numbers_are_taken_as_excel_shows_them(text: str, value: Value) -> None:
    found = evaluated({"A1": 0.1, "A2": 0.2, "A3": 0.3, "A4": "text", "C1": F(text)})
    assert values(found) == {"C1": value}


def test_long_numbers_in_cells_are_spelled_with_fifteen_digits() -> None:
    found = evaluated({"A1": F("1/3"), "A2": F('A1&"x"'), "A3": F('third&""'), "A4": 0.1}, names={"third": "S!$A$1"})
    assert values(found) == {"A1": 1 / 3, "A2": "0.333333333333333x", "A3": "0.333333333333333"}


def test_an_empty_text_is_no_number() -> None:
    assert values(evaluated({"A1": F('""'), "A2": F("A1+1")}))["A2"] == CellError("#VALUE!")


@pytest.mark.parametrize(
    "text", ["A1+A2-A3=0", "INT(0.3/A1)", "MOD(A3,A1)", "ROUNDUP(A1*1.1*10,2)", '1E+20&""', '1E-7&"x"', '"é"&"">"f"']
)
def test_where_the_last_digits_decide_the_value_is_kept(text: str) -> None:
    found = evaluated({"A1": 0.1, "A2": 0.2, "A3": 0.3, "C1": F(text, 5.0)})
    assert set(reasons(found)) == {"S!C1"}


def test_circular_formulas_keep_their_values_with_iteration_too() -> None:
    cells: dict[str, Content] = {"A1": F("B1+1", 2.0), "B1": F("A1/2", 1.0), "C1": F("A1*2", 4.0), "D1": F("1+1")}
    for settings in ("", '<calcPr calcId="191029" iterate="1"/>', "<calcPr iterateCount='5' iterate = 'true'/>"):
        found = evaluated(cells, settings=settings)
        assert values(found) == {"D1": 2.0}
        assert set(reasons(found)) == {"S!A1", "S!B1", "S!C1"}


def test_a_circle_through_whole_columns_costs_only_itself_and_what_depends_on_it() -> None:
    cells = {"A1": F("SUM('Other one'!B:B)", 2.0), "A2": F("A1*2", 4.0), "A3": F("1+1"), "A4": F("CAPEX_X(A1)", 5.0)}
    other = {"A1": F("CAPEX_T(S!A1:A2)", 1.0, "A1:C4"), "D1": F("S!A3*2")}
    found = evaluated(cells, {"CAPEX_X": Calls()}, {"CAPEX_T": Calls([[1.0] * 3] * 4)}, other)
    assert (values(found), values(found, "Other one")) == ({"A3": 2.0}, {"D1": 4.0})
    assert set(reasons(found)) == {"S!A1", "S!A2", "S!A4", "Other one!A1"}


def test_formulas_that_change_by_themselves_are_named_with_what_depends_on_them() -> None:
    found = evaluated(
        {"A1": F("TODAY()"), "A2": F("A1-1"), "A3": F("SUM(A1:A2)"), "A4": F("1+1"), "A5": F("CAPEX_X(A3)")},
        {"CAPEX_X": Calls()},
        other={"A1": F("YEAR(S!A2)"), "A2": F("S!A4")},
    )
    named = {sheet: {address(*spot) for spot in spots} for sheet, spots in found.volatile.items()}
    assert named == {"S": {"A1", "A2", "A3", "A5"}, "Other one": {"A1"}}


def test_random_numbers_are_kept() -> None:
    found = evaluated({"A1": F("RAND()", 0.5), "A2": F("ROUND(A1,0)", 1.0)})
    assert set(reasons(found)) == {"S!A1", "S!A2"}
    assert found.volatile == {}


def test_dates_follow_the_calendar_of_the_workbook() -> None:
    cells: dict[str, Content] = {"A1": F("DATE(2025,11,30)"), "A2": 44529, "A3": F("YEAR(A2)")}
    assert values(evaluated(cells, date1904=True)) == {"A1": 44529.0, "A3": 2025.0}
    assert values(evaluated(cells)) == {"A1": 45991.0, "A3": 2021.0}


def test_a_formula_inside_the_block_of_another_does_no_harm() -> None:
    found = evaluated({"A1": F("CAPEX_T()", 1.0, fills="A1:A3"), "A2": F("1+1", 2.0), "B1": F("3+3")},
                      tables={"CAPEX_T": Calls([[7.0], [8.0], [9.0]])})  # fmt: skip
    assert values(found)["B1"] == 6.0
    assert "S!A1" in reasons(found)


def test_a_block_of_the_whole_sheet_is_not_filled() -> None:
    started = time.perf_counter()
    found = evaluated({"A1": 5, "B1": F("1+1"), "B2": F("SUM(D4:D5)")}, other={"A1": F("5", 5.0), "Z9": F("A1")})
    assert found.kept == ()
    rows = {"A1": F("S!A1", 1.0, attributes=' t="array" ref="A1:XFD1048576"')}
    found = evaluated({"A1": 5, "B1": F("'Other one'!Z9", 3.0)}, other=rows)
    assert "it fills 17,179,869,184 cells" in reasons(found)["Other one!A1"]
    assert "S!B1" in reasons(found)
    assert time.perf_counter() - started < 5


def test_long_chains_of_dependents_are_followed_in_time() -> None:
    cells: dict[str, Content] = {"A1": F("RAND()", 0.5)}
    cells |= {f"A{row}": F(f"A{row - 1}+1", float(row)) for row in range(2, 20_000)}
    cells |= {f"B{row}": F(f"SUM(A$1:A${row})", 1.0) for row in range(1, 200)}
    started = time.perf_counter()
    found = evaluated(cells)
    assert len(found.kept) == len(cells)
    assert time.perf_counter() - started < 20


def test_a_workbook_without_formulas_has_nothing_to_evaluate() -> None:
    assert evaluated({"A1": 5}) == Evaluation({}, (), {})


def test_workbooks_with_the_same_formulas_do_not_share_values() -> None:
    for number in (1, 2, 3):
        found = evaluated({"A1": number, "B1": F("CAPEX_X(A1)*2")}, {"CAPEX_X": lambda value: value})
        assert values(found) == {"B1": number * 2.0}


def test_a_kept_formula_says_so_in_a_sentence() -> None:
    (kept,) = evaluated({"B7": F("RAND()", 1.0)}).kept
    assert (
        str(kept)
        == "S!B7 keeps its value, because the function RAND is not on the list of those that are recalculated."
    )
    assert kept.formula == "RAND()"


@given(
    st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6), st.booleans(), st.sampled_from(["", "abc", "12", "1,234"])),
             min_size=3, max_size=3),
    st.lists(st.sampled_from(
        ["A1+A2", "A1&A3", "SUM(A1:A3)", "IF(A1>A2,A3,A1)", "A1=A2", "COUNT(A1:A3)", "B1*2", "B2&B1", "SUM(B1:B2)",
         "NOPE(A1)", "MAX(A1:A3)/A2", "IFERROR(A1/A2,B1)", "CAPEX_X(A1:A3)", "CAPEX_X(B1)"]), min_size=3, max_size=3),
)  # fmt: skip
def test_every_formula_is_either_evaluated_or_kept(inputs: list[Any], formulas: list[str]) -> None:
    cells: dict[str, Content] = {f"A{row}": value for row, value in enumerate(inputs, 1)}
    cells |= {f"B{row}": F(text, 1.0) for row, text in enumerate(formulas, 1)}
    try:
        found = evaluated(cells, {"CAPEX_X": lambda value: 1.0})
    except UnusableFile:
        raise AssertionError("A file must not be lost to a formula.") from None
    kept = {kept.cell for kept in found.kept}
    assert kept | set(values(found)) == {"B1", "B2", "B3"}
    assert not kept & set(values(found))
