"""What breaks first: breakpoints by hand, by their definition, ties, and never (model, section 5)."""

from math import inf
from random import Random

import numpy as np
import pytest
from random_reviews import random_review
from worked import NOTHING_OWED, customer, outcome, result, review

from capexrisk import Policy, Reviews, assess
from capexrisk.breakpoints import below_zero, first_driver

DRIVERS = Policy.built_in().drivers


def points(given=None, /, **inputs):
    return {point.driver: point for point in result(given, **inputs).breakpoints}


def test_breakpoints_by_hand():
    # The worked review owes 40.9 in the year (interest 30.9, lease 10) and 42.4 in the next, see test_stress.py.
    # A share d of volume lost costs 664 d of EBITDA a year. Debt service gives way where
    #   EBITDA 320 - 664 d < 40.9: d > 0.4203, and
    #   liquidity after two years 736.7 - 1328 d < 40.9: d > 695.8 / 1328; both hold beyond the latter
    found = points()
    assert found["customer spend"].shock == pytest.approx(695.8 / 1328)
    assert found["customer spend"].headroom == pytest.approx(695.8 / 1328 / 0.25)
    # a price cut c costs 800 c a year: 736.7 - 1600 c < 40.9
    assert found["price"].shock == pytest.approx(695.8 / 1600)
    assert found["price"].headroom == pytest.approx(695.8 / 1600 / 0.20)
    # Atlas buys 60 a quarter: liquidity after the first quarter, 340, is gone with 340 / 240 of a year
    assert found["payment delay"].shock == pytest.approx(340 / 240 * 365)
    # without a shock to Atlas alone, to rates, to lenders or to resale anything giving way
    never = ("top customer's spend", "interest rate", "refinancing", "hardware resale value")
    assert all(found[driver].shock == found[driver].headroom == inf for driver in never)
    assert result().breaks_first == "customer spend"


def test_utilization_breaks_with_contracts_holding():
    # Kept by contract: Atlas 0.95, others 114 / 560. Volume lost d = shock / 0.8 costs, beyond contracts,
    # 0.3 x 0.05 + 0.7 x 446 / 560 = 0.5725 d of AI volume: 0.5725 x 664 d = 380.14 d a year; 736.7 - 760.28 d < 40.9
    assert points()["utilization"].shock == pytest.approx(0.8 * 695.8 / 760.28)


def test_the_driver_shocks_do_not_depend_on_the_scenario_table():
    given = review()
    given["scenarios"] = [{"scenario": "spend_drop", "label": "Edited", "volume": 0.9}]
    assert result(given).breakpoints == result().breakpoints


# --- By definition: put back as a shock it just breaks, a hair less does not ---


@pytest.fixture(scope="module")
def broken():
    """400 varied reviews with every breakpoint, and the verdicts of shocks a hair above and a hair below it."""
    given = [random_review(Random(seed)) for seed in range(400)]
    found = assess(Reviews.from_records(given), Policy.built_in())
    tables = []
    for at, one in enumerate(given):
        rows = []
        for row, driver in enumerate(DRIVERS):
            largest = driver.largest or number(one["inputs"].get("utilization")) or 0.85
            shock = found.shocks[row, at]
            if not found.complete[at] or not 1e-4 < shock / largest < 1 - 1e-4:
                continue
            for side, sign in (("above", 1), ("below", -1)):
                size = {driver.shock: shock + sign * 1e-5 * largest, "contracts_hold": driver.contracts_hold}
                rows.append({"scenario": f"{side} {driver.name}", "label": None, **size})
        tables.append({key: value for key, value in one.items() if key != "scenarios"} | {"scenario_table": rows})
    tried = Reviews.from_records([one for one in tables if one["scenario_table"]])
    return list(assess(tried, Policy.built_in()).results())


def number(typed):
    return typed["value"] if isinstance(typed, dict) else typed


@pytest.mark.parametrize("driver", DRIVERS, ids=lambda driver: driver.name)
def test_a_breakpoint_just_breaks_and_a_hair_less_does_not(broken, driver):
    seen = 0
    for found in broken:
        verdict = {row.scenario: row.verdict for row in found.stress}
        if f"above {driver.name}" in verdict:
            seen += 1
            assert verdict[f"above {driver.name}"] == "Breaks"
            assert verdict[f"below {driver.name}"] != "Breaks"
    assert seen > 5


# --- The refinancing case: one condition comes true and untrue again ---

# All capex of 100 a quarter is borrowed at 50%, EBITDA is 60, and lenders withhold a share c of it:
#   service of the year 75 (1 - c): debt 0, 100, 200, 300 at 12.5% a quarter; above EBITDA while c < 0.2
#   liquidity after two years: cash + 120 - 75 (1 - c) - 200 (1 - c) - 400 c; below service where cash - 230 < 50 c
BORROWING = {
    **NOTHING_OWED, "debt_for_capex": 400, "committed_capex": 400, "interest_rate": 0.5, "operating_income": -60,
    "operating_margin": None, "undrawn_facilities": 0,
}  # fmt: skip


