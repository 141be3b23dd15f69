"""What must hold for any review: worse is never better, no cliffs, zero shocks are today, larger ones leave less."""

from dataclasses import replace
from itertools import pairwise
from random import Random

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from random_reviews import random_review

from capexrisk import Policy, Reviews, assess, template
from capexrisk.figures import Figures

POLICY = Policy.built_in()
BATCH = 50
SEEDS = st.integers(0, 1_000_000)
quick = settings(
    max_examples=6, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate]
)  # no seed is simpler


def batch(seed):
    """Complete reviews as columns with every default typed, so that a change moves no other input."""
    drawn = [random_review(Random(BATCH * seed + at)) for at in range(BATCH)]
    reviews = Reviews.from_records([{**one, "scenarios": []} for one in drawn])
    complete = np.flatnonzero(assess(reviews, POLICY).complete)
    records = [drawn[at] | {"scenarios": []} for at in complete]
    reviews = Reviews.from_records(records)
    with np.errstate(all="ignore"):
        x = Figures(reviews)
        figures = {key: getattr(x, key) for key in template.NUMBERS}
    # a default may be assumed but not typed over its bound by noise
    figures["operating_margin"] = np.full(len(records), np.nan)
    return figures, reviews


def assessed(figures, like):
    payers = like.customers
    reviews = Reviews.from_columns(
        figures,
        {
            "review": np.repeat(np.arange(len(like)), np.diff(payers.starts)),
            **{
                key: getattr(payers, key) for key in ("revenue", "backlog", "kind", "credit", "take_or_pay", "circular")
            },
        },
        review_type=like.review_type,
        includes_depreciation=like.includes_depreciation,
        statuses=like.statuses,
        sourced=like.sourced,
        tested=like.tested,
    )
    return assess(reviews, POLICY)


# --- Worse inputs never give a better score ---


def by_revenue(key, sign):
    """Move an amount by a part of revenue (and capex, so that it moves when nothing is booked)."""
    return lambda x, step: {key: x[key] + sign * step * (x["booked_revenue"] + 0.1 * x["annual_capex"])}


def by_part(key, sign):
    return lambda x, step: {key: x[key] + sign * step}


def all_debt(x, step):
    """Debt, what comes due, what is secured, and interest, each larger by the same part."""
    keys = ("total_debt", "debt_due_12m", "debt_due_24m", "secured_debt", "interest_expense")
    return {key: x[key] * (1 + step) for key in keys}


WORSE = {
    "more of all debt": all_debt,
    "more interest": by_revenue("interest_expense", 1),
    "a higher rate": by_part("interest_rate", 0.05),
    "more at floating rates": by_part("floating_share", 1),
    "more lease commitments": by_revenue("lease_commitments", 1),
    "more lease liabilities": by_revenue("lease_liability", 1),
    "more guarantees": by_revenue("guarantees", 1),
    "less cash": lambda x, step: {"cash": x["cash"] / (1 + step)},
    "fewer facilities": lambda x, step: {"undrawn_facilities": x["undrawn_facilities"] / (1 + step)},
    "more committed capex": by_revenue("committed_capex", 1),
    "more secured on the same hardware": lambda x, step: {"secured_debt": x["secured_debt"] * (1 + step)},
    "less operating cash flow": by_revenue("operating_cash_flow", -1),
    "less operating income": by_revenue("operating_income", -1),
    "a lower gross margin": by_part("gross_margin", -1),
    "more stocking ahead": by_part("inventory_build", 1),
    "a shorter life": lambda x, step: {"useful_life": 1 + (x["useful_life"] - 1) / (1 + step)},
    "fewer cash costs that fall with volume": lambda x, step: {
        "variable_cost_share": x["variable_cost_share"] / (1 + step)
    },
    "a run rate further ahead": lambda x, step: {
        "run_rate_revenue": np.maximum(x["run_rate_revenue"], x["ai_revenue"]) * (1 + step)
    },
    "a run rate further behind": lambda x, step: {
        "run_rate_revenue": np.minimum(x["run_rate_revenue"], x["ai_revenue"]) / (1 + step)
    },
}


