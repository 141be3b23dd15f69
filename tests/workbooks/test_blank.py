import io
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

import openpyxl
import pytest
from calc import Calc
from openpyxl.workbook import Workbook
from openpyxl.worksheet.formula import ArrayFormula
from openpyxl.worksheet.worksheet import Worksheet

from capexrisk import VERSION, InputError, Policy, Reviews, assess, template
from capexrisk_udfs import FUNCTIONS
from capexrisk_workbooks.blank import make, template_bytes
from capexrisk_workbooks.ooxml.book import Book
from capexrisk_workbooks.ooxml.cells import Area, CellError, Value, spot
from capexrisk_workbooks.pages import validation
from capexrisk_workbooks.pages.places import SHEETS

EXAMPLES: list[dict[str, Any]] = json.loads(files("capexrisk").joinpath("examples.json").read_text("utf-8"))
MINIMAL = {
    "entity": "Alpha Grid", "review_type": "Pitch", "period_end": "2025-12-31", "currency": "EUR", "annual_capex": 100,
    "ai_capex": 80, "debt_for_capex": 40, "lease_commitments": 0, "total_debt": 50, "debt_due_12m": 5,
    "interest_expense": 3, "cash": 60, "booked_revenue": 200, "gross_margin": 0.6, "operating_margin": 0.3,
    "depreciation": 20,
}  # fmt: skip


@cache
def made(key: str = "blank", functions: str = "excel") -> bytes:
    records = {"blank": None, **{record["inputs"]["entity"]: record for record in reversed(EXAMPLES)}}
    return make(records[key], functions=functions)  # pyright: ignore[reportArgumentType]


@cache
def opened(key: str = "blank") -> Workbook:
    return openpyxl.load_workbook(io.BytesIO(made(key)))


def review(**inputs: object) -> dict[str, Any]:
    payer = {"customer": "Bergwerk", "kind": "Enterprise", "revenue": 50}
    return {"inputs": {**MINIMAL, **inputs}, "customers": [payer]}


def value(book: Book, name: str) -> Value:
    text = next(item.text for item in book.names if item.name == name)
    sheet, _, address = text.rpartition("!")
    row, column = spot(address.replace("$", ""))
    return book.sheet(sheet).values(Area(row, column, row, column)).get((row, column))


def formula_cells(book: Book) -> Iterator[tuple[str, Any]]:
    """Every cell that holds a formula, or a value that an array formula gives."""
    for part in book.sheets:
        sheet = book.sheet(part.name)
        members = {member for block in sheet.blocks.values() for member in block.spots()}
        for cell in sheet.cells():
            if (cell.row, cell.col) in sheet.formulas.keys() | members:
                yield part.name, cell


def labels(sheet: Worksheet) -> list[str]:
    return [str(row[0].value) for row in sheet.iter_rows(min_col=2, max_col=2) if row[0].value]


def test_the_sheets_stand_in_the_template_order() -> None:
    names = ["Review", "Customers", "Scenarios", "Stress", "Scorecard", "Checks", "About"]
    assert opened().sheetnames == names == list(SHEETS)


def test_review_has_the_templates_headings_and_items_in_its_words_and_order() -> None:
    expected = [
        "What is the spend?", "Annual capex", "AI-specific capex", "Debt used to fund it", "Lease commitments",
        "Supporting figures",
        "Who pays for it?", "Direct customers", "Concentration risk", "Top 3 customer share of revenue",
        "Dependency on one model lab or one hyperscaler", "Supporting figures",
        "What revenue is real?", "Actual booked revenue", "Revenue reported as run rate", "Gross margin",
        "Operating margin", "Payback period", "Supporting figures",
        "What breaks first?", "If customer spend drops 25%", "If financing tightens", "If utilization falls",
        "If model quality stalls", "Supporting figures",
        "What should I ask in the meeting?", "What exact workload justifies this spend?",
        "Which customer is paying today?", "What happens if that customer pauses for two quarters?",
        "What debt or lease obligations are attached?", "What numbers are you not showing me yet?", "Decision rule",
    ]  # fmt: skip
    found = iter(labels(opened()["Review"]))
    assert [text for text in expected if text in found] == expected


