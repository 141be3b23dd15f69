"""Scores from 0 (best) to 100 (worst): metrics, sections, overall, rating (model, section 3)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from capexrisk import template
from capexrisk.figures import TOLERANCE, Figures, Mask
from capexrisk.metrics import owed
from capexrisk.payers import total
from capexrisk.policy import Policy
from capexrisk.reviews import Array

BY_EBITDA = {"leverage": 0.0, "committed_leverage": 0.0, "debt_service_cover": np.inf}
"""Metrics that losses judge by cash instead, with the value that says nothing is owed or due at all."""
BY_EBIT = {"interest_cover": np.inf}


def burden(x: Figures, policy: Policy) -> Array:
    """min(1, owed / cash): 0 when nothing is owed, else 1 without cash."""
    everything = owed(x, policy.lease_rate)
    share = np.divide(everything, x.cash, out=np.ones_like(everything), where=x.cash > 0)
    return np.where(everything == 0, 0, np.minimum(1, share))


def hidden_payers(x: Figures, policy: Policy) -> Mask:
    """Whether few customers are listed and together they make up too little of AI revenue."""
    rule = policy.data["score_rules"]
    share = rule["hidden_payers_share"]
    return (x.payers.count < rule["hidden_payers_count"]) & (x.payers.revenue_total < share * x.A - x.eps)


def metric_scores(x: Figures, metrics: dict[str, Array], cash_burden: Array, policy: Policy) -> dict[str, Array]:
    """Score each metric on its knots, then by the rules on top of them; `cash_burden` is `burden` of the block."""
    rules = policy.data["score_rules"]
    scores: dict[str, Array] = {}
    hidden = hidden_payers(x, policy)
    for metric in template.METRICS:
        key, value = metric.key, metrics[metric.key]
        score = policy.metric_curves[key](value / x.useful_life if key == "payback" else value)
        score = np.where(np.isnan(value), 100.0, score)
        if key in BY_EBITDA:
            score = np.where(x.EBITDA <= 0, np.where(value == BY_EBITDA[key], 0, 100 * cash_burden), score)
        elif key in BY_EBIT:
            score = np.where(x.EBIT <= 0, np.where(value == BY_EBIT[key], 0, 100 * cash_burden), score)
        if metric.assumed:
            assumed = np.logical_or.reduce([x.assumed[name] for name in metric.assumed])
            score = np.where(assumed, np.maximum(score, rules["assumed_score"]), score)
        if key in ("top_customer", "top_3_customers", "concentration"):
            score = np.where(hidden, np.maximum(score, rules["hidden_payers_score"]), score)
        scores[key] = score
    return scores


def section_score(section: str, scores: dict[str, Array], policy: Policy) -> Array:
    """Give a section's weighted mean of its metrics' scores."""
    keys = [metric.key for metric in template.METRICS if metric.section == section]
    weights = np.array([[policy.metric_weights[key]] for key in keys])
    return total(weights * np.stack([scores[key] for key in keys])) / weights.sum()


def breaks_score(core_verdicts: NDArray[np.int8], headroom: Array, policy: Policy) -> Array:
    """Half the mean severity of the core scenarios, half the score of the smallest headroom.

    `core_verdicts` is (core scenarios, reviews), positions in `template.VERDICTS`.
    """
    weight = policy.data["severity"]["core_weight"]
    severity = total(policy.severities[core_verdicts]) / len(core_verdicts)
    return weight * severity + (1 - weight) * policy.headroom_curve(headroom)


def question_points(statuses: NDArray[np.int8], sourced: Mask, x: Figures, policy: Policy) -> Array:
    """Points of each question, (5, reviews).

    Evidence or Partial without a source counts as Assertion; the last can be no better than Partial while a number
    that is often not shown is assumed.
    """
    evidence, partial, assertion, none = range(len(template.STATUSES))
    status = np.where(statuses < 0, none, statuses)
    status = np.where((status <= partial) & ~sourced, assertion, status)
    unshown = np.logical_or.reduce([x.assumed[key] for key in template.NOT_SHOWN])
    status[-1] = np.where(unshown & (status[-1] == evidence), partial, status[-1])
    return policy.question_points[status]


def questions_score(points: Array, policy: Policy) -> Array:
    """Points over the five questions, out of the most possible, times 100."""
    return total(points) / (len(points) * policy.question_points[-1]) * 100


def overall_score(x: Figures, liquidity_cover: Array, cash_burden: Array, sections: Array, policy: Policy) -> Array:
    """0.7 × Σ weight × section + 0.3 × worst of the first four sections, then the floors.

    `sections` is (5, reviews). The floors: the liquidity cover's, and, with EBITDA ≤ 0 and something owed, the
    burden's share of the floor for losses.
    """
    mean_weight = policy.data["sections"]["mean_weight"]
    mean = total(policy.section_weights[:, None] * sections)
    score = mean_weight * mean + (1 - mean_weight) * sections[:4].max(axis=0)
    score = np.maximum(score, policy.liquidity_floor(liquidity_cover))
    losses = policy.data["floors"]["losses"] * cash_burden
    return np.where(x.EBITDA <= 0, np.maximum(score, losses), score)


def ratings(score: Array, policy: Policy) -> NDArray[np.int64]:
    """Give the rating of each score, a position in `template.RATINGS`; nan is -1."""
    rating = np.searchsorted(policy.rating_limits, score, side="right") - 1
    return np.where(np.isnan(score), -1, rating)


def within(value: Array, limit: float | Array) -> Mask:
    """Whether a value is at most the limit, noise aside."""
    return value <= limit + TOLERANCE * np.maximum(1, np.abs(limit))
