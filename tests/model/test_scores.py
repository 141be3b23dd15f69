"""Scores by hand: knots, the rules on top of them, sections, overall with its floors, ratings (model, section 3)."""

import numpy as np
import pytest
from worked import NO_AI, NO_DEBT, NOTHING_OWED, customer, result, review, sound

from capexrisk import Policy
from capexrisk.scores import breaks_score, ratings

# Between the knots (value, score) on either side, on the metrics of test_metrics.py.
WORKED_SCORES = {
    "leverage": 20.72,  # (0.58, 5) (1.83, 25): 5 + 20 x (1.5625 - 0.58) / 1.25 = 5 + 20 x 0.786
    "committed_leverage": 25.921770,  # (1.5, 20) (3, 40): 20 + 20 x 0.44413278 / 1.5
    "interest_cover": 21.888889,  # (6, 25) (7.5, 18): 25 - 7 x 0.6666667 / 1.5
    "debt_service_cover": 0,  # beyond (3, 0)
    "liquidity_cover": 1.9047619,  # (2, 8) (3, 0): 8 - 8 x 0.7619048
    "capex_to_cash_flow": 72.142857,  # (1, 55) (1.5, 75): 55 + 20 x 0.4285714 / 0.5
    "debt_funded_share": 25,
    "maturity_wall": 25,
    "top_customer": 56.666667,  # (0.25, 50) (0.40, 70): 50 + 20 x 0.05 / 0.15
    "top_3_customers": 68.75,  # (0.50, 50) (0.70, 75): 50 + 25 x 0.15 / 0.20
    "concentration": 44.166667,  # (1500, 40) (1800, 50): 40 + 10 x 125 / 300
    "lab_dependency": 80,  # (0.45, 75) (0.60, 90): 75 + 15 x 0.05 / 0.15
    "circular_share": 60,
    "run_rate_gap": 10,
    "adjusted_gross_margin": 36.666667,  # (0.4, 50) (0.55, 30): 50 - 20 x 0.10 / 0.15
    "operating_margin": 19.921875,  # (0.187, 25) (0.251, 0): 25 - 25 x 0.013 / 0.064
    "payback": 0,  # 0.6666667 years of a life of 6 = 0.111, below (0.25, 0)
    "inventory_build": 30,
}


@pytest.mark.parametrize(("metric", "score"), WORKED_SCORES.items())
def test_metric_score_by_hand(metric, score):
    assert result().metric_scores[metric] == pytest.approx(score, abs=1e-6)


def test_a_metric_without_value_scores_100():
    scores = result(review([], **NO_AI)).metric_scores
    assert scores["top_customer"] == scores["adjusted_gross_margin"] == 100


def test_beyond_every_knot_takes_the_last_score():
    scores = result(review([], **NO_AI)).metric_scores
    assert scores["payback"] == scores["run_rate_gap"] == 100  # inf
    assert result(interest_expense=0).metric_scores["interest_cover"] == 0  # inf


# --- Losses: debt measures score by owed over cash. Owed is 622.122490. ---

LOSS = {"operating_income": -120, "operating_margin": None}  # EBITDA 0, EBIT below 0
BURDENED = ("leverage", "committed_leverage", "interest_cover", "debt_service_cover")


@pytest.mark.parametrize("metric", BURDENED)
def test_losses_score_by_owed_over_cash(metric):
    assert result(**LOSS, cash=1000).metric_scores[metric] == pytest.approx(62.212249, abs=1e-6)


@pytest.mark.parametrize("metric", BURDENED)
@pytest.mark.parametrize("cash", [0, 600])
def test_losses_score_100_when_more_is_owed_than_the_cash(metric, cash):
    assert result(**LOSS, cash=cash).metric_scores[metric] == 100


@pytest.mark.parametrize("metric", BURDENED)
def test_losses_score_0_when_nothing_is_owed(metric):
    assert result(**LOSS | NOTHING_OWED).metric_scores[metric] == 0


def test_losses_score_0_where_the_metric_itself_has_nothing_to_measure():
    scores = result(**LOSS | NO_DEBT).metric_scores  # leases are owed, but no debt and no interest
    assert scores["leverage"] == scores["interest_cover"] == 0
    assert scores["committed_leverage"] == pytest.approx(61.061245, abs=1e-6)  # 122.122490 / 200