def test_every_input_stands_on_review_under_its_label_with_a_name_for_its_cell() -> None:
    book = opened()
    for item in template.FIELDS:
        sheet, address = book.defined_names[item.key].attr_text.split("!")
        cell = book[sheet][address]
        assert (sheet, cell.offset(column=-1).value) == ("Review", item.label)


def test_results_have_names() -> None:
    names = set(opened().defined_names)
    wanted = {"risk_score", "rating", "decision", "breaks_first", "master_check"}
    wanted |= {f"{prefix}_{metric.key}" for metric in template.METRICS for prefix in ("metric", "score")}
    wanted |= {f"section_{key}" for key in template.SCORED_SECTIONS}
    assert wanted <= names
    assert opened().defined_names["template_version"].hidden


def test_the_same_data_gives_the_same_bytes_in_another_process_with_or_without_lxml() -> None:
    script = (
        "import json, hashlib; from test_blank import EXAMPLES; from capexrisk_workbooks.blank import make;"
        "print(hashlib.sha256(make() + make(EXAMPLES[0])).hexdigest())"
    )
    path = os.pathsep.join([*sys.path, os.path.dirname(__file__)])
    digests = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": seed, "OPENPYXL_LXML": lxml},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed, lxml in (("1", "True"), ("2", "False"))
    }
    assert len(digests) == 1


