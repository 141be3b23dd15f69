# ruff: noqa: E501 (sentences stand whole)
"""Numbers and results in words: each value said as people read it, and no sentence with a hole in it."""

import re
from math import inf, nan
from random import Random

import pytest
from random_reviews import random_review
from worked import NO_AI, NO_DEBT, NOTHING_BOOKED, NOTHING_OWED, customer, outcome, result, review, sound

from capexrisk import template, words


@pytest.mark.parametrize(
    ("value", "said"),
    [(0, "0"), (1234.5, "1,234"), (-120, "−120"), (12.34, "12.3"), (1.234, "1.23"), (-0.001, "0.00"), (100, "100")],
)
def test_money(value, said):
    assert words.money(value) == said
    assert words.money(value, "m") == f"{said} m"


@pytest.mark.parametrize(
    ("value", "said"), [(0.25, "25%"), (0.005, "0.5%"), (1.5, "150%"), (-0.031, "−3.1%"), (0, "0%"), (0.9999, "100%")]
)
def test_share(value, said):
    assert words.share(value) == said


@pytest.mark.parametrize(
    ("value", "said"), [(0.7134, "0.71x"), (inf, "nothing to cover"), (-0.1, "below 0"), (1234.5, "1,234.50x")]
)
def test_cover(value, said):
    assert words.cover(value) == said


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("leverage", inf, "no earnings"),
        ("committed_leverage", inf, "no earnings"),
        ("capex_to_cash_flow", inf, "no earnings"),
        ("interest_cover", inf, "nothing to cover"),
        ("debt_service_cover", inf, "nothing to cover"),
        ("liquidity_cover", inf, "nothing to cover"),
        ("interest_cover", -2.0, "below 0"),
        ("payback", inf, "never"),
        ("payback", 4.47, "4.5 years"),
        ("concentration", 1625.4, "1,625"),
        ("run_rate_gap", inf, "no AI revenue"),
        ("top_customer", nan, "no AI revenue"),
        ("operating_margin", nan, "nothing booked"),
        ("operating_margin", -0.2, "−20%"),
    ],
)
def test_a_metrics_value_in_words(key, value, said):
    assert words.metric_value(template.METRIC[key], value) == said


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("utilization", 0.123, "12.3 points"),
        ("rate_add", 0.03, "300 basis points"),
        ("delay_days", 45.4, "45 days"),
        ("price", 0.2, "20%"),
    ],
)
def test_a_shock_in_its_own_measure(key, value, said):
    assert words.shock(key, value) == said


def test_names_in_a_row():
    assert [words.listed(list(names)) for names in ("a", "ab", "abc")] == ["a", "a and b", "a, b and c"]


def test_a_sentence_begins_large_and_continues_small_but_ai_stays():
    assert words.sentence("price") == "Price"
    assert (words.lowered("Price"), words.lowered("AI revenue")) == ("price", "AI revenue")


# --- Sentences of results ---


@pytest.mark.parametrize(
    ("shocks", "inputs", "sentence"),
    [
        ({}, {}, "Holds: lowest liquidity 340 m; DSCR 7.82x"),
        ({"volume": 1}, {}, "Breaks in Q3: liquidity −591 m; DSCR below 0"),
        ({"resale": 1}, NOTHING_OWED | {"total_debt": 500, "secured_debt": 500, "cash": 0, "interest_rate": 0},
         "Breaks: secured debt on hardware with no value left; lowest liquidity 140 m; DSCR nothing to cover"),
        ({"resale": 0.5}, NOTHING_OWED | {"total_debt": 500, "secured_debt": 300, "cash": 0, "interest_rate": 0},
         "Breaks: secured debt 200% of the hardware's value; lowest liquidity 140 m; DSCR nothing to cover"),
    ],
)  # fmt: skip
def test_an_outcome_in_a_sentence(shocks, inputs, sentence):
    assert outcome(shocks, **inputs).sentence == sentence


def test_what_gives_way_is_named():
    one = result(cash=0, undrawn_facilities=0, committed_capex=2000)
    assert one.breaks_first_sentence == "Breaks today, before any shock: liquidity gives way"
    two = result(cash=0, undrawn_facilities=0, committed_capex=2000, operating_income=-100, operating_margin=None)
    assert two.breaks_first_sentence == "Breaks today, before any shock: liquidity and debt service give way"