def all_customers(**codes):
    return lambda like: replace(
        like,
        customers=replace(
            like.customers, **{key: np.full_like(like.customers.kind, code) for key, code in codes.items()}
        ),
    )


WORSE_TABLES = {
    "every customer a lab": all_customers(kind=template.KINDS.index("Model lab")),
    "every customer circular": all_customers(circular=1),
    "no contract": all_customers(take_or_pay=0),
    "every customer unrated": all_customers(credit=template.CREDITS.index("Unrated")),
    "each answer a status worse": lambda like: replace(like, statuses=np.minimum(like.statuses % 4 + 1, 3)),
    "no sources": lambda like: replace(like, sourced=np.zeros_like(like.sourced)),
    "no three-part test": lambda like: replace(like, tested=np.zeros_like(like.tested)),
}


def excused(change, x, worse, before):
    """The known exceptions, by review.

    - Losses: where EBIT or EBITDA falls to zero or below, covers and leverage are judged by what is owed against the
      cash instead, which may be milder: a firm with little debt and much cash is not judged like one that cannot pay.
    - Volume that costs more than it brings, today, at the price of the core scenario that cuts it (-20%), or at the
      price that breaks the review: losing some of it leaves more cash and a deeper cut to withstand, so that a run
      rate behind what was booked, or contracts that keep less of it, may score better.
    """
    if change == "less operating income":
        ebit, after = x["operating_income"], worse["operating_income"]
        return ((ebit > 0) & (after <= 0)) | ((ebit + x["depreciation"] > 0) & (after + x["depreciation"] <= 0))
    if change in ("a run rate further behind", "no contract", "every customer unrated"):
        price_first = before.breaks_first == [driver.name for driver in POLICY.drivers].index("price")
        costs = x["booked_revenue"] - x["operating_income"] - x["depreciation"]
        return price_first | (costs * x["variable_cost_share"] > 0.8 * x["booked_revenue"])
    return np.zeros(len(x["cash"]), bool)


def applies(change, x):
    """A run rate further ahead is only worse when it is not behind, and the other way round."""
    if change == "a run rate further ahead":
        return x["run_rate_revenue"] >= x["ai_revenue"]
    if change == "a run rate further behind":
        return x["run_rate_revenue"] <= x["ai_revenue"]
    return np.ones(len(x["cash"]), bool)


def assert_never_better(before, after, looked_at):
    both = looked_at & before.complete & after.complete
    better = both & (after.score < before.score - 1e-9)
    assert not better.any(), [(int(at), before.score[at], after.score[at]) for at in np.flatnonzero(better)]
    for row, key in enumerate(template.METRIC):
        assert not (both & (after.metric_scores[row] < before.metric_scores[row] - 1e-9)).any(), key


@pytest.mark.parametrize("change", WORSE)
@given(seed=SEEDS, step=st.floats(0.001, 1))
@quick
def test_worse_figures_never_give_a_better_score(change, seed, step):
    x, like = batch(seed)
    worse = x | WORSE[change](x, step)
    before = assessed(x, like)
    looked_at = applies(change, x) & ~excused(change, x, worse, before)
    assert_never_better(before, assessed(worse, like), looked_at)


@pytest.mark.parametrize("change", WORSE_TABLES)
@given(seed=SEEDS)
@quick
def test_worse_customers_and_answers_never_give_a_better_score(change, seed):
    x, like = batch(seed)
    before = assessed(x, like)
    assert_never_better(before, assessed(x, WORSE_TABLES[change](like)), ~excused(change, x, x, before))


# --- No cliffs ---


