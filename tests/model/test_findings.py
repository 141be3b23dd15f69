# ruff: noqa: E501 (sentences stand whole)
"""Every bound of every input with the sentence a user gets, over the whole template (model, section 1)."""

import pytest
from worked import NO_AI, NOTHING_BOOKED, customer, result, review, texts

from capexrisk import template
from capexrisk.findings import allowed

NUMBERS = [item for item in template.FIELDS if item.kind in template.NUMBER_KINDS]
CAPPED = [item for item in NUMBERS if item.at_most]
REQUIRED = [item for item in template.FIELDS if item.required]
OPTIONAL = [item for item in template.FIELDS if item.optional]


def by_key(item):
    return item.key


def wrong(**inputs):
    found = result(**inputs)
    assert found.decision == "Incomplete" and not found.complete
    return [finding.text for finding in found.findings if finding.kind == "wrong"]


def out_of_bounds(item, value):
    found = texts(review(**{item.key: value}), "wrong")
    return [text for text in found if text.startswith(item.label) and f"; it must be {allowed(item)}" in text]


def said(item, typed):
    """How the sentence about a number outside its bounds begins, up to what is allowed."""
    return f"{item.label} is {typed}; it must be {allowed(item)}"


# --- The template's bounds are the model's ---

BOUNDS = {
    "annual_capex": "above 0",
    "ai_capex": "above 0, at most Annual capex",
    "debt_for_capex": "0 or more, at most Annual capex",
    "lease_commitments": "0 or more",
    "lease_term": "between 1 and 40",
    "lease_payments_12m": "0 or more, at most Lease commitments",
    "lease_liability": "0 or more",
    "guarantees": "0 or more",
    "total_debt": "0 or more",
    "debt_due_12m": "0 or more, at most Total debt",
    "debt_due_24m": "0 or more",
    "interest_expense": "0 or more",
    "interest_rate": "between 0 and 1",
    "floating_share": "between 0 and 1",
    "cash": "0 or more",
    "undrawn_facilities": "0 or more",
    "committed_capex": "0 or more",
    "hardware_value": "above 0",
    "secured_debt": "0 or more, at most Total debt",
    "useful_life": "between 1 and 40",
    "ai_depreciation": "0 or more, at most Depreciation and amortisation",
    "total_backlog": "0 or more",
    "booked_revenue": "0 or more",
    "ai_revenue": "0 or more, at most Actual booked revenue",
    "run_rate_revenue": "0 or more",
    "gross_margin": "between −20 and 1",
    "operating_margin": "between −1,000 and 1",
    "operating_income": "any number",
    "depreciation": "0 or more",
    "operating_cash_flow": "any number",
    "inventory_build": "between 0 and 1",
    "utilization": "above 0, at most 1",
    "variable_cost_share": "between 0 and 1",
}


def test_every_bound_is_the_models():
    assert {item.key: allowed(item) for item in NUMBERS} == BOUNDS


@pytest.mark.parametrize("item", [item for item in NUMBERS if item.low is not None], ids=by_key)
def test_below_its_bound_an_input_is_wrong(item):
    value = item.low if item.above_low else item.low - 0.01
    typed = f"{value:,g}".replace("-", "−")
    assert any(text.startswith(said(item, typed)) for text in wrong(**{item.key: value}))


@pytest.mark.parametrize("item", [item for item in NUMBERS if item.low is not None and not item.above_low], ids=by_key)
def test_at_its_low_bound_and_within_noise_below_it_an_input_is_allowed(item):
    for value in (item.low, item.low - 1e-10):
        assert not out_of_bounds(item, value)


@pytest.mark.parametrize("item", [item for item in NUMBERS if item.high is not None], ids=by_key)
def test_above_its_bound_an_input_is_wrong(item):
    assert any(text.startswith(said(item, f"{item.high + 0.5:g}")) for text in wrong(**{item.key: item.high + 0.5}))


@pytest.mark.parametrize("item", [item for item in NUMBERS if item.high is not None], ids=by_key)
def test_at_its_high_bound_an_input_is_allowed(item):
    for value in (item.high, item.high * (1 + 1e-10)):
        assert not out_of_bounds(item, value)