def test_no_author_and_no_time_of_making_is_stored() -> None:
    with zipfile.ZipFile(io.BytesIO(made())) as package:
        core = package.read("docProps/core.xml").decode()
        assert {entry.date_time for entry in package.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert "openpyxl" not in core
    assert set(re.findall(r"\d{4}-\d\d-\d\dT", core)) == {"1980-01-01T"}


def test_excel_keeps_the_stored_values_on_opening() -> None:
    with zipfile.ZipFile(io.BytesIO(made())) as package:
        workbook = package.read("xl/workbook.xml").decode()
    assert int(re.findall(r'calcId="(\d+)"', workbook)[0]) >= 191029
    assert 'fullCalcOnLoad="1"' not in workbook


@pytest.mark.parametrize("key", ["blank", "CoreWeave", "Granite Compute"])
def test_every_formula_carries_a_value_and_none_is_an_error(key: str) -> None:
    cells = list(formula_cells(Book.read(made(key))))
    assert len(cells) > 1000
    assert [(sheet, cell) for sheet, cell in cells if cell.value is None or isinstance(cell.value, CellError)] == []


def test_a_blank_workbook_shows_no_score_and_no_zero_that_looks_like_a_result() -> None:
    sheets = ("Review", "Customers", "Scenarios", "Stress", "Scorecard")
    numbers = [
        (sheet, cell)
        for sheet, cell in formula_cells(Book.read(made()))
        if sheet in sheets and not isinstance(cell.value, str)
    ]
    assert numbers == []
    assert value(Book.read(made()), "risk_score") == ""


@pytest.mark.parametrize("record", EXAMPLES, ids=lambda record: record["inputs"]["entity"])
def test_a_filled_workbook_shows_what_the_model_says(record: dict[str, Any]) -> None:
    result = assess(Reviews.from_records([record])).result(0)
    book = Book.read(make(record))
    assert value(book, "risk_score") == pytest.approx(result.score, abs=1e-9)
    assert (value(book, "rating"), value(book, "decision")) == (result.rating, result.decision)
    for key, metric in result.metrics.items():
        shown = result.words.get(f"metrics.{key}", metric)
        assert value(book, f"metric_{key}") == (shown if isinstance(shown, str) else pytest.approx(shown, rel=1e-9))
        assert value(book, f"score_{key}") == pytest.approx(result.metric_scores[key], abs=1e-9)
    for key, score in result.sections.items():
        assert value(book, f"section_{key}") == pytest.approx(score, abs=1e-9)


def test_the_cells_that_people_fill_hold_no_formula() -> None:
    book = Book.read(made("CoreWeave"))
    for name in ("Inputs", "Customers", "Questions"):
        sheet, _, corners = next(item.text for item in book.names if item.name == name).rpartition("!")
        area = Area.parse(corners)
        assert not [where for where in book.sheet(sheet).formulas if area.holds(*where)]


def test_no_table_of_results_shares_a_row_with_cells_that_people_type_in() -> None:
    book = opened()
    for sheet in book:
        typed = {cell.row for row in sheet.iter_rows() for cell in row if not cell.protection.locked}
        for row in sheet.iter_rows():
            for cell in row:
                if isinstance(cell.value, ArrayFormula):
                    area = Area.parse(cell.value.ref)
                    assert typed.isdisjoint(range(area.top, area.bottom + 1)), (sheet.title, cell.coordinate)


def test_tables_of_results_have_their_functions_size_and_titles() -> None:
    found = set()
    for sheet in opened():
        for row in sheet.iter_rows():
            for cell in row:
                if isinstance(cell.value, ArrayFormula):
                    function = FUNCTIONS[re.findall(r"CAPEX_\w+", cell.value.text)[0]]
                    area = Area.parse(cell.value.ref)
                    size = (area.bottom - area.top + 1, area.right - area.left + 1)
                    assert size == (function.rows, function.columns)
                    found.add(function.name)
                    if function.name != "CAPEX_LIQUIDITY":  # the names of the scenarios stand above
                        titles = [cell.offset(-1, column).value for column in range(function.columns)]
                        assert titles == list(function.titles)
    assert found == {function.name for function in FUNCTIONS.values() if function.gives == "table"}


def test_inputs_are_unlocked_and_formulas_locked() -> None:
    book = opened()
    for item in template.FIELDS:
        sheet, address = book.defined_names[item.key].attr_text.split("!")
        assert not book[sheet][address].protection.locked
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type == "f" and sheet.title != "Scenarios":
                    assert cell.protection.locked, (sheet.title, cell.coordinate)


def test_sheets_are_protected_without_a_password_and_let_people_shape_them() -> None:
    for sheet in opened():
        protection = sheet.protection
        assert protection.sheet and not protection.password
        forbidden = ("insertRows", "deleteRows", "sort", "autoFilter", "formatCells", "formatColumns", "formatRows")
        assert not any(getattr(protection, action) for action in forbidden)


@pytest.mark.parametrize("name", ["Customers", "Scenarios"])
def test_whole_rows_of_typed_tables_are_unlocked_so_that_they_can_be_deleted(name: str) -> None:
    book = opened()
    sheet = book[name]
    area = Area.parse(book.defined_names[name].attr_text.split("!")[1])
    for row in range(area.top + 1, area.bottom + 1):
        assert not sheet.row_dimensions[row].protection.locked
        assert not any(cell.protection.locked for cell in sheet[row] if cell.has_style)


def test_numbers_are_validated_to_the_models_bounds_with_a_message_that_names_them() -> None:
    book = opened()
    sheet = book["Review"]
    for item in template.FIELDS:
        address = book.defined_names[item.key].attr_text.split("!")[1].replace("$", "")
        rule = next(rule for rule in sheet.data_validations.dataValidation if address in rule.sqref)
        assert rule.showInputMessage and item.help in rule.prompt
        if item.kind in template.NUMBER_KINDS:
            assert rule.type == "decimal" and rule.showErrorMessage
            if item.high is not None and item.low is not None:
                assert f"{item.low:g}" in rule.error and f"{item.high:g}" in rule.error
                assert float(rule.formula2) == item.high
                assert float(rule.formula1) == (pytest.approx(0, abs=1e-200) if item.above_low else item.low)
            if item.at_most:
                assert template.FIELD[item.at_most].label in rule.error and item.at_most in rule.formula2


def test_choices_are_lists_from_cells_that_hold_them() -> None:
    book = opened()
    checked = 0
    for sheet in book:
        for rule in sheet.data_validations.dataValidation:
            if rule.type == "list":
                name, corners = rule.formula1.split("!")
                area = Area.parse(corners)
                held = [book[name].cell(row, area.left).value for row in range(area.top, area.bottom + 1)]
                assert rule.error == f"Choose one of: {', '.join(held)}."
                checked += 1
    assert checked == 4 + 4 + 5  # choices among the inputs, of a customer, and the status of five questions


def test_messages_fit_what_excel_shows_and_none_is_cut() -> None:
    items = (*template.FIELDS, *template.CUSTOMER_FIELDS, *template.SHOCKS)
    for item in items:
        assert len(validation.message(item)) <= 255
        assert "…" not in validation.message(item)
        assert len(validation.refusal(item)) <= 225
        assert not item.where or item.where in validation.message(item)
    for sheet in opened():
        for rule in sheet.data_validations.dataValidation:
            assert len(rule.promptTitle) <= 32 and len(rule.prompt) <= 255
            assert len(rule.errorTitle or "") <= 32 and len(rule.error or "") <= 225


def test_text_from_data_is_never_a_formula() -> None:
    hostile = ['=HYPERLINK("http://x","y")', "+1+1", "-2", "@SUM(A1)", "#REF!", "'quoted", "_x0041_", "a\r\nb\tc"]
    record = review(entity=hostile[0], prepared_by={"value": hostile[1], "source": hostile[2]})
    record["customers"] = [
        {"customer": text, "kind": "Other", "revenue": 1, "source": hostile[3]} for text in hostile[3:]
    ]
    record["scenarios"] = [{"scenario": hostile[0], "label": hostile[4], "volume": 0.1}]
    record["questions"] = [{"status": "None", "answer": hostile[0], "source": hostile[4]}]
    made = template_bytes(record)
    plain = Book.read(template_bytes(review()))
    book = Book.read(made)
    for part in book.sheets:
        assert len(book.sheet(part.name).formulas) == len(plain.sheet(part.name).formulas)
    assert value(book, "entity") == hostile[0]
    names = [row[0] for row in book.sheet("Customers").table(Area.parse("B7:B11"))]
    assert names == hostile[3:]
    assert openpyxl.load_workbook(io.BytesIO(made))["Review"]["C8"].quotePrefix


def test_office_functions_are_stored_with_their_prefix_and_give_the_same_values() -> None:
    office, excel = Book.read(made("CoreWeave", "office")), Book.read(made("CoreWeave"))
    texts = [formula.text for part in office.sheets for formula in office.sheet(part.name).formulas.values()]
    calls = [text for text in texts if "CAPEX_" in text]
    assert calls and all(text.count("CAPEX_") == text.count("_xldudf_CAPEX_") for text in calls)
    for part in excel.sheets:
        assert office.sheet(part.name).values() == excel.sheet(part.name).values()


def test_an_unknown_kind_of_functions_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InputError, match="excel, office"):
        template_bytes(functions="lotus")  # pyright: ignore[reportArgumentType]


