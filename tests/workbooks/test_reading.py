import io
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from calc import Calc
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.workbook.defined_name import DefinedName
from random_reviews import reviews

from capexrisk import Reviews, assess, template
from capexrisk.records import Record, read_record
from capexrisk_workbooks.blank import make, template_bytes
from capexrisk_workbooks.ooxml.unusable import Unreadable
from capexrisk_workbooks.reading import NAMES, NotAReview, Read, read_review

RECORD: dict[str, Any] = {
    "inputs": {
        "entity": "Alpha Grid",
        "review_type": "Pitch",
        "period_end": "2025-12-31",
        "currency": "EUR",
        "unit": "",
        "annual_capex": {"value": 0.1 + 0.2, "basis": "filing", "source": "10-K note 4"},
        "cash": 1e-7,
        "operating_income": -12.5,
        "gross_margin": 1 / 3,
        "margin_includes_depreciation": "No",
        "guarantees": 0,
    },
    "customers": [
        {"customer": "Bergwerk", "kind": "Enterprise", "revenue": 7.25, "backlog": 0, "source": "ledger"},
        {"customer": "Nåra Cloud", "kind": "Consumer", "revenue": 3, "take_or_pay": "Yes"},
    ],
    "questions": [{"status": "Partial", "answer": "claims", "source": "memo"}, {}, {}, {"status": "None"}],
    "three_part": {"behaviour": "faster claims", "segment": "insurers"},
    "scenarios": [{"scenario": "strike", "label": "Staff strikes", "utilization": 0.123456789012345}],
}


def plain(rows: list[list[Any]]) -> bytes:
    """A workbook written by hand: `rows` on a sheet "Mine", its Inputs in columns B and C."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet
    sheet.title = "Mine"
    for row in rows:
        sheet.append(row)
    customers = book.create_sheet("Payers")
    customers.append(["Revenue", "Note", "Customer", "Kind"])
    customers.append([5, "", "Bergwerk", "Enterprise"])
    scenarios = book.create_sheet("Shocks")
    scenarios.append(["Label", "Scenario", "Price"])
    scenarios.append(["Own", "own", 0.25])
    questions = book.create_sheet("Talk")
    questions.append(["Source", "Question", "Answer", "Status"])
    questions.append(["memo", template.QUESTIONS[1].text, "Bergwerk", "Evidence"])
    areas = {
        "Inputs": f"Mine!$B$1:$C${len(rows)}",
        "Customers": "Payers!$A$1:$D$9",
        "Scenarios": "Shocks!$A$1:$C$9",
        "Questions": "Talk!$A$1:$D$9",
    }
    for name, text in areas.items():
        book.defined_names[name] = DefinedName(name, attr_text=text)
    return saved(book)


def saved(book: openpyxl.Workbook) -> bytes:
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def changed(data: bytes, name: str, text: str | None) -> bytes:
    """The workbook with a defined name leading elsewhere, or gone."""
    book = openpyxl.load_workbook(io.BytesIO(data))
    del book.defined_names[name]
    if text is not None:
        book.defined_names[name] = DefinedName(name, attr_text=text)
    return saved(book)


def same(record: object, read: Read) -> None:
    """What went in came back; scenarios are those that went in, among the policy's."""
    before, after = read_record(record), read_record(read.record)
    assert after.inputs == before.inputs
    assert after.customers == before.customers
    assert after.questions == before.questions
    assert after.three_part == before.three_part
    assert after.sources == before.sources
    assert texts(after) == texts(before)
    rows = {str(row["scenario"]).casefold(): row for row in after.scenarios}
    for row in before.scenarios:
        found = rows[str(row["scenario"]).casefold()]
        assert {**row, "label": row["label"] or found["label"]} == found


def texts(record: Record) -> list[str]:
    return [finding.text for finding in record.findings if finding.table != "scenarios"]


def test_what_went_in_comes_back() -> None:
    same(RECORD, read_review(template_bytes(RECORD)))


@settings(max_examples=25, deadline=None)
@given(reviews())
def test_any_review_comes_back(record: dict[str, Any]) -> None:
    same(record, read_review(template_bytes(record)))


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.text(max_size=40), min_size=6, max_size=6),
    st.lists(st.floats(-1e18, 1e18), min_size=3, max_size=3),
    st.dates(),
)
def test_any_text_number_and_day_comes_back(texts: list[str], numbers: list[float], day: date) -> None:
    entity, source, name, answer, behaviour, label = texts
    record = {
        "inputs": {
            "entity": entity,
            "period_end": day.isoformat(),
            "cash": {"value": numbers[0], "source": source},
            "operating_cash_flow": numbers[1],
        },
        "customers": [{"customer": name, "kind": "Other", "revenue": numbers[2]}],
        "questions": [{"answer": answer, "source": source}],
        "three_part": {"behaviour": behaviour},
        "scenarios": [{"scenario": "own", "label": label, "volume": 0.1}],
    }
    same(record, read_review(template_bytes(record)))


