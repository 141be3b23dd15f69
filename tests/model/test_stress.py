"""The simulation by hand, each way of breaking, and the verdicts (model, section 4)."""

import numpy as np
import pytest
from worked import NOTHING_OWED, WORKED, customer, outcome, result, review

from capexrisk import Policy

# --- One whole simulation, checkable with a pocket calculator ---

# The worked review under: volume -25%, price -10%, 73 days' delay, +4% on rates, half of lenders and facilities gone.
# Volume left 0.75. The largest customer has 240 / 800 = 0.3 of AI revenue.
#   its revenue   800/4 x 0.3 x 0.75 x 0.9 = 40.5        others' 800/4 x 0.7 x 0.75 x 0.9 = 94.5
#   revenue       (1000 - 800)/4 + 40.5 + 94.5 = 185
#   cost          (1000 - 320)/4 x (1 - 0.25 x 800/1000 x 0.25) = 170 x 0.95 = 161.5       EBITDA 23.5 a quarter
#   year one      due 40/4 = 10: repaid 5, renewed 5; capex 40, borrowed 40 x 100/400 x 0.5 = 5; lease 2.5
#   year two      due 60/4 = 15: repaid 7.5, renewed 7.5; no capex; lease max(10, 150/15)/4 = 2.5
#   late          73/365 x 4 x 40.5 = 32.4, in the first quarter
#
#  q   debt    renewed so far  interest = (6% debt + 4% (half of debt + half of renewed)) / 4
#  1   500      0              (30    + 10    ) / 4 = 10        250      + 23.5 - 10      - 2.5 - 35 - 5 - 32.4
#  2   500     10              (30    + 10.2  ) / 4 = 10.05     188.6    + 23.5 - 10.05   - 42.5
#  3   500     20              (30    + 10.4  ) / 4 = 10.1      159.55   + 23.5 - 10.1    - 42.5
#  4   500     30              (30    + 10.6  ) / 4 = 10.15     130.45   + 23.5 - 10.15   - 42.5
#  5   500     40              (30    + 10.8  ) / 4 = 10.2      101.3    + 23.5 - 10.2    - 2.5 - 7.5
#  6   492.5   47.5            (29.55 + 10.8  ) / 4 = 10.0875   104.6    + 23.5 - 10.0875 - 10
#  7   485     55              (29.1  + 10.8  ) / 4 = 9.975     108.0125 + 23.5 - 9.975   - 10
#  8   477.5   62.5            (28.65 + 10.8  ) / 4 = 9.8625    111.5375 + 23.5 - 9.8625  - 10
STORM = {
    "volume": 0.25, "price": 0.10, "delay_days": 73, "rate_add": 0.04, "financing_cut": 0.5, "draw_cut": 0.5,
}  # fmt: skip
STORM_LIQUIDITY = [188.6, 159.55, 130.45, 101.3, 104.6, 108.0125, 111.5375, 115.175]


def test_eight_quarters_by_hand():
    assert outcome(STORM).liquidity == pytest.approx(STORM_LIQUIDITY, abs=1e-9)


def test_the_year_by_hand():
    storm = outcome(STORM)
    assert (storm.revenue, storm.ebitda) == pytest.approx((740, 94))  # 4 x 185, 4 x 23.5
    # service: interest 10 + 10.05 + 10.1 + 10.15 = 40.3, lease 10, repaid 20
    assert storm.dscr == pytest.approx(94 / 70.3)
    assert storm.lowest_liquidity == pytest.approx(101.3)
    assert storm.runs_out is None
    assert storm.ltv == pytest.approx(1 / 3)  # 100 / 300
    assert (storm.gives_way, storm.verdict) == ((), "Holds")  # 94 > 1.2 x 70.3 = 84.36