@pytest.mark.parametrize("item", CAPPED, ids=by_key)
def test_above_the_input_that_bounds_it_an_input_is_wrong(item):
    most = review()["inputs"][item.at_most]
    assert f"{said(item, f'{most + 1:,g}')} ({most:,})." in wrong(**{item.key: most + 1})


@pytest.mark.parametrize("item", CAPPED, ids=by_key)
def test_a_bound_that_is_missing_is_not_told_as_a_number(item):
    found = wrong(**{item.key: -1, item.at_most: None})
    assert f"{said(item, '−1')}." in found


def test_a_label_that_is_a_question_is_quoted_in_a_sentence():
    question = '"Is depreciation inside that margin?"'
    assert f"{question} is blank: Yes is assumed." in texts(review(margin_includes_depreciation=None), "assumed")
    wrong = texts(review(margin_includes_depreciation="Perhaps"), "wrong")
    assert wrong == [f"{question} is 'Perhaps'; it must be one of Yes, No."]
    assert texts(review(scope=None), "assumed") == ["Scope is blank: Whole entity is assumed."]


@pytest.mark.parametrize("item", REQUIRED, ids=by_key)
def test_a_required_input_left_blank_is_missing(item):
    blank = {item.key: None} | ({"operating_income": None} if item.key == "operating_margin" else {})
    found = result(**blank)
    assert found.decision == "Incomplete"
    assert any(text.startswith(f"{item.label} is missing") for text in texts(review(**blank), "missing"))


@pytest.mark.parametrize("item", OPTIONAL, ids=by_key)
def test_an_optional_input_left_blank_is_assumed_and_says_what(item):
    found = result(**{item.key: None})
    assert found.complete
    (text,) = [finding.text for finding in found.findings if finding.kind == "assumed"]
    assert text.startswith(f"{item.named} is blank: ") and text.endswith(" is assumed.")


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("lease_term", "15 years is assumed."),
        ("lease_payments_12m", "lease commitments divided by their average term, 10.0, is assumed."),  # 150 / 15
        ("debt_due_24m", "the debt due within 12 months, at most what remains, 40.0, is assumed."),
        ("interest_rate", "interest over total debt, held between 3% and 20% (6% without debt), 6%, is assumed."),
        ("floating_share", "50% is assumed."),
        ("committed_capex", "this year's annual capex, 400, is assumed."),
        ("hardware_value", "the AI-specific capex, 300, is assumed."),
        # 300 x 100 / 400
        ("secured_debt", "hardware value times the debt-funded share of capex, at most total debt, 75.0, is assumed."),
        (
            "ai_depreciation",
            "hardware value over useful life, at most total depreciation, 50.0, is assumed.",
        ),  # 300 / 6
        ("total_backlog", "the sum of the listed backlogs, 600, is assumed."),
        ("run_rate_revenue", "the AI revenue booked, 800, is assumed."),
        ("operating_income", "booked revenue times operating margin, 200, is assumed."),
        ("operating_cash_flow", "EBITDA less interest, 290, is assumed."),
        ("utilization", "85% is assumed."),
        ("variable_cost_share", "20% is assumed."),
    ],
)
def test_what_is_assumed_by_hand(key, text):
    assert texts(review(**{key: None}), "assumed")[0].endswith(text)


@pytest.mark.parametrize(("interest", "rate"), [(5, "3%"), (30, "6%"), (200, "20%")])
def test_the_assumed_rate_is_held(interest, rate):
    (text,) = texts(review(interest_rate=None, interest_expense=interest), "assumed")
    assert text.endswith(f", {rate}, is assumed.")


def test_everything_typed_assumes_nothing():
    assert result().findings == []


# --- Inputs that bound each other ---


def test_debt_due_in_both_years_must_fit_in_total_debt():
    assert wrong(debt_due_12m=300, debt_due_24m=201) == [
        "Debt due within 12 months and in months 13 to 24 add up to 501; together they must be at most Total debt (500)."
    ]
    assert result(debt_due_12m=300, debt_due_24m=200).complete


def test_operating_income_and_margin_must_agree_to_a_hundredth_of_revenue():
    assert result(operating_income=190, operating_margin=0.2).complete
    assert wrong(operating_income=189.9, operating_margin=0.2) == [
        "Operating margin of 20% and Operating income of 190 do not agree on Actual booked revenue of 1,000; correct one "
        "of them or leave it blank."
    ]


