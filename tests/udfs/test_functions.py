import datetime
import random
from copy import deepcopy
from math import isfinite

import pytest
from random_reviews import random_review
from review_ranges import REVIEW, inputs_range, ranges

import capexrisk
from capexrisk import Policy, Reviews, assess, template
from capexrisk.template import METRICS
from capexrisk_udfs import FUNCTIONS, CallError, runs

CALL = {name: function.call for name, function in FUNCTIONS.items()}
FIRST = {"CAPEX_METRIC": "leverage", "CAPEX_READING": "leverage", "CAPEX_OUTCOME": "base"}
TABLES = [name for name, function in FUNCTIONS.items() if function.gives == "table"]


@pytest.fixture(autouse=True)
def fresh():
    runs.forget()


NAMED = {"metric": "leverage", "scenario": "base", "field": "cash"}
"""What functions take beside ranges."""


def result_of(review):
    return assess(Reviews.from_records([review])).result(0)


def without(review, *keys):
    changed = deepcopy(review)
    for key in keys:
        del changed["inputs"][key]
    return changed


def called(name, review, first=None):
    """Call a function with the ranges that its arguments name, and with `first` for a metric, scenario or count."""
    by_name = dict(zip(("inputs", "customers", "scenarios", "questions"), ranges(review), strict=True))
    names = [argument.name for argument in FUNCTIONS[name].arguments if not argument.optional]
    return CALL[name](*(by_name.get(argument, first) for argument in names))


def filled(table):
    return [row for row in table if any(value != "" for value in row)]


def shown(value, words):
    return value if isfinite(value) else words


def random_reviews(count, complete):
    """Made-up reviews with the wanted kind of result."""
    rng, found = random.Random(20), []
    while len(found) < count:
        review = random_review(rng)
        try:
            result = result_of(review)
        except capexrisk.InputError:
            continue
        if result.complete == complete:
            found.append((review, result))
    return found


COMPLETE = [(REVIEW, result_of(REVIEW)), *random_reviews(12, True)]
INCOMPLETE = random_reviews(4, False)


@pytest.fixture(params=range(len(COMPLETE)))
def case(request):
    return COMPLETE[request.param]


# --- Every function against the model ---


def test_the_example_is_complete():
    assert COMPLETE[0][1].complete


def test_every_metric_by_key_and_by_label(case):
    review, result = case
    for item in METRICS:
        value = shown(result.metrics[item.key], result.words.get(f"metrics.{item.key}"))
        assert called("CAPEX_METRIC", review, item.key) == value
        assert called("CAPEX_METRIC", review, f" {item.label.upper()} ") == value
        assert value != ""


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("CAPEX_CONCENTRATION", "concentration"),
        ("CAPEX_TOP_SHARE", "top_3_customers"),
        ("CAPEX_LAB_DEPENDENCY", "lab_dependency"),
        ("CAPEX_RUN_RATE_GAP", "run_rate_gap"),
        ("CAPEX_PAYBACK", "payback"),
    ],
)
def test_the_templates_own_rows(case, name, key):
    review, result = case
    assert called(name, review) == shown(result.metrics[key], result.words.get(f"metrics.{key}"))


def test_the_share_of_the_largest_customer_alone():
    inputs, customers, *_ = ranges(REVIEW)
    assert CALL["CAPEX_TOP_SHARE"](inputs, customers, 1.0) == pytest.approx(420 / 1200)
    assert CALL["CAPEX_TOP_SHARE"](inputs, customers, None) == pytest.approx(960 / 1200)


def test_readings(case):
    review, result = case
    for key in (*template.METRIC, "direct_customers"):
        text = called("CAPEX_READING", review, key)
        assert text == result.readings[key]
        assert text


def test_metrics_table(case):
    review, result = case
    table = called("CAPEX_METRICS", review)
    assert [row[0] for row in table] == [item.label for item in METRICS]
    assert [row[2] for row in table] == [result.metric_scores[item.key] for item in METRICS]
    assert [row[1] for row in table] == [called("CAPEX_METRIC", review, item.key) for item in METRICS]
    assert {row[3] for row in table} == {"Spend", "Payers", "Revenue"}


def test_sections_table(case):
    review, result = case
    table = called("CAPEX_SECTIONS", review)
    assert [row[1] for row in table] == list(result.sections.values())
    assert sum(row[2] for row in table) == pytest.approx(1)