def test_today_by_hand():
    # EBITDA 80 a quarter; borrowed 10, so debt 500, 510, 520, 530, 540 ...; interest 7.5, 7.65, 7.8, 7.95, 8.1 ...
    # 300 + 80 - 7.5 - 2.5 - 30 = 340, + 39.85, + 39.7, + 39.55; then + 80 - 8.1 - 2.5 = 69.4 a quarter
    base = result().stress[0]
    assert base.liquidity == pytest.approx([340, 379.85, 419.55, 459.1, 528.5, 597.9, 667.3, 736.7])
    assert (base.revenue, base.ebitda) == (1000, 320)
    assert base.dscr == pytest.approx(320 / 40.9)  # interest 30.9, lease 10, all due debt renewed


# --- Single shocks by hand; today's revenue is 1000 and EBITDA 320 ---
# Without contracts a share d of AI volume lost costs 800 d of revenue and saves 680 x 0.25 x 0.8 d = 136 d.


@pytest.mark.parametrize(
    ("shocks", "revenue", "ebitda"),
    [
        ({}, 1000, 320),
        ({"volume": 0.25}, 800, 154),  # - 200 + 34
        ({"volume": 1}, 200, -344),  # - 800 + 136
        ({"top_volume": 0.5}, 880, 220.4),  # 15% of volume: - 120 + 20.4
        ({"price": 0.20}, 840, 160),  # - 0.2 x 800
        ({"top_price": 0.20}, 952, 272),  # - 0.2 x 240
        ({"price": 0.5, "top_price": 0.5}, 540, -140),  # others 280, the largest 240 x 0.5 x 0.5 = 60
        ({"utilization": 0.20}, 800, 154),  # 0.20 / 0.80 of volume
        ({"utilization": 1}, 200, -344),  # more than today's utilization is all of it
        ({"volume": 0.5, "utilization": 0.4}, 400, -178),  # 0.5 x 0.5 of volume left: - 600 + 102
        ({"pause": 2}, 880, 220.4),  # two of four quarters without 60 a quarter: as half of it for a year
        ({"pause": 8}, 760, 120.8),  # - 240 + 40.8
        ({"delay_days": 90}, 1000, 320),
        ({"rate_add": 0.5, "financing_cut": 1, "draw_cut": 1, "resale": 1}, 1000, 320),
    ],
)
def test_revenue_and_ebitda_of_the_year_by_hand(shocks, revenue, ebitda):
    found = outcome(shocks)
    assert (found.revenue, found.ebitda) == pytest.approx((revenue, ebitda))


def test_contracts_protect_volume_and_price_as_far_as_credit_goes():
    # Atlas: take-or-pay, investment grade: p1 = 0.95. Others: (120 x 0.75 + 80 x 0.30) / max(560, 520) = 114 / 560
    held = outcome({"volume": 0.25, "price": 0.20, "contracts_hold": 1})
    atlas = 240 * (1 - 0.25 * 0.05) * (1 - 0.20 * 0.05)
    others = 560 * (1 - 0.25 * (446 / 560)) * (1 - 0.20 * (446 / 560))
    assert held.revenue == pytest.approx(200 + atlas + others)
    half = outcome({"volume": 0.25, "contracts_hold": 0.5})
    assert half.revenue == pytest.approx(200 + 240 * (1 - 0.25 * 0.525) + 560 * (1 - 0.25 * (1 - 57 / 560)))


def test_contracts_do_not_hold_back_what_the_largest_customer_negotiates():
    assert outcome({"top_price": 0.20, "contracts_hold": 1}).revenue == pytest.approx(952)


def test_a_run_rate_below_what_was_booked_counts():
    # level 600 / 800 = 0.75: as if volume had already fallen by a quarter
    assert result(run_rate_revenue=600).stress[0].revenue == pytest.approx(800)
    assert result(run_rate_revenue=600).stress[0].ebitda == pytest.approx(154)


def test_a_pause_ends_with_its_last_quarter():
    # a quarter with Atlas earns 80, one without 80 - 60 + 170 x 0.25 x 0.8 x 0.3 = 30.2
    assert outcome({"pause": 3}).liquidity[:4] == pytest.approx([290.2, 280.25, 270.15, 309.7])