def test_more_customers_than_the_table_holds_are_refused() -> None:
    payers = [{"customer": f"Payer {n}", "kind": "Other", "revenue": 1} for n in range(26)]
    with pytest.raises(InputError, match="26 customers; the table holds 25"):
        template_bytes({**review(), "customers": payers})


def test_more_scenarios_than_the_table_holds_are_refused() -> None:
    own = [{"scenario": f"own_{n}", "label": "Own", "volume": 0.1} for n in range(12)]
    with pytest.raises(InputError, match="25 scenarios, the policy's included; the table holds 24"):
        template_bytes({**review(), "scenarios": own})


def test_a_reviews_scenario_replaces_the_policys_of_its_key_and_others_are_added() -> None:
    own = [
        {"scenario": "BUST", "label": "A milder bust", "volume": 0.1},
        {"scenario": "strike", "label": "If staff strikes", "utilization": 0.5},
    ]
    book = Book.read(template_bytes({**review(), "scenarios": own}))
    rows = book.sheet("Scenarios").table(Area.parse("B7:D30"))
    assert len([row for row in rows if row[0]]) == len(Policy.built_in().scenarios) + 1
    assert ["BUST", "A milder bust", 0.1] in rows and not any(row[0] == "bust" for row in rows)
    assert rows[13][:2] == ["strike", "If staff strikes"]


def test_basis_and_source_stand_beside_the_input() -> None:
    sheet = opened("CoreWeave")["Review"]
    row = next(cell.row for cell in sheet["B"] if cell.value == "Lease commitments")
    assert sheet.cell(row, 8).value.startswith("secondary: 10-Q")
    row = next(cell.row for cell in sheet["B"] if cell.value == "AI-specific capex")
    assert sheet.cell(row, 8).value.startswith("assumption: ")