READINGS = {
    "direct_customers": "5 customers make up 95% of AI revenue",
    "leverage": "1.56x",
    "liquidity_cover": "2.76x: cash lasts the year",
    "capex_to_cash_flow": "1.43x: the spend needs outside money",
    "top_customer": "30%: from one customer (Atlas), above the 10% disclosure line, within the 35% limit",
    "top_3_customers": "65%: from the three largest, within the 70% limit",
    "concentration": "1,625: moderately concentrated (from 1,000 moderate, above 1,800 high)",
    "lab_dependency": "50%: of backlog from Atlas, above the 35% limit",
    "run_rate_gap": "10%: within the 25% limit over booked AI revenue",
    "payback": "0.7 years: within 4.5 years, a useful life is 6",
}


@pytest.mark.parametrize(("key", "reading"), READINGS.items())
def test_readings_name_their_limits(key, reading):
    assert result().readings[key] == reading


@pytest.mark.parametrize(
    ("given", "key", "reading"),
    [
        (review(guarantees=None, lease_liability=None), "committed_leverage",
         "1.87x: guarantees given for others' debt and leases and lease liabilities already on the balance sheet, unless "
         "inside total debt assumed"),
        (review(cash=0, undrawn_facilities=0, operating_cash_flow=0), "liquidity_cover",
         "0.00x: cash does not last the year"),
        (review(run_rate_revenue=600), "run_rate_gap", "−25%: the run rate is below what was booked, beyond −10%"),
        (review([customer("Crowd", "Consumer", 800)]), "top_customer", "0%: no customer is listed but consumers"),
        (review([customer(revenue=800)]), "lab_dependency", "0%: no model lab, hyperscaler or neocloud pays"),
        (review([customer(revenue=800)]), "direct_customers", "1 customer makes up 100% of AI revenue"),
        (review([], **NO_AI), "direct_customers", "No AI revenue: nobody pays yet"),
        (review([], **NO_AI), "payback", "Never"),
        (sound(hardware_value=5000), "payback", "7.7 years: beyond 4.5 years, a useful life is 6"),
        (sound(), "concentration", "500: spread out (from 1,000 moderate, above 1,800 high)"),
        (sound(), "capex_to_cash_flow", "0.43x: paid from cash flow"),
    ],
)  # fmt: skip
def test_readings_at_their_edges(given, key, reading):
    assert result(given).readings[key] == reading


def sentences(found):
    yield found.breaks_first_sentence
    yield found.decision_sentence
    yield from found.ask
    yield from found.words.values()
    yield from found.readings.values()
    yield from (check.text for check in found.checks.values())
    yield from (row.sentence for row in found.stress)
    yield from (item.text for item in found.findings)


HOLES = re.compile(
    r"\b(nan|inf|[Tt]rue|[Ff]alse|np\.|float64|array)\b|\{|\}|  |\.\.|None(?! is assumed|[,.]| \(| of| passes)"
)


@pytest.mark.parametrize("first", range(0, 400, 50))
def test_no_sentence_is_empty_or_has_a_hole_in_it(first):
    for seed in range(first, first + 50):
        for text in sentences(result(random_review(Random(seed)))):
            assert text.strip() and not HOLES.search(text), (seed, text)


EDGES = [
    NO_DEBT, NOTHING_OWED, {"cash": 0}, {"operating_income": -120, "operating_margin": None}, {"interest_expense": 0},
    {"committed_capex": 0}, {"inventory_build": None}, {"useful_life": 1}, {"utilization": 1},
]  # fmt: skip


@pytest.mark.parametrize("inputs", EDGES)
@pytest.mark.parametrize("customers", [None, [customer("Crowd", "Consumer", 800)], [customer("In", "Internal", 800)]])
def test_no_sentence_has_a_hole_at_the_edges(customers, inputs):
    for text in sentences(result(review(customers, **inputs))):
        assert text.strip() and not HOLES.search(text), text


@pytest.mark.parametrize("inputs", [NO_AI, NOTHING_BOOKED | {"operating_income": -130}])
def test_no_sentence_has_a_hole_without_revenue(inputs):
    found = result(review([], **inputs))
    assert found.complete
    for text in sentences(found):
        assert text.strip() and not HOLES.search(text), text
