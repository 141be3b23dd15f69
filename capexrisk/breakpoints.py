"""What breaks first: each driver's smallest breaking shock, from where straight lines cross (model, section 5).

In any one driver's shock every quarter's liquidity, the year's EBITDA, its service and the hardware's value run in
straight lines, so the lines between no shock and the largest tried are the whole story. A way of breaking holds where
some lines are below zero together; the breakpoint is the first such shock. Fractions of the largest shock run from 0
to 1; inf is never.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from capexrisk.figures import Figures, Mask
from capexrisk.policy import Policy
from capexrisk.reviews import Array
from capexrisk.stress import Simulation

TIE = 1e-7
"""Headrooms within this, times the larger of 1 and the headroom, are equal: the first driver wins."""


def below_zero(start: Array, end: Array, eps: Array) -> tuple[Array, Array]:
    """Where a line from `start` (at 0) to `end` (at 1) is below zero: an open interval, empty when first ≥ last.

    An end within `eps` of zero is zero: a line that lies on the limit, or just reaches it, is not below it.
    """
    start = np.where(np.abs(start) <= eps, 0.0, start)
    end = np.where(np.abs(end) <= eps, 0.0, end)
    fall = start - end
    crossing = np.divide(start, fall, out=np.zeros_like(fall), where=fall != 0)
    under, ends_under = start < 0, end < 0
    first = np.where(under, 0.0, np.where(ends_under, crossing, np.inf))
    last = np.where(ends_under, 1.0, np.where(under, crossing, -np.inf))
    return first, last


def breaking_fractions(x: Figures, today: Simulation, shocked: Simulation, breaks_today: Mask) -> Array:
    """Give the smallest fraction of each driver's largest shock that breaks, (drivers, reviews); inf for never.

    `today` is the simulation without shock (one slot), `shocked` the one with each driver's largest. Where the
    review breaks today the fraction has no meaning.
    """

    def together(margin: tuple[Array, Array], less: tuple[Array, Array]) -> Array:
        """First point where `margin` is below zero, and with it some quarter's liquidity less `less`."""
        found = np.full(margin[1].shape, np.inf)
        # The lowest liquidity bends, but never below its chord: where neither end is short, nothing between is.
        short = (today.lowest[0] < less[0]) | (shocked.lowest < less[1])
        pairs = driver, review = np.nonzero(short & ((margin[0] < 0) | (margin[1] < 0)) & ~breaks_today)
        if review.size:
            first, last = below_zero(margin[0][review], margin[1][pairs], x.eps[review])
            start = today.liquidity(np.zeros_like(review), review) - less[0][review]
            end = shocked.liquidity(driver, review) - less[1][pairs]
            quarter_first, quarter_last = below_zero(start, end, x.eps[review])
            first, last = np.maximum(first, quarter_first), np.minimum(last, quarter_last)
            found[pairs] = np.where(first < last, first, np.inf).min(axis=0)
        return found

    nothing = np.zeros_like(today.value[0]), np.zeros_like(shocked.value)
    spare = today.ebitda[0] - today.service[0], shocked.ebitda - shocked.service
    cushion = today.value[0] - x.secured_debt, shocked.value - x.secured_debt
    runs_dry = together((today.lowest[0], shocked.lowest), nothing)
    debt_service = together(spare, (today.service[0], shocked.service))
    collateral = together(cushion, (-cushion[0], -cushion[1]))
    return np.minimum(runs_dry, np.minimum(debt_service, collateral))


def breakpoints(x: Figures, policy: Policy, fractions: Array, breaks_today: Mask) -> tuple[Array, Array]:
    """Give each driver's breaking shock and its headroom, (drivers, reviews); 0 when it breaks today."""
    shock = np.where(fractions < 1, fractions * driver_largest(x, policy), np.inf)
    shock = np.where(breaks_today, 0.0, shock)
    return shock, shock / np.array([[driver.size] for driver in policy.drivers])


def driver_largest(x: Figures, policy: Policy) -> Array:
    """Give the largest shock tried for each driver, (drivers, reviews)."""
    return np.stack([x.utilization if d.largest is None else np.full_like(x.eps, d.largest) for d in policy.drivers])


def first_driver(headroom: Array) -> NDArray[np.int64]:
    """Give the driver with the smallest headroom, the first of equals; -1 when none breaks it."""
    smallest = headroom.min(axis=0)
    tied = headroom <= smallest + TIE * np.maximum(1, smallest)
    return np.where(np.isinf(smallest), -1, tied.argmax(axis=0))