def test_score_rating_and_decision(case):
    review, result = case
    assert called("CAPEX_SCORE", review) == result.score
    assert called("CAPEX_RATING", review) == result.rating
    assert called("CAPEX_DECISION", review) == result.decision
    assert called("CAPEX_REASON", review) == result.decision_sentence


def test_stress_table(case):
    review, result = case
    table = filled(called("CAPEX_STRESS", review))
    assert [row[0] for row in table] == [outcome.scenario for outcome in result.stress]
    for row, outcome in zip(table, result.stress, strict=True):
        assert row == [
            outcome.scenario,
            outcome.label,
            outcome.verdict,
            ", ".join(outcome.gives_way),
            outcome.revenue,
            outcome.ebitda,
            shown(outcome.dscr, result.words.get(f"stress.{outcome.scenario}.dscr")),
            outcome.lowest_liquidity,
            outcome.runs_out or "not within 8 quarters",
            shown(outcome.ltv, result.words.get(f"stress.{outcome.scenario}.ltv")),
            outcome.sentence,
        ]


def test_outcome_by_key_and_by_label(case):
    review, result = case
    for outcome in result.stress:
        assert called("CAPEX_OUTCOME", review, outcome.scenario.upper()) == outcome.sentence
        assert called("CAPEX_OUTCOME", review, outcome.label) == outcome.sentence


def test_liquidity_has_a_column_a_scenario_in_the_order_of_the_stress_table(case):
    review, result = case
    table = called("CAPEX_LIQUIDITY", review)
    for at, outcome in enumerate(result.stress):
        assert tuple(row[at] for row in table) == outcome.liquidity
    assert all(value == "" for row in table for value in row[len(result.stress) :])


def test_breakpoints_and_what_breaks_first(case):
    review, result = case
    table = called("CAPEX_BREAKPOINTS", review)
    assert [row[0] for row in table] == [point.driver for point in result.breakpoints]
    for row, point in zip(table, result.breakpoints, strict=True):
        assert row[1:] == [shown(point.shock, "never"), shown(point.headroom, "never")]
    assert called("CAPEX_BREAKS_FIRST", review) == result.breaks_first_sentence
    assert result.breaks_first_sentence


def test_checks_and_what_to_ask(case):
    review, result = case
    checks = [["Yes" if check.ok else "No", check.text] for check in result.checks.values()]
    assert [row[1:] for row in called("CAPEX_CHECKS", review)] == checks
    assert filled(called("CAPEX_ASK", review)) == [[question] for question in result.ask]


def test_findings_say_kind_sheet_label_and_text(case):
    review, result = case
    table = filled(called("CAPEX_FINDINGS", review))
    assert [row[3] for row in table] == [finding.text for finding in result.findings][: len(table)]
    assert {row[0] for row in table} <= {"assumed", "unusual"}


def test_findings_lead_to_the_cell():
    review = without(REVIEW, "cash")
    review["inputs"]["committed_capex"] = -5.0
    review["customers"][2]["kind"] = "Wizard"
    review["questions"][1]["status"] = "Maybe"
    table = filled(called("CAPEX_FINDINGS", review))
    inputs, customers, _, questions = ranges(review)
    by_name = {"Inputs": inputs, "Customers": customers, "Questions": questions}
    at = {row[2]: by_name[row[4]][int(row[5]) - 1][int(row[6]) - 1] for row in table if row[0] in ("missing", "wrong")}
    assert at == {
        "Capex committed for the next 12 months": -5.0,
        "Cash and liquid investments": None,
        "Kind": "Wizard",
        "Status of question 2": "Maybe",
    }


def test_every_assumed_or_unusual_finding_has_a_place(case):
    review, _ = case
    for row in filled(called("CAPEX_FINDINGS", review)):
        assert row[4], row


def test_policy_and_version():
    policy = Policy.current()
    table = FUNCTIONS["CAPEX_POLICY"].call()
    assert table[:2] == [["name", policy.name, ""], ["hash", policy.hash, ""]]
    (leverage,) = [row for row in table if row[0] == "metrics.leverage"]
    assert leverage[1].startswith("weight 1; knots (0, 0) (0.58, 5)")
    assert leverage[2] == policy.source("metrics", "leverage")
    assert policy.hash in FUNCTIONS["CAPEX_VERSION"].call()


# --- Incomplete ---