def test_ebit_below_zero_moves_interest_cover_alone():
    found = result(operating_income=-20, operating_margin=None, cash=1000)  # EBITDA 100
    assert found.metric_scores["interest_cover"] == pytest.approx(62.212249, abs=1e-6)
    assert found.metric_scores["leverage"] == pytest.approx(72.891892, abs=1e-6)  # 5: 60 + 15 x 1.59 / 1.85


# --- Assumed is not good ---


@pytest.mark.parametrize(
    ("metric", "blank"),
    [
        ("run_rate_gap", "run_rate_revenue"),
        ("inventory_build", "inventory_build"),
        ("committed_leverage", "guarantees"),
        ("committed_leverage", "lease_liability"),
        ("liquidity_cover", "committed_capex"),
    ],
)
def test_what_rests_on_an_assumed_input_scores_at_least_50(metric, blank):
    assert result().metric_scores[metric] < 50
    assert result(**{blank: None}).metric_scores[metric] == 50


def test_lab_dependency_scores_at_least_50_while_no_backlog_is_listed():
    rows = [customer(f"C{at}", revenue=80, backlog=None) for at in range(10)]
    assert result(review(rows)).metric_scores["lab_dependency"] == 50
    assert result(review([{**rows[0], "backlog": 0}, *rows[1:]])).metric_scores["lab_dependency"] == 0


def test_assumed_does_not_better_a_worse_score():
    found = result(review([customer(kind="Model lab", revenue=800, backlog=None)]))
    assert found.metric_scores["lab_dependency"] == 100


def test_losses_come_before_assumed():
    scores = result(**LOSS | NOTHING_OWED | {"guarantees": None}).metric_scores
    assert scores["committed_leverage"] == 50  # 0 by the first rule, 50 by the second


# --- Hidden payers ---


@pytest.mark.parametrize(
    ("count", "listed", "scores"),
    [
        (9, 399, 50),  # fewer than ten, less than half of 800
        (9, 400, 0),  # exactly half
        (10, 399, 0),  # ten
    ],
)
def test_few_payers_that_make_up_less_than_half_score_at_least_50(count, listed, scores):
    rows = [customer(f"C{at}", kind="Consumer", revenue=listed / count) for at in range(count)]
    found = result(review(rows)).metric_scores
    assert [found[key] for key in ("top_customer", "top_3_customers", "concentration")] == [scores] * 3


# --- Sections and overall ---


def test_sections_by_hand():
    sections = result().sections
    # (20.72 + 25.921770 + 21.888889 + 0 + 1.904762 + 72.142857 + 25 + 25) / 8 = 192.578278 / 8
    assert sections["spend"] == pytest.approx(24.072285, abs=1e-5)
    # (56.666667 + 68.75 + 44.166667 + 2 x 80 + 60) / 6 = 389.583333 / 6
    assert sections["payers"] == pytest.approx(64.930556, abs=1e-5)
    # (10 + 36.666667 + 19.921875 + 2 x 0 + 30) / 6 = 96.588542 / 6
    assert sections["revenue"] == pytest.approx(16.098090, abs=1e-5)
    assert sections["questions"] == 0


def test_breaks_by_hand_when_every_core_scenario_holds():
    found = result()
    # severity 0; smallest headroom 2.0957831 (test_breakpoints.py): 25 - 12.5 x 0.0957831 = 23.802711
    assert found.sections["breaks"] == pytest.approx(11.901355, abs=1e-5)


def test_breaks_by_hand_when_core_scenarios_strain_and_break():
    verdicts = np.array([[1], [1], [1], [2], [0], [0]], np.int8)  # severity (3 x 50 + 100) / 6; headroom 0.5 scores 90
    assert breaks_score(verdicts, np.array([0.5]), Policy.built_in()) == pytest.approx([250 / 6 / 2 + 90 / 2])


def test_questions_by_hand():
    given = review()
    for row, status in zip(given["questions"], ("Evidence", "Partial", "Assertion", "None", None), strict=True):
        row["status"] = status
    assert result(given).sections["questions"] == pytest.approx(60)  # (0 + 1 + 2 + 3 + 3) / 15


