import datetime
import random
from copy import deepcopy
from decimal import Decimal

import pytest
from review_ranges import REVIEW, customers_range, inputs_range, questions_range, ranges, scenarios_range

from capexrisk import ErrorCell, template
from capexrisk_udfs.cells import CallError, rows
from capexrisk_udfs.ranges import read, read_customers, read_inputs, read_questions, read_scenarios

INPUTS = inputs_range(REVIEW["inputs"])
CUSTOMERS = customers_range(REVIEW["customers"])
SCENARIOS = scenarios_range()
QUESTIONS = questions_range(REVIEW["questions"], REVIEW["three_part"])


def typed(values):
    return {key: value for key, value in values.items() if value is not None}


def renamed(table, old, new):
    return [[new if value == old else value for value in row] for row in table]


def texts(reading, kind):
    return [finding.text for finding in reading.findings if finding.kind == kind]


def with_column(table, at, values):
    return [[*row[:at], value, *row[at:]] for row, value in zip(table, values, strict=True)]


# --- Where labels and headers stand does not matter ---


def test_inputs_are_found_by_label():
    reading = read_inputs(INPUTS)
    assert typed(reading.record["inputs"]) == REVIEW["inputs"]
    assert reading.findings == []


def test_input_rows_may_be_sorted_with_blank_rows_between():
    shuffled = [row for pair in ([row, [None, None]] for row in INPUTS) for row in pair]
    random.Random(3).shuffle(shuffled)
    assert typed(read_inputs(shuffled).record["inputs"]) == REVIEW["inputs"]


@pytest.mark.parametrize("label", ["  annual   CAPEX ", "annual_capex", "ANNUAL_CAPEX", "Annual\u00a0capex"])
def test_spaces_case_and_key_do_not_matter_in_a_label(label):
    assert read_inputs([[label, 5.0], ["Cash and liquid investments", 1.0]]).record["inputs"]["annual_capex"] == 5.0


def test_a_curly_apostrophe_is_the_same_label():
    reading = read_inputs([["Average rate on today\u2019s debt", 0.07]])
    assert reading.record["inputs"] == {"interest_rate": 0.07}


def test_a_column_inserted_between_labels_and_inputs_is_not_read():
    notes = ["see note" if index % 3 else 99.0 for index in range(len(INPUTS))]
    assert typed(read_inputs(with_column(INPUTS, 1, notes)).record["inputs"]) == REVIEW["inputs"]


def test_a_column_inserted_before_the_labels_is_not_read():
    numbers = [float(index) for index in range(len(INPUTS))]
    assert typed(read_inputs(with_column(INPUTS, 0, numbers)).record["inputs"]) == REVIEW["inputs"]


def test_headers_item_and_input_say_where_the_columns_are():
    wide = [["Item", "Unit", "Input", "Result"], *([label, "m", value, 7.0] for label, value in INPUTS)]
    assert typed(read_inputs(wide).record["inputs"]) == REVIEW["inputs"]


def test_customers_are_found_by_header_in_any_order_of_columns():
    order = [3, 7, 0, 5, 2, 1, 6, 4]
    reading = read_customers([[row[at] for at in order] for row in CUSTOMERS])
    assert [typed(row) for row in reading.record["customers"]] == REVIEW["customers"]
    assert reading.findings == []


def test_rows_above_the_header_and_blank_rows_between_are_left_out():
    spread = [["Customers"] + [None] * 7, *CUSTOMERS[:2], [None] * 8, [" "] * 8, *CUSTOMERS[2:]]
    reading = read_customers(rows(spread, "customers"))
    assert [row["customer"] for row in reading.record["customers"]] == [
        "Aurora Labs",
        "Meridian Bank",
        "Cobalt Cloud",
        "Subscribers",
    ]
    assert reading.places["customers", 0, "customer"] == (2, 0)
    assert reading.places["customers", 1, "revenue"] == (5, 2)


def test_a_column_of_ones_own_is_let_be():
    region = ["Region", "EU", "US", "EU", "EU", *[None] * (len(CUSTOMERS) - 5)]
    reading = read_customers(with_column(CUSTOMERS, 2, region))
    assert [typed(row) for row in reading.record["customers"]] == REVIEW["customers"]
    assert reading.findings == []