@pytest.mark.parametrize("day", ["1900-01-15", "1900-03-01", "0999-12-31", "9999-12-31"])
def test_days_come_back_even_those_that_spreadsheet_programs_count_differently(day: str) -> None:
    read = read_review(template_bytes({"inputs": {"period_end": day}}))
    assert read_record(read.record).inputs["period_end"] == day


def test_numbers_come_back_to_the_last_bit_and_dates_and_units_as_they_were() -> None:
    inputs = read_record(read_review(template_bytes(RECORD)).record).inputs
    assert inputs["annual_capex"] == 0.1 + 0.2 and inputs["gross_margin"] == 1 / 3 and inputs["cash"] == 1e-7
    assert (inputs["period_end"], inputs["unit"], inputs["guarantees"]) == ("2025-12-31", "", 0.0)
    assert inputs["total_debt"] is None


def test_sources_come_back_with_their_basis() -> None:
    assert read_review(template_bytes(RECORD)).sources == {"annual_capex": "filing: 10-K note 4"}


def test_a_recalculated_workbook_reads_as_the_data_it_was_made_from() -> None:
    read = read_review(make(RECORD))
    before, after = (assess(Reviews.from_records([record])).result(0) for record in (RECORD, read.record))
    assert [finding.text for finding in after.findings] == [finding.text for finding in before.findings]
    assert read.template_version == template.TEMPLATE_VERSION


def test_every_value_has_its_cell() -> None:
    data = template_bytes(RECORD)
    cells = read_review(data).cells
    book = openpyxl.load_workbook(io.BytesIO(data))

    def held(table: str, row: int | None, key: str) -> object:
        sheet, address = cells[table, row, key].split("!")
        return book[sheet][address].value

    assert held("inputs", None, "cash") == 1e-7
    assert held("customers", 1, "customer") == "Nåra Cloud"
    assert held("questions", 0, "answer") == "claims"
    assert held("three_part", None, "segment") == "insurers"
    assert held("scenarios", 13, "utilization") == 0.123456789012345
    assert held("customers", None, "revenue") == "Revenue"


def test_order_of_rows_and_columns_does_not_count() -> None:
    rows = [
        ["", "Cash and liquid investments", 60],
        ["", "What is the spend?", None],
        [],
        ["", "ENTITY ", "Alpha Grid"],
        ["x", "  annual   capex", 12],
    ]
    read = read_review(plain(rows))
    assert {key: value for key, value in read.record["inputs"].items() if value is not None} == {
        "cash": 60,
        "entity": "Alpha Grid",
        "annual_capex": 12,
    }
    record = read_record(read.record)
    assert (record.customers[0]["customer"], record.customers[0]["revenue"]) == ("Bergwerk", 5)
    assert record.scenarios[0]["price"] == 0.25
    assert record.questions[1] == {"status": "Evidence", "answer": "Bergwerk", "source": "memo"}
    assert read.cells["inputs", None, "cash"] == "Mine!C1"
    assert read.cells["customers", 0, "customer"] == "Payers!C2"


def test_a_column_inserted_between_labels_and_inputs_is_not_taken_for_the_inputs() -> None:
    book = openpyxl.load_workbook(io.BytesIO(plain([["", "Item", "Note"], ["", "Entity", "old name", "Alpha Grid"]])))
    book["Mine"]["D1"] = "Input"
    data = changed(saved(book), "Inputs", "Mine!$B$1:$D$2")
    assert read_review(data).record["inputs"]["entity"] == "Alpha Grid"


def test_a_renamed_label_is_a_finding_that_names_it_and_its_cell() -> None:
    book = openpyxl.load_workbook(io.BytesIO(template_bytes(RECORD)))
    cell = next(cell for cell in book["Review"]["B"] if cell.value == "Annual capex")
    cell.value = "Yearly capex"
    read = read_review(saved(book))
    record = read_record(read.record)
    missing = [finding for finding in record.findings if finding.key == "annual_capex"]
    assert "'Annual capex' is not in the range Inputs" in missing[0].text
    wrong = next(finding for finding in record.findings if "Yearly capex" in finding.text)
    assert read.cells[wrong.table, wrong.row, wrong.key] == f"Review!C{cell.row}"