def test_a_delay_falls_on_what_is_bought_in_the_first_quarter():
    base = np.array(outcome({}).liquidity)
    late = 73 / 365 * 4 * 60
    assert base - outcome({"delay_days": 73}).liquidity == pytest.approx(late)
    lost = np.minimum(np.arange(1, 9), 1) * 49.8
    assert base - outcome({"delay_days": 73, "pause": 1}).liquidity == pytest.approx(lost)  # nothing bought, none late


def test_leases_that_start_later_weigh_from_the_second_year():
    # 30 a year on average, 10 of it in the first year: 5 a quarter more from the fifth
    base, later = outcome({}), outcome({}, lease_commitments=450)
    assert np.subtract(base.liquidity, later.liquidity) == pytest.approx([0, 0, 0, 0, 5, 10, 15, 20])


# --- The largest customer ---


def test_consumers_are_never_the_largest_customer():
    rows = [customer("The public", "Consumer", 500), customer("Small", revenue=80)]
    assert outcome({"top_volume": 1}, review(rows)).revenue == pytest.approx(920)


def test_of_equals_the_first_is_the_largest():
    rows = [
        customer("First", revenue=200, take_or_pay="Yes", credit="Investment grade"),
        customer("Second", revenue=200),
    ]
    shocks = {"volume": 1, "top_price": 0.5, "contracts_hold": 1}
    assert outcome(shocks, review(rows)).revenue == pytest.approx(200 + 200 * 0.95 * 0.5)
    assert outcome(shocks, review(rows[::-1])).revenue == pytest.approx(200 + 600 * (190 / 600))


def test_without_a_named_customer_the_top_buyers_shocks_do_nothing():
    rows = [customer("The public", "Consumer", 800)]
    for shocks in ({"top_volume": 1}, {"top_price": 1}, {"pause": 8}, {"delay_days": 730}):
        assert outcome(shocks, review(rows)).liquidity == result(review(rows)).stress[0].liquidity


# --- Each way of breaking. Nothing is owed unless said; EBITDA 80 a quarter ---

QUIET = {**NOTHING_OWED, "undrawn_facilities": 0, "cash": 0, "committed_capex": 0}


def test_liquidity_gives_way_in_the_quarter_it_falls_below_zero():
    found = result(**QUIET | {"committed_capex": 800, "cash": 200}).stress[0]  # 80 - 200 a quarter
    assert found.liquidity[:4] == pytest.approx([80, -40, -160, -280])
    assert (found.gives_way, found.runs_out, found.verdict) == (("Liquidity",), 2, "Breaks")


def test_liquidity_at_exactly_zero_does_not_give_way():
    found = result(**QUIET | {"committed_capex": 320}).stress[0]
    assert found.liquidity[:4] == pytest.approx([0, 0, 0, 0])
    assert (found.runs_out, found.verdict) == (None, "Holds")


# Debt of 1000 at 30% = 75 a quarter; lease 10 a quarter: service 340, EBITDA 320.
LENT = {"total_debt": 1000, "interest_expense": 300, "interest_rate": 0.30, "lease_commitments": 40, "lease_term": 1,
        "lease_payments_12m": 40, "debt_due_12m": 0, "debt_due_24m": 0, "secured_debt": 0}  # fmt: skip


def test_debt_service_gives_way_when_neither_earnings_nor_a_year_of_cash_pay_it():
    found = result(**QUIET | LENT | {"cash": 200}).stress[0]
    assert found.dscr == pytest.approx(320 / 340)
    assert found.lowest_liquidity == pytest.approx(160)  # 200 - 5 a quarter
    assert (found.gives_way, found.verdict) == (("Debt service",), "Breaks")


def test_debt_service_holds_while_the_cash_lasts_another_year_of_it():
    assert result(**QUIET | LENT | {"cash": 380}).stress[0].gives_way == ()  # lowest 340, just the service
    assert result(**QUIET | LENT | {"cash": 379.9}).stress[0].gives_way == ("Debt service",)