@pytest.mark.parametrize("review", [review for review, _ in INCOMPLETE] + [without(REVIEW, "cash")])
def test_an_incomplete_review_has_no_numbers_and_says_why(review):
    first = next(finding for finding in result_of(review).findings if finding.blocks)
    assert called("CAPEX_SCORE", review) == ""
    assert called("CAPEX_TOP_SHARE", review) in ("", called("CAPEX_METRIC", review, "top_3_customers"))
    for name in ("CAPEX_RATING", "CAPEX_DECISION", "CAPEX_REASON"):
        assert called(name, review).startswith("Incomplete, sheet ")
        assert called(name, review).endswith(first.text)
    assert called("CAPEX_ASK", review)[0][0] == called("CAPEX_DECISION", review)
    assert filled(called("CAPEX_CHECKS", review)) == [["", "", called("CAPEX_DECISION", review)]]
    assert first.text in [row[3] for row in called("CAPEX_FINDINGS", review)]
    assert filled(called("CAPEX_SECTIONS", review)) == []


def test_without_a_required_input_every_number_is_blank():
    review = without(REVIEW, "cash")
    sentence = called("CAPEX_RATING", review)
    assert sentence.startswith("Incomplete, sheet Review: Cash and liquid investments ")
    for item in METRICS:
        assert called("CAPEX_METRIC", review, item.key) == ""
        assert called("CAPEX_READING", review, item.key) == sentence
    for name in ("CAPEX_METRICS", "CAPEX_STRESS", "CAPEX_LIQUIDITY", "CAPEX_BREAKPOINTS", "CAPEX_SECTIONS"):
        assert filled(called(name, review)) == []
    assert called("CAPEX_OUTCOME", review, "financing") == sentence
    assert called("CAPEX_BREAKS_FIRST", review) == sentence


def test_a_wrong_customer_names_its_sheet():
    review = deepcopy(REVIEW)
    review["customers"][0]["revenue"] = -1.0
    assert called("CAPEX_RATING", review).startswith("Incomplete, sheet Customers: Revenue of customer 1")


def test_a_blank_workbook_is_incomplete_and_shows_no_error():
    blank = {"inputs": {}, "customers": []}
    for name, function in FUNCTIONS.items():
        given = NAMED.get(function.arguments[0].name) if function.arguments else None
        called(name, blank, given)
    assert called("CAPEX_SCORE", blank) == ""


# --- Sizes of tables ---


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("review", [REVIEW, without(REVIEW, "cash")], ids=["complete", "incomplete"])
def test_a_table_always_has_its_declared_size(name, review):
    function = FUNCTIONS[name]
    table = called(name, review)
    assert len(table) == function.rows
    assert {len(row) for row in table} == {function.columns}
    assert len(function.titles) == function.columns
    assert all(isinstance(value, (str, float)) for row in table for value in row)


def test_the_last_row_says_how_many_do_not_fit():
    review = deepcopy(REVIEW)
    review["customers"] = [{"customer": f"Payer {at}", "kind": "Wizard", "revenue": -1.0} for at in range(25)]
    findings = result_of(review).findings
    table = called("CAPEX_FINDINGS", review)
    assert len(table) == 40
    assert table[38][3] == findings[38].text
    assert table[39] == [f"and {len(findings) - 39} more", *[""] * 6]


def test_more_scenarios_than_fit_are_counted():
    inputs, customers, (header, *_), _ = ranges(REVIEW)
    own = [[f"own_{at}", f"Own {at}", 0.01 * at, *[None] * 11] for at in range(24)]
    stress = CALL["CAPEX_STRESS"](inputs, customers, [header, *own])
    liquidity = CALL["CAPEX_LIQUIDITY"](inputs, customers, [header, *own])
    assert [row[0] for row in stress[:23]] == [f"own_{at}" for at in range(23)]
    assert stress[23] == ["and 8 more", *[""] * 10]  # own_23, and base and the six core scenarios that stand in
    assert all(isinstance(value, float) for row in liquidity for value in row[:23])
    assert [row[23] for row in liquidity] == ["and 8 more", *[""] * 7]


# --- Calls that are wrong in themselves ---


def test_an_unknown_metric_lists_the_known_ones():
    with pytest.raises(CallError, match=r"Metric 'leverag' is not known. Did you mean 'leverage'.*interest_cover"):
        called("CAPEX_METRIC", REVIEW, "leverag")


def test_an_unknown_scenario_lists_the_known_ones():
    with pytest.raises(CallError, match=r"Scenario 'doom' is not known.*spend_drop.*bust"):
        called("CAPEX_OUTCOME", REVIEW, "doom")