def test_a_column_of_ones_own_may_stand_in_place_of_the_sources():
    cells = [row[:7] for row in CUSTOMERS]
    remarks = ["Remarks", "big", *[None] * (len(cells) - 2)]
    assert read_customers(with_column(cells, 7, remarks)).findings == []


def test_scenarios_are_found_by_header():
    reading = read_scenarios([list(reversed(row)) for row in SCENARIOS])
    by_key = {row["scenario"]: row for row in reading.record["scenario_table"]}
    assert len(by_key) == 13
    assert by_key["financing"]["rate_add"] == 0.03
    assert by_key["financing"]["label"] == "If financing tightens"
    assert reading.findings == []


def test_questions_are_found_by_their_text():
    header, *body = QUESTIONS
    reading = read_questions([header, *reversed(body)])
    assert reading.record["questions"] == REVIEW["questions"]
    assert reading.record["three_part"] == REVIEW["three_part"]
    assert reading.findings == []


def test_questions_stand_in_any_columns():
    reading = read_questions([["", *row[:1], "", *reversed(row[1:])] for row in QUESTIONS])
    assert reading.record["questions"] == REVIEW["questions"]
    assert reading.record["three_part"] == REVIEW["three_part"]


def test_places_lead_back_to_every_value():
    parts = {
        "inputs": (INPUTS, read_inputs(INPUTS)),
        "customers": (CUSTOMERS, read_customers(CUSTOMERS)),
        "scenarios": (SCENARIOS, read_scenarios(SCENARIOS)),
    }
    for name, (cells, reading) in parts.items():
        (table,) = reading.record.values()
        for at, values in [(None, table)] if isinstance(table, dict) else enumerate(table):
            for key, value in values.items():
                row, column = reading.places[name, at, key]
                assert cells[row][column] == value
    reading = read_questions(QUESTIONS)
    for at, question in enumerate(REVIEW["questions"]):
        for key, value in question.items():
            row, column = reading.places["questions", at, key]
            assert QUESTIONS[row][column] == value
    row, column = reading.places["three_part", None, "segment"]
    assert QUESTIONS[row][column] == "Insurers"


# --- What cannot be found is named ---


def test_a_missing_required_label_is_named():
    reading = read_inputs([row for row in INPUTS if row[0] != "Total debt"])
    assert texts(reading, "missing") == ["The label 'Total debt' is not in the range Inputs."]


def test_an_optional_label_may_be_left_out():
    reading = read_inputs([row for row in INPUTS if row[0] != "Average term of those commitments"])
    assert reading.findings == []
    assert "lease_term" not in reading.record["inputs"]


@pytest.mark.parametrize("label", ["Gross margin", "Operating margin"])
def test_a_label_that_some_reviews_do_without_may_be_left_out(label):
    assert read_inputs([row for row in INPUTS if row[0] != label]).findings == []


@pytest.mark.parametrize("label", ["Capex committed for the next 12 months", "Annual capex"])
def test_a_renamed_label_with_a_value_is_wrong_and_says_what_is_missing(label):
    reading = read_inputs(renamed(INPUTS, label, "Capex next year"))
    (text,) = texts(reading, "wrong")
    assert "'Capex next year'" in text
    assert text.endswith(f"missing: {label}.")


def test_a_label_of_ones_own_is_unusual_when_none_is_missing():
    reading = read_inputs([*INPUTS, ["Net debt", 200.0]])
    (finding,) = reading.findings
    assert (finding.kind, finding.label) == ("unusual", "Net debt")
    assert reading.places["inputs", None, "Net debt"] == (len(INPUTS), 1)


def test_text_without_a_value_beside_it_is_no_finding():
    assert read_inputs([*INPUTS, ["Supporting figures", None], ["Supporting figures", None]]).findings == []


def test_labels_of_questions_and_results_may_stand_among_the_inputs():
    more = [["Which customer is paying today?", "Evidence"], ["Payback period", 3.2]]
    assert read_inputs([*INPUTS, *more]).findings == []


def test_a_label_that_stands_twice_is_wrong():
    (text,) = texts(read_inputs([*INPUTS, ["annual capex", 3.0]]), "wrong")
    assert "'Annual capex' stands twice" in text
    assert f"rows {INPUTS.index(['Annual capex', 1000.0]) + 1} and {len(INPUTS) + 1}" in text


def test_a_needed_column_that_is_missing_is_named():
    reading = read_customers([row[:2] + row[3:] for row in CUSTOMERS])
    assert texts(reading, "missing") == ["The column 'Revenue' is not in the range Customers."]