def test_collateral_gives_way_when_the_shortfall_cannot_be_paid_in():
    pledged = QUIET | {"total_debt": 500, "secured_debt": 400, "interest_rate": 0}
    # the hardware is worth 300; liquidity is lowest after the first quarter: cash + 80
    assert result(**pledged | {"cash": 20}).stress[0].gives_way == ()
    found = result(**pledged | {"cash": 19.9}).stress[0]
    assert (found.gives_way, found.verdict) == (("Collateral",), "Breaks")
    assert found.ltv == pytest.approx(4 / 3)


def test_ways_stand_in_the_models_order():
    found = outcome({"resale": 1}, **QUIET | LENT | {"secured_debt": 500, "committed_capex": 2000})
    assert found.gives_way == ("Liquidity", "Debt service", "Collateral")


# --- Strained ---


def test_a_thin_cover_strains_while_the_cash_is_short_of_two_years_of_service():
    thin = QUIET | LENT | {"interest_expense": 260, "interest_rate": 0.26}  # service 300; 320 < 1.2 x 300
    assert result(**thin | {"cash": 590}).stress[0].verdict == "Strained"  # lowest 595 after the first quarter
    assert result(**thin | {"cash": 595}).stress[0].verdict == "Holds"  # lowest 600
    wide = QUIET | LENT | {"interest_expense": 226, "interest_rate": 0.226}  # service 266; 320 > 1.2 x 266
    assert result(**wide | {"cash": 100}).stress[0].verdict == "Holds"


def test_a_loan_above_80_percent_of_the_hardware_strains_beyond_the_cash():
    pledged = QUIET | {"total_debt": 400, "secured_debt": 400, "interest_rate": 0, "hardware_value": 400}
    assert result(**pledged | {"cash": 0}).stress[0].verdict == "Holds"  # 400 - 320 = 80, and lowest is 80
    assert result(**pledged | {"cash": 0, "committed_capex": 4}).stress[0].verdict == "Strained"  # lowest 79


def test_cash_below_a_quarter_of_interest_and_lease_strains():
    # interest 40 and lease 40 a year; a quarter of them is 20
    low = QUIET | {"total_debt": 400, "interest_rate": 0.10, "secured_debt": 0, "lease_commitments": 600,
                   "lease_payments_12m": 40}  # fmt: skip
    held = low | {"committed_capex": 4 * 60}  # 80 - 10 - 10 - 60 = 0 a quarter
    assert result(**held | {"cash": 20}).stress[0].verdict == "Holds"
    assert result(**held | {"cash": 19.9}).stress[0].verdict == "Strained"


# --- Edges ---


def test_nothing_to_serve_has_no_cover():
    assert result(**QUIET).stress[0].dscr == float("inf")


@pytest.mark.parametrize(("secured", "resale", "ltv"), [(0, 1, 0), (100, 1, float("inf")), (100, 0.5, 2 / 3)])
def test_loan_to_value_at_its_edges(secured, resale, ltv):
    assert outcome({"resale": resale}, secured_debt=secured).ltv == pytest.approx(ltv)


def test_a_scenario_without_shocks_is_today():
    base = result().stress[0]
    assert outcome(dict.fromkeys(STORM, 0)).liquidity == base.liquidity
    assert outcome({"contracts_hold": 1}).liquidity == pytest.approx(base.liquidity)


def test_every_scenario_of_the_policy_stands_in_its_order_with_its_label():
    assert [(row.scenario, row.label) for row in result().stress] == [
        (key, row["label"]) for key, row in Policy.built_in().scenarios.items()
    ]


def test_unwinding_takes_its_volume_from_the_input():
    unwound = next(row for row in result().stress if row.scenario == "inventory_unwind")
    assert unwound.revenue == pytest.approx(920)  # 10% of 800 gone
    assert WORKED["inputs"]["inventory_build"] == 0.1


def test_unwinding_an_assumed_build_runs_with_none_and_says_so():
    found = result(inventory_build=None)
    unwound = next(row for row in found.stress if row.scenario == "inventory_unwind")
    assert unwound.revenue == 1000
    assert "not stated" in unwound.sentence
    assert found.words["stress.inventory_unwind"] == "not stated"