def test_refinancing_breaks_where_both_conditions_hold_and_ceases_to_at_a_larger_shock():
    assert points(**BORROWING, cash=235)["refinancing"].shock == pytest.approx(0.1)  # 5 / 50
    verdict = {cut: outcome({"financing_cut": cut}, **BORROWING, cash=235).verdict for cut in (0, 0.05, 0.15, 0.3)}
    assert [cut for cut, found in verdict.items() if found == "Breaks"] == [0.15]


def test_refinancing_conditions_that_never_hold_together_leave_liquidity_to_give_way():
    # cash 241: the second holds from 0.22, where the first no longer does; 86 - 125 c < 0 from 0.688
    assert points(**BORROWING, cash=241)["refinancing"].shock == pytest.approx(0.688)


# At 100% a year, 400 of capex borrowed and 320 due: lenders who leave save more interest in two years than they take.
#   service 470 + 50 c: above EBITDA of 480 from c = 0.2
#   liquidity less service: after two years 220 c - 22, below zero only until 0.1; after one 218 - 500 c, from 0.436
DEAR = {
    **NOTHING_OWED, "total_debt": 320, "debt_due_12m": 320, "debt_for_capex": 400, "committed_capex": 400,
    "interest_rate": 1, "operating_income": 360, "operating_margin": None, "undrawn_facilities": 0, "cash": 678,
}  # fmt: skip


def test_a_condition_that_has_ceased_to_hold_no_longer_counts():
    assert points(**DEAR)["refinancing"].shock == pytest.approx(0.436)


def test_an_interval_is_where_a_line_is_below_zero():
    start = np.array([1.0, -1.0, 1.0, -1.0, 0.0, 1e-12, 1.0])
    end = np.array([-1.0, 1.0, 1.0, -3.0, -1.0, -1e-12, 0.0])
    first, last = below_zero(start, end, np.full(7, 1e-9))
    assert list(first) == [0.5, 0.0, inf, 0.0, 0.0, inf, inf]
    assert list(last) == [1.0, 0.5, -inf, 1.0, 1.0, -inf, -inf]


# --- Never, today, ties ---


def test_breaking_today_is_zero_for_every_driver_and_says_what_gives_way():
    found = result(cash=0, undrawn_facilities=0, committed_capex=2000)
    assert found.stress[0].verdict == "Breaks"
    assert all(point.shock == point.headroom == 0 for point in found.breakpoints)
    assert found.breaks_first == DRIVERS[0].name
    assert found.breaks_first_sentence == "Breaks today, before any shock: liquidity gives way"


def test_when_no_driver_breaks_it_nothing_breaks_first():
    rows = [customer("The public", "Consumer", 800)]
    given = review(rows, **NOTHING_OWED, cash=50_000, committed_capex=0)
    found = result(given)
    assert found.breaks_first is None
    assert found.breaks_first_sentence == found.words["breaks_first"] == "Nothing, within the limits tried"
    assert {point.headroom for point in found.breakpoints} == {inf}
    assert found.words["breakpoints.price.shock"] == "never"


def test_a_crossing_at_the_largest_shock_is_never():
    # nothing owed, no volume left at all: liquidity falls by 344 a year, 688 in two
    exact = review(**NOTHING_OWED, undrawn_facilities=0, committed_capex=0, cash=688)
    assert points(exact)["customer spend"].shock == inf
    short = review(**NOTHING_OWED, undrawn_facilities=0, committed_capex=0, cash=687.9)
    assert points(short)["customer spend"].shock == pytest.approx(1, abs=1e-3)


def test_a_crossing_at_zero_counts_as_zero():
    # earns exactly what the lenders take, and has exactly a year of it in cash: holds today, breaks with any shock
    lent = {"total_debt": 1000, "interest_expense": 320, "interest_rate": 0.32, "secured_debt": 0}
    found = result(**NOTHING_OWED | lent, undrawn_facilities=0, committed_capex=0, cash=320)
    assert found.stress[0].verdict != "Breaks"
    assert found.breakpoints[0].shock == 0
    assert found.breaks_first == "customer spend"


def test_of_equal_headrooms_the_first_driver_wins():
    tied = np.array([[2.0, 2.0, inf, 0.5], [2.0 - 1e-7, 2.0 - 1e-6, inf, 0.5 - 2e-7], [3.0, 3.0, inf, 0.5]])
    assert list(first_driver(tied)) == [0, 1, -1, 1]


def test_the_top_customers_spend_ties_with_all_customers_when_it_is_the_only_one():
    alone = review([customer(kind="Enterprise", revenue=800)], **NOTHING_OWED, undrawn_facilities=0, cash=0,
                   committed_capex=160)  # fmt: skip
    found = points(alone)
    assert found["customer spend"].shock == pytest.approx(found["top customer's spend"].shock)


def test_smallest_headroom_feeds_the_score_and_the_sentence():
    found = result()
    assert found.breaks_first_sentence == "Customer spend, at 52% (2.10 times 25%)"