def test_a_renamed_header_is_a_finding_that_names_it() -> None:
    book = openpyxl.load_workbook(io.BytesIO(template_bytes(RECORD)))
    book["Customers"]["D6"] = "Turnover"
    found = [finding.text for finding in read_record(read_review(saved(book)).record).findings]
    assert any("'Revenue' is not in the range Customers" in text for text in found)
    assert any("'Turnover'" in text for text in found)


def test_an_error_in_an_input_is_a_finding() -> None:
    book = openpyxl.load_workbook(io.BytesIO(template_bytes(RECORD)))
    row = next(cell.row for cell in book["Review"]["B"] if cell.value == "Total debt")
    cell = book["Review"].cell(row, 3, "#N/A")
    cell.data_type = "e"
    found = [finding.text for finding in read_record(read_review(saved(book)).record).findings]
    assert any("Total debt" in text and "#N/A" in text for text in found)


def test_new_values_stand_in_for_those_of_the_file() -> None:
    data = template_bytes(RECORD)
    sheet, (top, left, *_) = read_review(data).areas["Customers"]
    read = read_review(data, {sheet: {(top + 1, left + 2): 99.0}})
    assert read.record["customers"][0]["revenue"] == 99.0


def test_dates_counted_from_1904_are_the_same_days() -> None:
    book = openpyxl.load_workbook(io.BytesIO(template_bytes(RECORD)))
    book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    assert read_record(read_review(saved(book)).record).inputs["period_end"] == "2025-12-31"


def test_a_sheet_may_be_renamed() -> None:
    book = openpyxl.load_workbook(io.BytesIO(plain([["", "Entity", "Alpha Grid"]])))
    book["Mine"].title = "Bob's review"
    read = read_review(changed(saved(book), "Inputs", "'Bob''s review'!$B$1:$C$1"))
    assert read.record["inputs"]["entity"] == "Alpha Grid"
    assert read.cells["inputs", None, "entity"] == "'Bob''s review'!C1"


def test_a_name_for_whole_columns_is_read_as_far_as_the_sheet_goes() -> None:
    data = changed(plain([["", "Entity", "Alpha Grid"]]), "Inputs", "Mine!$B:$C")
    assert read_review(data).record["inputs"]["entity"] == "Alpha Grid"


@pytest.mark.parametrize("name", NAMES)
def test_a_workbook_without_one_of_our_names_is_not_a_review_and_the_sentence_says_which(name: str) -> None:
    with pytest.raises(NotAReview, match=f"no cells named {name}\\."):
        read_review(changed(template_bytes(RECORD), name, None))


@pytest.mark.parametrize("text", ["#REF!", "Gone!$A$1:$B$9", '"text"', "Review!$B$6:$C$73,Review!$E$1", "1+1"])
def test_a_name_that_leads_nowhere_is_refused_with_where_it_leads(text: str) -> None:
    with pytest.raises(NotAReview, match="The name Inputs leads to"):
        read_review(changed(template_bytes(RECORD), "Inputs", text))


def test_a_name_stretched_far_over_a_sheet_is_refused() -> None:
    with pytest.raises(NotAReview, match="spans 780,000 cells"):
        read_review(changed(template_bytes(RECORD), "Inputs", "Review!$A$1:$Z$30000"))


def test_ranges_that_hold_something_else_are_refused() -> None:
    with pytest.raises(NotAReview, match="none of the template's labels"):
        read_review(plain([["", "Sales", 5], ["", "Costs", 3]]))


def test_a_file_that_is_no_workbook_is_refused_as_such(tmp_path: Path) -> None:
    path = tmp_path / "review.xlsx"
    path.write_text("Annual capex;12")
    with pytest.raises(Exception) as caught:
        read_review(path)
    assert not isinstance(caught.value, NotAReview) and hasattr(caught.value, "sentence")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unreadable):
        read_review(tmp_path / "none.xlsx")


@pytest.mark.libreoffice
def test_rows_and_columns_inserted_moved_and_sorted_by_a_spreadsheet_program(calc: Calc, tmp_path: Path) -> None:
    path, after = tmp_path / "before.xlsx", tmp_path / "after.xlsx"
    typed = {**RECORD["inputs"], "annual_capex": 12.5, "gross_margin": 0.33}  # Calc saves 15 digits
    record = {**RECORD, "inputs": typed}
    path.write_bytes(template_bytes(record))
    with calc.open(path) as document:
        for sheet in ("Review", "Customers", "Scenarios"):
            document.unprotect(sheet)
        document.sort("Customers", "B7:I8", 4)
        document.insert_rows("Customers", 8, 2)
        document.insert_rows("Review", 20, 3)
        document.insert_columns("Customers", 4)
        document.insert_columns("Review", 2)
        document.save(after)
    expected = {**record, "customers": sorted(RECORD["customers"], key=lambda row: row["revenue"])}
    same(expected, read_review(after))