def test_with_nothing_booked_a_margin_need_not_agree():
    given = review([], **NOTHING_BOOKED | {"operating_margin": 0.5}, operating_income=-130)
    assert result(given).complete


def test_operating_income_and_depreciation_must_not_exceed_revenue():
    (text,) = wrong(operating_income=900, operating_margin=None, depreciation=101)
    assert text == (
        "Operating income and Depreciation and amortisation add up to 1,001; together they must be at most Actual booked "
        "revenue (1,000), or costs would be negative."
    )


def test_total_backlog_must_cover_the_listed_ones():
    assert wrong(total_backlog=599) == [
        "Total backlog is 599; it must be at least the backlogs listed under Customers (600)."
    ]


def test_customers_may_exceed_ai_revenue_by_half_a_percent():
    assert result(review([customer(revenue=804)])).complete
    assert texts(review([customer(revenue=804.1)]), "wrong") == [
        "Customers' revenues add up to 804; they must not exceed AI revenue (800) by more than 0.5%."
    ]


# --- Sometimes required ---


def test_nothing_booked_needs_operating_income():
    assert texts(review([], **NOTHING_BOOKED | {"operating_margin": 0.1, "operating_income": None}), "missing") == [
        "Operating income is missing; it is needed when nothing is booked."
    ]


def test_without_a_margin_operating_income_will_do_and_without_both_the_margin_is_missing():
    assert result(operating_margin=None).complete
    assert texts(review(operating_margin=None, operating_income=None), "missing") == [
        "Operating margin is missing; give it, or Operating income."
    ]


def test_gross_margin_and_customers_are_not_needed_without_ai_revenue():
    assert result(review([], **NO_AI)).complete


def test_somebody_must_pay_the_ai_revenue():
    assert texts(review([]), "missing") == [
        "No customer is listed; list who pays, one row for each ultimate parent, or type 0 as AI revenue."
    ]


# --- Customers ---


@pytest.mark.parametrize(
    ("row", "kind", "text"),
    [
        ({"customer": None}, "missing", "Customer of customer 1 is missing."),
        ({"kind": None}, "missing", f"Kind of customer 1 (Atlas) is missing; it must be one of {', '.join(template.KINDS)}."),
        ({"kind": "Friend"}, "wrong", f"Kind of customer 1 is 'Friend'; it must be one of {', '.join(template.KINDS)}."),
        ({"revenue": None}, "missing", "Revenue of customer 1 is missing; type 0 if nothing was booked."),
        ({"revenue": -1}, "wrong", "Revenue of customer 1 is −1; it must be 0 or more."),
        ({"revenue": "a lot"}, "wrong", "Revenue of customer 1 is the text 'a lot'; it must be a number."),
        ({"backlog": -0.5}, "wrong", "Backlog of customer 1 is −0.5; it must be 0 or more."),
        ({"credit": "AAA"}, "wrong", "Credit of customer 1 is 'AAA'; it must be one of Investment grade, High yield, Unrated."),
        ({"take_or_pay": "Sure"}, "wrong", "Take-or-pay of customer 1 is 'Sure'; it must be one of Yes, No."),
        ({"circular": 2}, "wrong", "Circular of customer 1 is '2'; it must be one of Yes, No."),
    ],
)  # fmt: skip
def test_each_column_of_a_customer_with_its_sentence(row, kind, text):
    given = review([customer(revenue=80) | row])
    assert texts(given, kind) == [text]
    assert result(given).decision == "Incomplete"


def test_a_name_stands_once_without_regard_to_case_and_spaces():
    given = review([customer("Atlas", revenue=80), customer("Other", revenue=1), customer(" ATLAS ", revenue=80)])
    assert texts(given, "wrong") == [
        "Customer 'ATLAS' stands twice, as customer 1 and 3; make it one row for each ultimate parent."
    ]


def test_a_list_of_more_than_25_is_wrong():
    assert result(review([customer(f"C{at}", revenue=1) for at in range(25)])).complete
    assert texts(review([customer(f"C{at}", revenue=1) for at in range(26)]), "wrong") == [
        "Customer list has more than 25 rows; keep the largest and leave out the rest."
    ]


def test_blank_rows_are_no_customers():
    blank = {"customer": None, "kind": "", "revenue": None}
    assert len(result(review([blank, customer(revenue=800), blank])).customers) == 1