@pytest.mark.parametrize("count", [2.0, 0.0, "three", True])
def test_a_count_other_than_one_or_three_is_refused(count):
    inputs, customers, *_ = ranges(REVIEW)
    with pytest.raises(CallError, match="must be 1 or 3"):
        CALL["CAPEX_TOP_SHARE"](inputs, customers, count)


@pytest.mark.parametrize("name", [name for name, function in FUNCTIONS.items() if function.arguments])
def test_a_missing_range_is_named(name):
    function = FUNCTIONS[name]
    given = [NAMED.get(argument.name) for argument in function.arguments]
    with pytest.raises(CallError, match=r"The range \w+ is missing"):
        function.call(*given)


def test_ranges_in_the_wrong_order_are_a_wrong_call():
    inputs, customers, scenarios, questions = ranges(REVIEW)
    with pytest.raises(CallError, match="The range customers has no header row"):
        CALL["CAPEX_SCORE"](inputs, questions, scenarios, customers)


def test_a_range_where_a_metric_belongs_is_a_wrong_call():
    inputs, customers, *_ = ranges(REVIEW)
    with pytest.raises(CallError, match="single cell"):
        CALL["CAPEX_METRIC"](inputs, inputs, customers)


def test_a_policy_that_cannot_be_used_is_a_sentence(tmp_path, monkeypatch):
    path = tmp_path / "own.toml"
    path.write_text("nonsense = 1\n")
    monkeypatch.setenv("CAPEXRISK_POLICY", str(path))
    with pytest.raises(CallError, match=r"The policy file .*own\.toml cannot be used"):
        called("CAPEX_SCORE", REVIEW)


# --- Values as hosts hand them over ---


def changed(**values):
    review = deepcopy(REVIEW)
    review["inputs"] |= values
    return review


@pytest.mark.parametrize(
    ("key", "typed", "same"),
    [
        ("gross_margin", "50%", 0.5),
        ("cash", "1200.5", 1200.5),
        ("period_end", 46022.0, "2025-12-31"),
        ("margin_includes_depreciation", True, "Yes"),
        ("margin_includes_depreciation", 1.0, "Yes"),
        ("margin_includes_depreciation", False, "No"),
        ("review_type", " vendor REVIEW ", "Vendor review"),
        ("inventory_build", "", None),
        ("unit", "ones", "ones"),
        ("annual_capex", 1000, 1000.0),
    ],
)
def test_what_a_person_types_is_read_as_they_mean_it(key, typed, same):
    assert called("CAPEX_STRESS", changed(**{key: typed})) == called("CAPEX_STRESS", changed(**{key: same}))
    assert called("CAPEX_SCORE", changed(**{key: typed})) == called("CAPEX_SCORE", changed(**{key: same})) != ""


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("1,234", "could mean 1234 or 1.234"),
        ({"type": "Error", "kind": "Na"}, "holds the error #N/A"),
        (True, "is TRUE; it must be a number"),
        ("about 5", "must be a number"),
    ],
)
def test_what_could_mean_two_things_is_refused_with_a_sentence(typed, says):
    assert says in called("CAPEX_RATING", changed(cash=typed))


def test_an_error_cell_among_customers_is_named():
    inputs, customers, scenarios, questions = ranges(REVIEW)
    customers[2][2] = {"type": "Error", "kind": "Ref"}
    text = CALL["CAPEX_DECISION"](inputs, customers, scenarios, questions)
    assert text.startswith("Incomplete, sheet Customers: ")
    assert "#REF!" in text


@pytest.mark.parametrize("column", range(8))
def test_an_error_cell_anywhere_in_a_table_is_no_failure(column):
    inputs, customers, scenarios, questions = ranges(REVIEW)
    customers[2][column] = {"type": "Error", "kind": "Ref"}
    assert isinstance(CALL["CAPEX_DECISION"](inputs, customers, scenarios, questions), str)


def test_blank_cells_may_be_none_or_empty_text():
    blanks = [[["" if value is None else value for value in row] for row in part] for part in ranges(REVIEW)]
    assert CALL["CAPEX_FINDINGS"](*blanks) == called("CAPEX_FINDINGS", REVIEW)
    tuples = [tuple(tuple(row) for row in part) for part in ranges(REVIEW)]
    assert CALL["CAPEX_FINDINGS"](*tuples) == called("CAPEX_FINDINGS", REVIEW)


