"""The six checks at their limits, and every decision (model, section 6)."""

import pytest
from worked import MANY, NO_AI, customer, result, sound


def holds(check, given):
    return result(given).checks[check].ok


def test_a_sound_review_passes_every_check_and_is_proven():
    found = result(sound())
    assert all(check.ok for check in found.checks.values())
    assert (found.decision, found.also) == ("Proven", [])
    assert found.decision_sentence == "Proven: every check holds"
    assert found.ask == []


# --- Each check at its limits ---


@pytest.mark.parametrize(
    ("run_rate", "ok"), [(719.9, False), (720, True), (800, True), (1000, True), (1000 + 1e-7, True), (1000.1, False)]
)
def test_booked_allows_a_run_rate_from_minus_10_to_plus_25_percent(run_rate, ok):
    assert holds("booked", sound(run_rate_revenue=run_rate)) is ok


@pytest.mark.parametrize(
    ("changes", "ok"),
    [
        ({"gross_margin": 0.25}, True),
        ({"gross_margin": 0.2499}, False),
        ({"gross_margin": 0.3125, "margin_includes_depreciation": "No"}, True),  # less 50 / 800
        ({"gross_margin": 0.3124, "margin_includes_depreciation": "No"}, False),
        ({"operating_income": 0}, False),
        ({"operating_income": 1e-12}, False),
        ({"operating_income": 0.01}, True),
    ],
)
def test_margin_needs_a_quarter_after_depreciation_and_operating_income(changes, ok):
    assert holds("margin", sound(**changes)) is ok


@pytest.mark.parametrize(("hardware", "ok"), [(2925, True), (2926, False)])
def test_payback_must_come_within_three_quarters_of_the_life(hardware, ok):
    # cash margin 0.75 + 50 / 800 = 0.8125: 650 a year; 4.5 years of it are 2925
    assert holds("payback", sound(hardware_value=hardware)) is ok


@pytest.mark.parametrize(
    ("shares", "ok"),
    [
        ([0.35, *[0.05] * 10], True),
        ([0.351, *[0.05] * 10], False),
        ([0.30, 0.20, 0.20, *[0.03] * 10], True),
        ([0.30, 0.20, 0.21, *[0.029] * 10], False),
        ([0.10] * 5, True),  # five customers with just half of it
        ([0.0999] * 5, False),  # hidden: less than half
        ([0.01] * 10, True),  # ten are not few
    ],
)
def test_demand_must_not_hang_on_few_payers(shares, ok):
    rows = [customer(f"C{at}", revenue=800 * share) for at, share in enumerate(shares)]
    assert holds("demand", sound(rows)) is ok


@pytest.mark.parametrize(("backlog", "ok"), [(350, True), (351, False)])
def test_demand_must_not_hang_on_one_lab_by_backlog(backlog, ok):
    rows = [customer("Lab", "Model lab", 40, backlog=backlog), *MANY[:19]]
    assert holds("demand", sound(rows, total_backlog=1000)) is ok


def test_demand_needs_ai_revenue():
    found = result(sound([], **NO_AI))
    assert not found.checks["demand"].ok and not found.checks["margin"].ok and not found.checks["booked"].ok


@pytest.mark.parametrize(
    ("status", "source", "ok"), [("Evidence", "Ledger", True), ("Evidence", None, False), ("Partial", "Ledger", False)]
)
def test_internal_customers_are_demand_when_question_2_stands_at_evidence(status, source, ok):
    given = sound([customer("Claims", "Internal", 800)])
    given["questions"][1] = {"status": status, "answer": "Claims", "source": source}
    assert holds("demand", given) is ok


def test_one_outside_customer_beside_internal_ones_is_judged_by_its_share():
    assert not holds("demand", sound([customer("Claims", "Internal", 760), customer("Outside", revenue=40)]))


def test_survives_fails_when_one_core_scenario_breaks():
    given = sound()
    given["scenarios"] = [{"scenario": "buyer_halves", "volume": 1, "label": None}]
    assert holds("survives", given)  # 5000 of cash carry it
    assert not holds("survives", {**given, "inputs": given["inputs"] | {"cash": 200}})


def test_a_scenario_outside_the_core_breaking_fails_nothing():
    given = sound(cash=200)
    given["scenarios"] = [{"scenario": "own", "volume": 1}]
    found = result(given)
    assert found.stress[-1].verdict == "Breaks"
    assert found.checks["survives"].ok


@pytest.mark.parametrize(("statuses", "ok"), [(["None", "Assertion"], True), (["None", "Assertion", "Partial"], False)])
def test_evidence_allows_five_points(statuses, ok):
    given = sound()
    for row, status in zip(given["questions"], statuses, strict=False):
        row["status"] = status
    assert holds("evidence", given) is ok