@pytest.mark.parametrize(("header", "needed"), [("Backlog", False), ("Revenue", True)])
def test_a_renamed_header_is_wrong_and_says_what_is_missing(header, needed):
    reading = read_customers(renamed(CUSTOMERS, header, "Turnover"))
    (text,) = texts(reading, "wrong")
    assert "'Turnover'" in text
    assert text.endswith(f"missing: {header}.")
    assert bool(texts(reading, "missing")) == needed


def test_a_renamed_shock_is_wrong():
    (text,) = texts(read_scenarios(renamed(SCENARIOS, "Rate add", "Spread")), "wrong")
    assert "'Spread'" in text


def test_a_header_that_stands_twice_is_wrong():
    reading = read_customers(renamed(CUSTOMERS, "Backlog", "Revenue"))
    assert "The header 'Revenue' stands twice in Customers; keep one." in texts(reading, "wrong")


def test_a_question_that_is_missing_or_twice_is_named():
    asked = QUESTIONS[1][0]
    changed = deepcopy(QUESTIONS)
    changed[1][0] = QUESTIONS[2][0]
    reading = read_questions(changed)
    assert texts(reading, "missing") == [f"The question {asked!r} is not in the range Questions."]
    (text,) = texts(reading, "wrong")
    assert "'Which customer is paying today?' stands twice in Questions, in its rows 2 and 3" in text
    (missing,) = [finding for finding in reading.findings if finding.kind == "missing"]
    assert (missing.table, missing.row, missing.key) == ("questions", 0, "question_1")


def test_a_renamed_status_column_is_missing():
    reading = read_questions(renamed(QUESTIONS, "Status", "State"))
    assert texts(reading, "missing") == ["The column 'Status' is not in the range Questions."]


# --- Ranges of the wrong shape ---


@pytest.mark.parametrize(
    ("reader", "cells", "sentence"),
    [
        (read_inputs, [[None, None]], "holds none of the template's labels, such as 'Entity'"),
        (read_inputs, [["Annual capex"]], "no column to the right of its labels"),
        (read_customers, [[None]], "has no header row; it needs Customer, Kind, Revenue"),
        (read_customers, [["Aurora", "Model lab", 5.0]], "has no header row"),
        (read_scenarios, CUSTOMERS, "The range scenarios has no header row"),
        (read_questions, SCENARIOS, "has no header row; it needs Status, Answer, Source"),
    ],
)
def test_a_range_of_the_wrong_shape_is_a_wrong_call(reader, cells, sentence):
    with pytest.raises(CallError, match="range") as caught:
        reader(cells)
    assert sentence in str(caught.value)


# --- Cells as hosts hand them over ---


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ("", None),
        ("   ", None),
        (None, None),
        (True, True),
        (3, 3),
        (Decimal("1234.5"), 1234.5),
        ("45%", "45%"),
        (float("nan"), ErrorCell("#NUM!")),
        ({"type": "Error", "kind": "Na"}, ErrorCell("#N/A")),
        ({"type": "Error", "kind": "Div"}, ErrorCell("#DIV/0!")),
        (datetime.datetime(2025, 12, 31, 0, 0), datetime.date(2025, 12, 31)),
    ],
)
def test_cells_are_made_alike(given, value):
    assert rows([[given]], "inputs") == [[value]]


def test_single_cells_flat_lists_tuples_and_ragged_rows_are_ranges():
    assert rows(5.0, "inputs") == [[5.0]]
    assert rows([1.0, 2.0], "inputs") == [[1.0, 2.0]]
    assert rows(((1.0,), (2.0, 3.0)), "inputs") == [[1.0, None], [2.0, 3.0]]


def test_a_missing_range_is_named():
    with pytest.raises(CallError, match="The range customers is missing"):
        rows(None, "customers")


def test_the_whole_review_is_one_record_with_its_findings():
    inputs, customers, scenarios, questions = ranges(REVIEW)
    reading = read([*inputs, ["Net debt", 1.0]], customers, scenarios, questions)
    assert set(reading.record) == {"inputs", "customers", "scenario_table", "questions", "three_part", "findings"}
    assert [finding.label for finding in reading.record["findings"]] == ["Net debt"]
    assert len(template.QUESTIONS) == len(reading.record["questions"])
