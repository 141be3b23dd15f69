"""The whole model over one block of reviews, every intermediate result kept."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from capexrisk.breakpoints import breaking_fractions, breakpoints
from capexrisk.decision import checks, decisions
from capexrisk.figures import Figures, Mask
from capexrisk.metrics import metrics
from capexrisk.policy import Policy
from capexrisk.reviews import Array, Reviews
from capexrisk.scenarios import Slots, arrange
from capexrisk.scores import (
    breaks_score,
    burden,
    metric_scores,
    overall_score,
    question_points,
    questions_score,
    section_score,
)
from capexrisk.stress import BREAKS, Simulation, gives_way, simulate, verdicts


@dataclass(frozen=True)
class Run:
    """The model over one block, every intermediate result kept. Shapes end in the number of reviews."""

    reviews: Reviews
    policy: Policy
    x: Figures
    complete: Mask
    slots: Slots
    metrics: dict[str, Array]
    metric_scores: dict[str, Array]
    sections: Array
    score: Array
    points: Array
    checks: dict[str, Mask]
    decisions: Mask
    stress: Simulation
    gives: Mask
    verdicts: NDArray[np.int8]
    shocks: Array
    headroom: Array


def run(reviews: Reviews, policy: Policy) -> Run:
    """Compute a block of reviews at once. Rows that are Incomplete hold numbers without meaning."""
    with np.errstate(all="ignore"):  # blanks are nan; what cannot be computed belongs to Incomplete rows
        x = Figures(reviews)
        blocked = np.zeros(len(reviews), bool)
        blocked[[at for at, found in reviews.readings.items() if any(item.blocks for item in found)]] = True

        values = metrics(x, policy)
        cash_burden = burden(x, policy)
        scores = metric_scores(x, values, cash_burden, policy)
        slots = arrange(reviews.scenarios, x, policy)
        blocked[slots.crowded] = True
        complete = ~(x.incomplete | blocked)

        simulation = simulate(x, slots.shocks, policy)
        drivers = len(policy.drivers)
        driven, stress = simulation.part(slice(0, drivers)), simulation.part(slice(drivers, None))
        gives = gives_way(x, stress)
        verdict = verdicts(x, stress, gives, policy)
        base = list(policy.scenarios).index("base")
        breaks_today = verdict[base] == BREAKS
        fractions = breaking_fractions(x, stress.part(slice(base, base + 1)), driven, breaks_today)
        shock, headroom = breakpoints(x, policy, fractions, breaks_today)
        core = verdict[[list(policy.scenarios).index(key) for key in policy.core]]
        points = question_points(reviews.statuses, reviews.sourced, x, policy)
        sections = np.stack(
            [
                section_score("spend", scores, policy),
                section_score("payers", scores, policy),
                section_score("revenue", scores, policy),
                breaks_score(core, headroom.min(axis=0), policy),
                questions_score(points, policy),
            ]
        )
        score = overall_score(x, values["liquidity_cover"], cash_burden, sections, policy)
        held = checks(x, reviews, values, core, points, policy)
        decided = decisions(x, values, held, score, breaks_today, policy)
    return Run(
        reviews, policy, x, complete, slots, values, scores, sections, score, points, held, decided, stress, gives,
        verdict, shock, headroom,
    )  # fmt: skip