def test_blank_terms_are_listed_once_a_column_with_the_names():
    rows = [customer("One", revenue=400, credit=None), customer("Two", revenue=400, credit=None, circular=None)]
    assert texts(review(rows), "assumed") == [
        "Credit is blank for One, Two: Unrated is assumed.",
        "Circular is blank for Two: No is assumed.",
    ]


def test_no_backlog_in_any_row_is_assumed():
    rows = [customer("One", revenue=400, backlog=None), customer("Two", revenue=400, backlog=None)]
    assert "Backlog is blank for every customer: none is assumed (type 0 if there is none)." in texts(
        review(rows), "assumed"
    )


# --- Identity ---


@pytest.mark.parametrize(
    ("inputs", "text"),
    [
        ({"review_type": "Poem"}, "Review type is 'Poem'; it must be one of Vendor review, Budget request, Pitch, Investment."),
        ({"scope": "Half"}, "Scope is 'Half'; it must be one of Whole entity, Project."),
        ({"unit": "million"}, "Unit is 'million'; it must be one of ones, k, m, bn."),
        ({"currency": "Dollar"}, "Currency is 'DOLLAR'; it must be an ISO 4217 code such as USD."),
        ({"period_end": "03/04/2025"}, "Period end is the text '03/04/2025', which could mean two dates; type it as 2025-12-31."),
        ({"review_date": "soon"}, "Review date is 'soon'; it must be a date such as 2025-12-31."),
        ({"entity": []}, "Entity is []; it must be text."),
        ({"gross_margin": 45}, "Gross margin is 45; it must be between −20 and 1 (type 45% or 0.45)."),
        ({"cash": "45%"}, "Cash and liquid investments is '45%'; it must be an amount, not a percentage."),
    ],
)  # fmt: skip
def test_what_is_typed_wrongly_is_said(inputs, text):
    assert wrong(**inputs) == [text]


@pytest.mark.parametrize(("typed", "read"), [("", ""), ("ones", ""), (" M ", "m"), ("BN", "bn")])
def test_units_are_read(typed, read):
    assert result(unit=typed).inputs["unit"] == read


def test_a_value_that_cannot_be_read_is_wrong_and_neither_missing_nor_assumed():
    found = [(item.kind, item.key) for item in result(cash="much", guarantees="some").findings]
    assert found == [("wrong", "guarantees"), ("wrong", "cash")]


# --- Unusual: worth a second look, changes nothing ---


@pytest.mark.parametrize(
    ("inputs", "text"),
    [
        ({"interest_expense": 101}, "Interest is 20% of total debt; is one of them mistyped?"),
        ({"gross_margin": 0.95}, "Gross margin before depreciation is above 100%; is depreciation really inside it?"),
        ({"run_rate_revenue": 799}, "The run rate is below the AI revenue booked; is revenue falling?"),
        ({"useful_life": 7}, "Useful life is 7 years; more than 6 years is rare for AI hardware."),
        ({"annual_capex": 1e7 + 1, "committed_capex": 1}, "Booked revenue and annual capex are more than 10,000 times apart; another unit?"),
    ],
)  # fmt: skip
def test_what_is_unusual_is_said_and_does_not_block(inputs, text):
    found = result(**inputs)
    assert found.complete
    assert [item.text for item in found.findings] == [text]


@pytest.mark.parametrize(
    "inputs",
    [{"interest_expense": 100}, {"gross_margin": 0.9375}, {"run_rate_revenue": 800}, {"useful_life": 6},
     {"annual_capex": 1e7, "committed_capex": 1}, {"gross_margin": 0.95, "margin_includes_depreciation": "No"}],
)  # fmt: skip
def test_at_its_limit_nothing_is_unusual(inputs):
    assert result(**inputs).findings == []


def test_an_incomplete_review_is_not_called_unusual():
    assert texts(review(useful_life=7, cash=None), "unusual") == []


# --- Order ---


def test_what_blocks_comes_first_then_the_templates_order():
    found = result(review(cash=None, ai_capex=500, useful_life=8, guarantees=None, utilization=None)).findings
    assert [(item.kind, item.key) for item in found] == [
        ("wrong", "ai_capex"), ("missing", "cash"), ("assumed", "guarantees"), ("assumed", "utilization"),
    ]  # fmt: skip