@pytest.mark.parametrize(
    ("inputs", "rule"),
    [
        ({"ai_capex": 101}, "AI-specific capex ≤ Annual capex"),
        ({"debt_due_12m": 51}, "Debt due within 12 months ≤ Total debt"),
        ({"debt_due_24m": 46}, "Debt due within 12 months and in months 13 to 24 ≤ Total debt"),
        ({"ai_revenue": 49}, "Revenue of the customers listed ≤ AI revenue, within half a percent"),
    ],
)
def test_cross_checks_notice_figures_that_do_not_fit(inputs: dict[str, float], rule: str) -> None:
    def verdicts(record: dict[str, Any]) -> dict[Value, Value]:
        table = Book.read(make(record)).sheet("Checks").table(Area.parse("B8:D17"))
        return {row[2]: row[0] for row in table}

    before, after = verdicts(review(debt_due_24m=10)), verdicts(review(**{"debt_due_24m": 10, **inputs}))
    assert (before[rule], after[rule]) == ("OK", "Look")


@pytest.mark.libreoffice
def test_cross_checks_say_the_same_in_a_spreadsheet_program_without_the_functions(calc: Calc, tmp_path: Any) -> None:
    path = tmp_path / "review.xlsx"
    path.write_bytes(make(review(ai_capex=101, debt_due_24m=10)))
    stored = Book.read(path).sheet("Checks").table(Area.parse("B8:C17"))
    with calc.open(path) as document:
        document.recalculate()
        shown = document.values("Checks", "B8:C17")
    assert [[cell or "" for cell in row] for row in shown] == [[cell or "" for cell in row] for row in stored]
    assert "Look" in [row[0] for row in shown]


def test_the_master_check_counts_what_is_to_be_filled_in() -> None:
    assert value(Book.read(made()), "master_check") == "Incomplete: 17 to fill in or mend"
    assert value(Book.read(made("CoreWeave")), "master_check") == "OK: complete, and the figures fit together"


def test_a_finding_leads_to_its_cell() -> None:
    book = Book.read(make(review(gross_margin=45)))
    rows = book.sheet("Checks").table(Area.parse("B22:I61"))
    finding = next(row for row in rows if row[2] == "Gross margin")
    row = spot(next(item.text for item in book.names if item.name == "gross_margin").split("!")[1].replace("$", ""))[0]
    assert finding[0] == "wrong" and finding[-1] == f"Review!C{row}"


def test_every_sheet_prints_one_page_wide_with_file_sheet_page_and_version_below() -> None:
    for sheet in opened():
        assert sheet.page_setup.fitToWidth == 1 and sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.print_area and sheet.freeze_panes
        footer = sheet.oddFooter
        assert (footer.left.text, footer.center.text) == ("&F", "&A")
        assert "&P" in footer.right.text and VERSION in footer.right.text


def test_the_first_empty_input_is_selected() -> None:
    def selected(data: bytes) -> str:
        book = openpyxl.load_workbook(io.BytesIO(data))
        names = {name.attr_text.replace("$", ""): key for key, name in book.defined_names.items()}
        assert book.active.title == "Review"
        return names[f"Review!{book.active.sheet_view.selection[-1].activeCell}"]

    assert selected(made()) == "entity"
    assert selected(template_bytes({"inputs": {"entity": "Alpha", "review_type": "Pitch"}})) == "period_end"


def test_charts_stand_where_design_puts_them() -> None:
    with zipfile.ZipFile(io.BytesIO(made())) as package:
        charts = [name for name in package.namelist() if name.startswith("xl/charts/chart")]
        drawn = {
            name: package.read(name).decode().count("<c:chart ") + package.read(name).decode().count(":chart r:id")
            for name in package.namelist()
            if re.fullmatch(r"xl/drawings/drawing\d+\.xml", name)
        }
    assert len(charts) == 4 and len(drawn) == 3


def test_score_bars_are_solid_and_reach_from_0_to_100() -> None:
    with zipfile.ZipFile(io.BytesIO(made())) as package:
        sheet = package.read("xl/worksheets/sheet1.xml").decode()
    link = re.findall(r"<x14:id>(.*?)</x14:id>", sheet)
    bars = re.findall(r'<x14:cfRule type="dataBar" id="(.*?)">.*?gradient="0".*?<xm:f>(\d+)<.*?<xm:f>(\d+)<', sheet)
    assert bars == [(link[0], "0", "100")]