@given(seed=SEEDS)
@quick
def test_a_thousandth_more_debt_moves_no_score_by_more_than_a_point(seed):
    """Away from the steps that the document itself sets.

    Verdicts are steps (Holds 0, Strained 50, Breaks 100), and so is "never": for three drivers a breakpoint at the
    largest shock tried has a headroom of 2 and scores 25, one beyond it scores 0. Reviews that take such a step with
    the thousandth are left out of sections and overall, not of the metrics' scores.
    """
    x, like = batch(seed)
    more = x | {"total_debt": x["total_debt"] * 1.001}
    one, other = assessed(x, like), assessed(more, like)
    assert np.nanmax(np.abs(other.metric_scores - one.metric_scores)) <= 1
    step = (one.verdicts != other.verdicts).any(axis=0) | (np.isinf(one.headroom) != np.isinf(other.headroom)).any(
        axis=0
    )
    assert step.mean() < 0.2
    assert np.nanmax(np.abs(other.sections - one.sections)[:, ~step]) <= 1
    assert np.nanmax(np.abs(other.score - one.score)[~step]) <= 1


@given(seed=SEEDS)
@quick
def test_a_thousandth_more_of_all_debt_moves_no_score_by_more_than_a_point(seed):
    x, like = batch(seed)
    one, other = assessed(x, like), assessed(x | all_debt(x, 0.001), like)
    assert np.nanmax(np.abs(other.metric_scores - one.metric_scores)) <= 1
    step = (one.verdicts != other.verdicts).any(axis=0) | (np.isinf(one.headroom) != np.isinf(other.headroom)).any(
        axis=0
    )
    assert np.nanmax(np.abs(other.score - one.score)[~step]) <= 1


# --- Scenarios ---


@given(seed=SEEDS)
@quick
def test_zero_shocks_are_today_to_the_bit(seed):
    given_ = random_review(Random(seed)) | {"scenarios": [{"scenario": "own", **dict.fromkeys(template.SHOCK, 0)}]}
    found = assess(Reviews.from_records([given_]), POLICY).result(0)
    if found.complete:
        base, own = found.stress[0], found.stress[-1]
        assert replace(own, scenario="base", label="Today") == base


@pytest.mark.parametrize("shock", [key for key in template.SHOCK if key != "contracts_hold"])
@given(seed=SEEDS)
@quick
def test_a_larger_shock_never_leaves_more_value_or_liquidity(shock, seed):
    """Volume lost may leave more where it costs more than it brings; lenders' money not borrowed bears no interest."""
    highest = template.SHOCK[shock].high
    sizes = [0, 1, 2, 4, 8] if shock == "pause" else [highest * part for part in (0, 0.1, 0.3, 0.6, 1)]
    rows = [{"scenario": f"s{at}", shock: size} for at, size in enumerate(sizes)]
    found = assess(Reviews.from_records([random_review(Random(seed)) | {"scenarios": rows}]), POLICY).result(0)
    if not found.complete:
        return
    stress = found.stress[-len(sizes) :]
    money = 1e-9 * (abs(stress[0].revenue) + max(map(abs, stress[0].liquidity)))
    volume = shock in ("volume", "top_volume", "utilization", "pause")
    figures = [row.revenue if volume else row.liquidity[0] for row in stress]
    assert all(after <= before + money for before, after in pairwise(figures))
    assert all(after.ltv >= before.ltv - 1e-9 for before, after in pairwise(stress))


# --- Results ---


@given(seed=SEEDS)
@quick
def test_scores_stay_between_0_and_100_and_the_first_decision_holds(seed):
    x, like = batch(seed)
    found = assessed(x, like)
    held = found.complete
    for scores in (found.metric_scores, found.sections, found.score):
        assert (scores[..., held] >= -1e-9).all() and (scores[..., held] <= 100 + 1e-9).all()
    first = found.also.argmax(axis=0) + 1
    assert (found.decision[held] == first[held]).all() and found.also[:, held].any(axis=0).all()
    assert not (found.also[3] & ~found.checks.all(axis=0))[held].any()
