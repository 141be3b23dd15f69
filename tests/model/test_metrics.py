"""Every metric by hand, and its edges (model, section 2). The figures stand in `worked.py`."""

from math import inf, isnan

import pytest
from worked import NO_AI, NO_DEBT, NOTHING_BOOKED, NOTHING_OWED, customer, result, review

# EBIT = 200, EBITDA = 200 + 120 = 320, A = 800, OCF = 280
WORKED_METRICS = {
    "leverage": 1.5625,  # 500 / 320
    # 150 / 15 = 10 a year for 15 years at 6%: 10 x 9.7122490 = 97.122490; 500 + 20 + 97.122490 + 5 = 622.122490; / 320
    "committed_leverage": 1.94413278,
    "interest_cover": 6.6666667,  # 200 / 30
    "debt_service_cover": 4.0,  # 320 / (30 + 10 + 40)
    "liquidity_cover": 2.7619048,  # (200 + 100 + 280) / (40 + 160 + 10) = 580 / 210
    "capex_to_cash_flow": 1.4285714,  # 400 / 280
    "debt_funded_share": 0.25,  # 100 / 400
    "maturity_wall": 0.2,  # (40 + 60) / 500
    "top_customer": 0.3,  # 240 / 800
    "top_3_customers": 0.65,  # (240 + 160 + 120) / 800; the 160 of consumers are left out
    "concentration": 1625.0,  # 10,000 x (0.3^2 + 0.2^2 + 0.15^2 + 0.1^2) = 10,000 x 0.1625
    "lab_dependency": 0.5,  # Atlas: 240 / 800 = 0.3 of revenue, 500 / max(1000, 800) = 0.5 of backlog
    "circular_share": 0.2,  # 160 / 800
    "run_rate_gap": 0.1,  # 880 / 800 - 1
    "adjusted_gross_margin": 0.5,  # depreciation is inside the margin
    "operating_margin": 0.2,  # 200 / 1000
    "payback": 0.6666667,  # cash margin 0.5 + 50 / 800 = 0.5625; 300 / (800 x 0.5625) = 300 / 450
    "inventory_build": 0.1,
}


@pytest.mark.parametrize(("metric", "value"), WORKED_METRICS.items())
def test_metric_by_hand(metric, value):
    assert result().metrics[metric] == pytest.approx(value, rel=1e-7)


def test_every_metric_has_a_worked_example():
    assert list(WORKED_METRICS) == list(result().metrics)


# Each edge: metric, changed inputs, value by hand.
LOSS = {"operating_income": -120, "operating_margin": None}  # EBITDA = -120 + 120 = 0
DEEP_LOSS = {"operating_income": -220, "operating_margin": None}  # EBITDA = -100
EDGES = [
    ("leverage", NO_DEBT, 0),
    ("leverage", NO_DEBT | LOSS, 0),
    ("leverage", LOSS, inf),
    ("leverage", DEEP_LOSS, inf),
    ("committed_leverage", NOTHING_OWED, 0),
    ("committed_leverage", NOTHING_OWED | LOSS, 0),
    ("committed_leverage", NO_DEBT, 0.38163278),  # (20 + 97.122490 + 5) / 320
    ("committed_leverage", DEEP_LOSS, inf),
    ("committed_leverage", {"lease_term": 1}, 2.0828420),  # 150 / 1.06 = 141.509434; 666.509434 / 320 = 2.08284198
    ("interest_cover", {"interest_expense": 0}, inf),
    ("interest_cover", DEEP_LOSS, -7.3333333),  # -220 / 30
    ("interest_cover", {"operating_income": 0, "operating_margin": None}, 0),
    ("debt_service_cover", NOTHING_OWED, inf),
    ("debt_service_cover", DEEP_LOSS, -1.25),  # -100 / 80
    ("debt_service_cover", LOSS, 0),
    ("liquidity_cover", NOTHING_OWED | {"committed_capex": 0}, inf),
    ("liquidity_cover", {"operating_cash_flow": -90}, 1.0),  # (200 + 100) / (40 + 160 + 10 + 90)
    ("liquidity_cover", {"cash": 0, "undrawn_facilities": 0, "operating_cash_flow": 0}, 0),
    ("capex_to_cash_flow", {"operating_cash_flow": 0}, inf),
    ("capex_to_cash_flow", {"operating_cash_flow": -1}, inf),
    ("debt_funded_share", NO_DEBT, 0),
    ("debt_funded_share", {"debt_for_capex": 400}, 1),
    ("maturity_wall", NO_DEBT, 0),
    ("run_rate_gap", {"run_rate_revenue": 0}, -1),
    ("run_rate_gap", NO_AI, inf),
    ("adjusted_gross_margin", {"margin_includes_depreciation": "No"}, 0.4375),  # 0.5 - 50 / 800
    ("operating_margin", DEEP_LOSS, -0.22),
    ("payback", {"margin_includes_depreciation": "No"}, 0.75),  # 300 / (800 x 0.5)
    ("payback", {"gross_margin": 0.99, "ai_depreciation": 50}, 0.375),  # margin held at 1: 300 / 800
    ("payback", {"gross_margin": -0.0625}, inf),  # -0.0625 + 50 / 800 = 0
    ("payback", {"gross_margin": -2}, inf),
    ("payback", NO_AI, inf),
    ("inventory_build", {"inventory_build": 1}, 1),
]


@pytest.mark.parametrize(("metric", "inputs", "value"), EDGES)
def test_metric_at_its_edge(metric, inputs, value):
    customers = [] if inputs.get("ai_revenue") == 0 else None
    assert result(review(customers, **inputs)).metrics[metric] == pytest.approx(value, rel=1e-7, abs=1e-12)


@pytest.mark.parametrize(
    "metric",
    ["top_customer", "top_3_customers", "concentration", "lab_dependency", "circular_share", "adjusted_gross_margin"],
)
def test_without_ai_revenue_payers_and_margin_have_no_value(metric):
    assert isnan(result(review([], **NO_AI)).metrics[metric])


def test_nothing_booked_has_no_operating_margin():
    found = result(review([], **NOTHING_BOOKED, operating_income=-130, depreciation=0, ai_depreciation=0))
    assert isnan(found.metrics["operating_margin"])


def test_one_customer_with_everything():
    found = result(review([customer(kind="Neocloud", revenue=800, circular="Yes")]))
    assert [found.metrics[key] for key in ("top_customer", "top_3_customers", "concentration")] == [1, 1, 10_000]
    assert [found.metrics[key] for key in ("lab_dependency", "circular_share")] == [1, 1]


def test_only_consumers_leave_the_top_customer_measures_at_zero():
    found = result(review([customer(kind="Consumer", revenue=800)]))
    assert [found.metrics[key] for key in ("top_customer", "top_3_customers", "concentration")] == [0, 0, 0]


def test_two_customers_are_a_top_three():
    found = result(review([customer("One", revenue=200), customer("Two", revenue=100)]))
    assert found.metrics["top_3_customers"] == pytest.approx(0.375)  # 300 / 800


def test_a_lab_counts_by_backlog_against_the_larger_of_total_backlog_and_ai_revenue():
    small = result(review([customer(kind="Model lab", revenue=80, backlog=400)], total_backlog=400))
    assert small.metrics["lab_dependency"] == pytest.approx(0.5)  # 400 / max(400, 800)


def test_noise_about_zero_is_zero():
    found = result(operating_income=-120 + 1e-12, operating_margin=None, total_debt=500)
    assert found.metrics["leverage"] == inf  # EBITDA of 1e-12 is none
    assert result(**NO_DEBT | {"total_debt": 1e-10}).metrics["leverage"] == 0