def test_a_renamed_label_stops_the_review():
    inputs, customers, scenarios, questions = ranges(REVIEW)
    inputs = [
        ["Guarantees given" if row[0] == template.FIELD["guarantees"].label else row[0], row[1]] for row in inputs
    ]
    assert "'Guarantees given'" in CALL["CAPEX_RATING"](inputs, customers, scenarios, questions)


def test_a_missing_label_is_said_once():
    inputs, customers, scenarios, questions = ranges(REVIEW)
    inputs = [row for row in inputs if row[0] != "Total debt"]
    table = CALL["CAPEX_FINDINGS"](inputs, customers, scenarios, questions)
    assert [row[3] for row in table if row[2] == "Total debt"] == ["The label 'Total debt' is not in the range Inputs."]


# --- The model is computed once ---


@pytest.fixture
def computed(monkeypatch):
    calls = []
    real = capexrisk.assess
    monkeypatch.setattr(capexrisk, "assess", lambda *args: calls.append(1) or real(*args))
    return calls


def test_all_functions_of_a_workbook_compute_the_model_once(computed):
    called("CAPEX_SCORE", REVIEW)
    for name, function in FUNCTIONS.items():
        given = NAMED.get(function.arguments[0].name) if function.arguments else None
        called(name, REVIEW, given)
    assert len(computed) == 1


def test_a_changed_cell_is_computed_anew(computed):
    first = called("CAPEX_SCORE", REVIEW)
    assert called("CAPEX_SCORE", changed(cash=10.0)) != first
    assert called("CAPEX_SCORE", REVIEW) == first
    assert len(computed) == 2


def test_true_and_one_are_not_taken_for_the_same_cell(computed):
    called("CAPEX_RATING", changed(cash=1.0))
    assert "TRUE" in called("CAPEX_RATING", changed(cash=True))


def test_ranges_with_dates_are_told_apart(computed):
    day = datetime.date(2025, 12, 31)
    assert called("CAPEX_SCORE", changed(period_end=day, cash=10.0)) != called("CAPEX_SCORE", changed(period_end=day))
    assert called("CAPEX_SCORE", changed(period_end=day)) == called("CAPEX_SCORE", REVIEW)
    assert len(computed) == 3


def test_another_policy_is_computed_anew(computed, tmp_path, monkeypatch):
    called("CAPEX_SCORE", REVIEW)
    path = tmp_path / "own.toml"
    path.write_text('name = "Bank X"\n[sections]\nspend = 0.45\npayers = 0.05\nsource = "board"\n')
    monkeypatch.setenv("CAPEXRISK_POLICY", str(path))
    assert [row[2] for row in called("CAPEX_SECTIONS", REVIEW)][:2] == [0.45, 0.05]
    assert len(computed) == 2


def test_a_wrong_scenario_leaves_the_metrics_that_do_not_rest_on_it():
    inputs, customers, scenarios, questions = ranges(REVIEW)
    scenarios[2][2] = 7.0
    assert CALL["CAPEX_SCORE"](inputs, customers, scenarios, questions) == ""
    assert CALL["CAPEX_PAYBACK"](inputs, customers) == result_of(REVIEW).metrics["payback"]


def test_only_the_last_runs_are_kept(computed):
    for cash in range(runs.REMEMBERED + 1):
        called("CAPEX_SCORE", changed(cash=float(cash)))
    called("CAPEX_SCORE", changed(cash=0.0))
    assert len(computed) == runs.REMEMBERED + 2


def test_inputs_alone_hold_every_field():
    assert len([row for row in inputs_range({}) if row[0] in {item.label for item in template.FIELDS}]) == len(
        template.FIELDS
    )


def test_a_finding_about_one_input_is_said_in_short():
    blank = {**REVIEW, "inputs": {**REVIEW["inputs"], "scope": None, "cash": None}}
    given = ranges(blank)
    assert FUNCTIONS["CAPEX_FINDING"].call("scope", *given) == "Blank: Whole entity is assumed."
    assert FUNCTIONS["CAPEX_FINDING"].call("Cash and liquid investments", *given) == "Required."
    assert FUNCTIONS["CAPEX_FINDING"].call("annual_capex", *given) == ""
    with pytest.raises(CallError, match="Did you mean 'cash'"):
        FUNCTIONS["CAPEX_FINDING"].call("cashh", *given)