@pytest.mark.parametrize(
    ("kind", "ok"), [("Pitch", False), ("Budget request", False), ("Vendor review", True), ("Investment", True)]
)
def test_pitches_and_budget_requests_need_the_three_part_test(kind, ok):
    given = sound(review_type=kind)
    assert holds("evidence", given)
    given["three_part"]["segment"] = "  "
    found = result(given)
    assert found.checks["evidence"].ok is ok
    assert any("Can anyone connect" in question for question in found.ask) is not ok
    assert ("three-part test" in found.checks["evidence"].text) is not ok


# --- Each decision, and what else would hold ---


def decided(given):
    found = result(given)
    return found.decision, found.also


def test_incomplete():
    found = result(sound(cash=None))
    assert (found.decision, found.also, found.score, found.checks) == ("Incomplete", [], None, {})
    assert found.decision_sentence == "Incomplete: Cash and liquid investments is missing."


def test_conditional_when_a_check_fails_and_the_conditions_are_the_failing_checks():
    found = result(sound(run_rate_revenue=1200))
    assert (found.decision, found.also) == ("Conditional", [])
    assert found.decision_sentence == "Conditional: not shown: run rate is backed by booked revenue"


def test_conditional_by_score_alone_says_the_score():
    given = sound(cash=100, committed_capex=110, operating_cash_flow=0)  # liquidity cover 0.909: a floor of 43.6
    assert decided(given) == ("Proven", [])
    given = sound(cash=86, committed_capex=100, operating_cash_flow=0)  # 0.86: a floor of 51
    found = result(given)
    assert (found.decision, found.also) == ("Conditional", ["Proven"])
    assert found.decision_sentence == "Conditional: its score is 51; every check holds"


def test_speculative_when_payback_fails_and_demand_too():
    rows = [customer(revenue=800)]
    assert decided(sound(rows, hardware_value=3000)) == ("Speculative", ["Conditional"])


def test_late_payback_alone_is_conditional():
    assert decided(sound(hardware_value=3000)) == ("Conditional", [])


def test_speculative_when_ebitda_is_not_above_zero():
    assert decided(sound(operating_income=-120))[0] == "Speculative"  # the margin check fails too


def test_speculative_when_the_run_rate_runs_ahead_and_payback_takes_more_than_half_the_life():
    rows = [customer(revenue=800)]
    # 650 a year: 3 years are 1950
    assert decided(sound(rows, run_rate_revenue=1200, hardware_value=1951))[0] == "Speculative"
    assert decided(sound(rows, run_rate_revenue=1200, hardware_value=1950))[0] == "Conditional"
    assert decided(sound(rows, run_rate_revenue=1000, hardware_value=1951))[0] == "Conditional"


def test_restructure_when_it_breaks_today():
    found = result(sound(cash=0, committed_capex=2500))
    assert (found.decision, found.also) == ("Restructure", ["Conditional"])
    assert found.decision_sentence.startswith("Restructure: it breaks today")


def test_restructure_at_a_score_of_75_without_breaking_today():
    # losses with more owed than cash floor the score at 75; margins and demand keep it out of nothing: Speculative
    given = sound(operating_income=-121, guarantees=6000, gross_margin=0.75)
    found = result(given)
    assert found.score == 75 and found.stress[0].verdict == "Holds"
    assert (found.decision, found.also) == ("Speculative", ["Restructure", "Conditional"])


def test_speculative_says_that_it_also_breaks_today():
    found = result(sound([customer(revenue=800)], hardware_value=3000, cash=0, committed_capex=2500))
    assert (found.decision, found.also) == ("Speculative", ["Restructure", "Conditional"])
    assert "it also breaks today" in found.decision_sentence


def test_no_weight_lifts_a_review_out_of_speculative():
    rows = [customer(revenue=800)]
    found = result(sound(rows, hardware_value=3000, cash=1e6))
    assert found.score < 50 and found.decision == "Speculative"


# --- Sentences of the checks name number and limit ---


def test_check_sentences_name_the_number_and_the_limit():
    texts = {key: check.text for key, check in result().checks.items()}
    assert texts["booked"] == "Run rate against booked AI revenue: 10%; allowed −10% to 25%."
    assert texts["payback"] == "Payback: 0.7 years; at most 4.5 years (75% of a life of 6)."
    assert "one lab or hyperscaler 50% (at most 35%)" in texts["demand"]
    assert texts["evidence"] == "Open points on the five questions: 0 of 15; at most 5."