@pytest.mark.parametrize("status", ["Evidence", "Partial"])
@pytest.mark.parametrize("source", [None, "", "  "])
def test_without_a_source_a_status_counts_as_assertion(status, source):
    given = review()
    given["questions"][0] = {"status": status, "answer": "Yes", "source": source}
    assert result(given).sections["questions"] == pytest.approx(100 * 2 / 15)


@pytest.mark.parametrize(
    "blank", ["run_rate_revenue", "inventory_build", "guarantees", "lease_liability", "committed_capex"]
)
def test_numbers_not_shown_hold_the_fifth_question_at_partial(blank):
    assert result(**{blank: None}).sections["questions"] == pytest.approx(100 / 15)


def test_no_backlog_listed_holds_the_fifth_question_at_partial_total_backlog_typed_or_not():
    rows = [customer(f"C{at}", revenue=80, backlog=None) for at in range(10)]
    assert result(review(rows, total_backlog=500)).sections["questions"] == pytest.approx(100 / 15)


def test_overall_by_hand():
    # 0.25 x (24.072285 + 64.930556 + 16.098090) + 0.20 x 11.901355 + 0.05 x 0 = 28.655504
    # 0.7 x 28.655504 + 0.3 x 64.930556 = 20.058853 + 19.479167
    assert result().score == pytest.approx(39.538020, abs=1e-5)
    assert result().rating == "Moderate"


def test_questions_are_never_the_worst_section():
    given = review()
    given["questions"] = []
    found = result(given)
    assert found.sections["questions"] == 100
    mean = sum(w * s for w, s in zip((0.25, 0.25, 0.25, 0.20, 0.05), found.sections.values(), strict=True))
    assert found.score == pytest.approx(0.7 * mean + 0.3 * found.sections["payers"], abs=1e-9)


# --- Floors ---


@pytest.mark.parametrize(("cover", "floor"), [(0.5, 60), (0.8, 60), (0.9, 45), (1.0, 30), (1.19, 1.5), (1.2, 0)])
def test_liquidity_cover_sets_a_floor(cover, floor):
    # nothing owed, 100 of capex committed and no cash flow: cover = cash / 100
    given = sound(cash=100 * cover, committed_capex=100, operating_cash_flow=0)
    found = result(given)
    assert found.metrics["liquidity_cover"] == pytest.approx(cover)
    mean = sum(w * s for w, s in zip((0.25, 0.25, 0.25, 0.20, 0.05), found.sections.values(), strict=True))
    weighed = 0.7 * mean + 0.3 * max(list(found.sections.values())[:4])
    assert found.score == pytest.approx(max(weighed, floor), abs=1e-9)
    assert (found.score == pytest.approx(floor)) == (floor > weighed)


def test_the_liquidity_floor_lifts_a_sound_review():
    given = sound(cash=80, committed_capex=100, operating_cash_flow=0)
    assert result(given).score == pytest.approx(60)


@pytest.mark.parametrize(("guarantees", "floor"), [(100, 7.5), (800, 60), (1000, 75), (9000, 75)])
def test_losses_with_something_owed_set_a_floor_by_owed_over_cash(guarantees, floor):
    given = sound(cash=1000, guarantees=guarantees, operating_income=-120)
    found = result(given)
    mean = sum(w * s for w, s in zip((0.25, 0.25, 0.25, 0.20, 0.05), found.sections.values(), strict=True))
    weighed = 0.7 * mean + 0.3 * max(list(found.sections.values())[:4])
    assert found.score == pytest.approx(max(weighed, floor), abs=1e-9)


def test_losses_with_nothing_owed_set_no_floor():
    found = result(sound(operating_income=-120, cash=0, operating_cash_flow=100))
    assert found.score is not None and found.score < 75


@pytest.mark.parametrize(
    ("score", "rating"), [(0, 0), (24.999999, 0), (25, 1), (49.99, 1), (50, 2), (75, 3), (100, 3), (np.nan, -1)]
)
def test_rating_bands_begin_at_their_limit(score, rating):
    assert ratings(np.array([score]), Policy.built_in()) == [rating]
