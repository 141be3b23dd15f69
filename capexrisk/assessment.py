"""`assess`: the whole model over any number of reviews, in blocks; results stay columns until one is looked at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from capexrisk import template
from capexrisk.breakpoints import first_driver
from capexrisk.figures import Mask
from capexrisk.policy import Policy
from capexrisk.report import report
from capexrisk.result import Result
from capexrisk.reviews import Array, Reviews
from capexrisk.run import Run, run
from capexrisk.scores import ratings

BLOCK = 2048
"""Reviews computed at a time: large enough that numpy's overhead is small, small enough for cache and allocator."""

FEW = 64
"""Reviews whose intermediate results are kept, so that looking at each computes nothing again."""


@dataclass(frozen=True)
class Assessment:
    """The results of many reviews as columns; where a review is Incomplete, numbers are nan and codes -1.

    `metrics` and `metric_scores` are (18, reviews) in the template's order, `sections` (5, reviews), `headroom` and
    `shocks` (drivers, reviews) with inf for never, `checks` (6, reviews). `rating`, `decision` and `breaks_first` are
    positions in `template.RATINGS`, `template.DECISIONS` and the policy's drivers; `verdicts` (scenarios of the
    policy, reviews) in `template.VERDICTS`, -1 where the review's own table has no such scenario. `also` is
    (4, reviews): which decisions after Incomplete hold. `whole` keeps the run of an assessment of few reviews.
    """

    reviews: Reviews
    policy: Policy
    complete: Mask
    metrics: Array
    metric_scores: Array
    sections: Array
    score: Array
    rating: NDArray[np.int8]
    decision: NDArray[np.int8]
    also: Mask
    checks: Mask
    verdicts: NDArray[np.int8]
    shocks: Array
    headroom: Array
    breaks_first: NDArray[np.int8]
    whole: Run | None

    def __len__(self) -> int:
        return len(self.reviews)

    def result(self, at: int) -> Result:
        """Give everything about one review, with its sentences."""
        at = range(len(self))[at]
        if self.whole is not None:
            return report(self.whole, at)
        return report(run(self.reviews.block(at, at + 1), self.policy), 0)

    def results(self) -> Iterator[Result]:
        """Give the result of each review in turn."""
        return (self.result(at) for at in range(len(self)))


def assess(reviews: Reviews, policy: Policy | None = None, *, block: int = BLOCK) -> Assessment:
    """Assess reviews under a policy (None: the one in force).

    Order and `block`, the number computed at a time, change no result. Never raises for what a review holds: what is
    missing or wrong makes that review Incomplete, and its findings say why.
    """
    policy = policy or Policy.current()
    n = len(reviews)
    n_metrics, n_drivers = len(template.METRICS), len(policy.drivers)
    out = Assessment(
        reviews,
        policy,
        np.zeros(n, bool),
        np.empty((n_metrics, n)),
        np.empty((n_metrics, n)),
        np.empty((len(template.SCORED_SECTIONS), n)),
        np.empty(n),
        np.empty(n, np.int8),
        np.empty(n, np.int8),
        np.empty((len(template.DECISIONS) - 1, n), bool),
        np.empty((len(template.CHECKS), n), bool),
        np.empty((len(policy.scenarios), n), np.int8),
        np.empty((n_drivers, n)),
        np.empty((n_drivers, n)),
        np.empty(n, np.int8),
        run(reviews, policy) if 0 < n <= min(FEW, block) else None,
    )
    for first in range(0, n, block):
        last = min(first + block, n)
        _keep(out.whole or run(reviews.block(first, last), policy), out, slice(first, last))
    return out


def _keep(done: Run, out: Assessment, where: slice) -> None:
    """Store a block's results in the columns, with nothing for Incomplete reviews."""
    gone = ~done.complete
    out.complete[where] = done.complete
    for key_row, (values, scores) in enumerate(zip(done.metrics.values(), done.metric_scores.values(), strict=True)):
        out.metrics[key_row, where] = values
        out.metric_scores[key_row, where] = scores
    out.sections[:, where] = done.sections
    out.score[where] = done.score
    out.shocks[:, where] = done.shocks
    out.headroom[:, where] = done.headroom
    out.checks[:, where] = np.stack(list(done.checks.values()))
    out.also[:, where] = done.decisions
    out.verdicts[:, where] = done.verdicts[: len(out.verdicts)]
    for review, listed in done.slots.own.items():
        lacking = {item.slot for item in done.slots.policy} - {item.slot for item in listed}
        out.verdicts[list(lacking), where.start + review] = -1
    out.decision[where] = done.decisions.argmax(axis=0) + 1
    out.breaks_first[where] = first_driver(done.headroom)
    if gone.any():
        for numbers in (out.metrics, out.metric_scores, out.sections, out.shocks, out.headroom):
            numbers[:, where][:, gone] = np.nan
        out.score[where][gone] = np.nan
        out.decision[where][gone] = 0
        out.breaks_first[where][gone] = -1
        out.verdicts[:, where][:, gone] = -1
        out.checks[:, where][:, gone] = False
        out.also[:, where][:, gone] = False
    out.rating[where] = ratings(out.score[where], done.policy)
