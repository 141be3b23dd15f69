"""The six checks and the decision they lead to (model, section 6)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from capexrisk import template
from capexrisk.figures import Figures, Mask
from capexrisk.payers import total
from capexrisk.policy import Policy
from capexrisk.reviews import Array, Reviews
from capexrisk.scores import hidden_payers, within
from capexrisk.stress import BREAKS

EVIDENCE = template.STATUSES.index("Evidence")


def checks(
    x: Figures,
    reviews: Reviews,
    metrics: dict[str, Array],
    core_verdicts: NDArray[np.int8],
    points: Array,
    policy: Policy,
) -> dict[str, Mask]:
    """Tell which checks hold; `core_verdicts` is (core scenarios, reviews), `points` (5, reviews)."""
    limits = policy.data["checks"]
    gap, margin = metrics["run_rate_gap"], metrics["adjusted_gross_margin"]
    paying = x.A > 0
    limit = limits["demand"]
    spread = (
        within(metrics["top_customer"], limit["top_customer_max"])
        & within(metrics["top_3_customers"], limit["top_3_customers_max"])
        & within(metrics["lab_dependency"], limit["lab_dependency_max"])
        & ~hidden_payers(x, policy)
    )
    shown = (reviews.statuses[1] == EVIDENCE) & reviews.sourced[1]
    return {
        "booked": within(gap, limits["booked"]["run_rate_gap_max"])
        & within(-gap, -limits["booked"]["run_rate_gap_min"]),
        "margin": paying & within(-margin, -limits["margin"]["adjusted_gross_margin_min"]) & (x.EBIT > 0),
        "payback": pays_back_within(x, metrics, limits["payback"]["life_share_max"]),
        "demand": paying & np.where(x.payers.internal_only, shown, spread),
        "survives": np.logical_and.reduce(core_verdicts != BREAKS),
        "evidence": (total(points) <= limits["evidence"]["points_max"]) & ~lacks_three_part(reviews, policy),
    }


def lacks_three_part(reviews: Reviews, policy: Policy) -> Mask:
    """Whether the kind of review demands the three-part test and it is not answered; a blank kind demands nothing."""
    demands = [name in policy.data["checks"]["evidence"]["three_part_for"] for name in template.REVIEW_TYPES]
    return np.array([*demands, False])[reviews.review_type] & ~reviews.tested


def pays_back_within(x: Figures, metrics: dict[str, Array], life_share: float) -> Mask:
    """Whether payback takes at most this share of the useful life."""
    return within(metrics["payback"], life_share * x.useful_life)


def decisions(
    x: Figures, metrics: dict[str, Array], checks: dict[str, Mask], score: Array, breaks_today: Mask, policy: Policy
) -> Mask:
    """Tell which decisions hold, (4, reviews): `template.DECISIONS` after Incomplete; the first one counts."""
    limits = policy.data["decision"]
    late = ~pays_back_within(x, metrics, limits["future_life_share"])
    future = ~checks["payback"] | (x.EBITDA <= 0) | (~checks["booked"] & late)
    every = np.logical_and.reduce(list(checks.values()))
    return np.stack(
        [
            future & ~(checks["margin"] & checks["demand"]),
            breaks_today | (score >= limits["restructure_score"]),
            ~every | (score >= limits["conditional_score"]),
            every,
        ]
    )
