"""What a scenario does over eight quarters, and what gives way (model, section 4).

Money is in each review's own unit. Arrays are (scenarios, reviews), liquidity (scenarios, quarters, reviews).
Financing depends on the rate and on what lenders provide only, so it is computed once for each such pair.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from capexrisk import template
from capexrisk.figures import Figures, Mask
from capexrisk.payers import total
from capexrisk.policy import Policy
from capexrisk.reviews import Array
from capexrisk.scenarios import Shocks

HOLDS, STRAINED, BREAKS = range(len(template.VERDICTS))
QUARTER = np.arange(1, template.QUARTERS + 1)[:, None]
YEAR = 4


@dataclass(frozen=True)
class Trade:
    """A quarter's business: all revenue, EBITDA, and the largest customer's revenue in it."""

    revenue: Array
    ebitda: Array
    top_revenue: Array


@dataclass(frozen=True)
class Financing:
    """What lenders and lessors take, cumulated over the quarters: (pairs, quarters, reviews); the year's parts.

    `spent` is interest, leases, own capex and repayment since the start; `service` the year's interest, leases and
    repayment; `fixed` its interest and leases. `pair` says which pair a scenario has.
    """

    spent: Array
    service: Array
    fixed: Array
    pair: NDArray[np.intp]


@dataclass(frozen=True)
class Simulation:
    """The outcome of each scenario, before any verdict."""

    revenue: Array
    ebitda: Array
    service: Array
    fixed: Array
    value: Array
    liquidity: Array
    lowest: Array

    @property
    def dscr(self) -> Array:
        """EBITDA of the year over its service, after refinancing; nothing to serve: inf."""
        return np.divide(self.ebitda, self.service, out=np.full_like(self.ebitda, np.inf), where=self.service > 0)


class Largest:
    """The largest customer and the others, as the simulation sees them.

    `s1` is the largest one's share of AI revenue, `p1` its protection by contract, `po` that of the others.
    """

    def __init__(self, x: Figures, policy: Policy) -> None:
        payers = x.payers
        protection = payers.protection(policy.enforceability)
        is_largest = np.arange(len(payers.revenue))[:, None] == payers.largest
        top_revenue = total(np.where(is_largest, payers.revenue, 0.0))
        others = np.where(is_largest, 0.0, payers.revenue)
        pool = np.maximum(x.A - top_revenue, total(others))
        self.s1: Array = np.divide(top_revenue, x.A, out=np.zeros_like(x.A), where=x.A > 0)
        self.p1: Array = total(np.where(is_largest, protection, 0.0))
        self.po: Array = np.divide(total(others * protection), pool, out=np.zeros_like(pool), where=pool > 0)


def trade(x: Figures, largest: Largest, z: Shocks, buys: bool) -> Trade:
    """Give the business of a quarter in which the largest customer buys, or pauses (model, steps 1 to 3)."""
    s1, p1, po = largest.s1, largest.p1, largest.po
    level = np.where(x.A == 0, 1, np.minimum(1, x.run_rate_revenue / x.A))
    mix = np.where(x.booked_revenue == 0, 0, x.A / x.booked_revenue)
    cash_cost = x.booked_revenue - x.EBITDA
    u = np.minimum(1, z.utilization / x.utilization)

    keep = (1 - z.volume) * (1 - u)
    drop1 = 1 - keep * (1 - z.top_volume) if buys else np.ones_like(keep)
    dropo = 1 - keep
    v1 = level * (1 - drop1 * (1 - z.contracts_hold * p1))
    vo = level * (1 - dropo * (1 - z.contracts_hold * po))
    top_revenue = x.A / 4 * s1 * v1 * (1 - z.price * (1 - z.contracts_hold * p1)) * (1 - z.top_price)
    other_revenue = x.A / 4 * (1 - s1) * vo * (1 - z.price * (1 - z.contracts_hold * po))
    revenue = (x.booked_revenue - x.A) / 4 + top_revenue + other_revenue
    cost = cash_cost / 4 * (1 - x.variable_cost_share * mix * (1 - (s1 * v1 + (1 - s1) * vo)))
    return Trade(revenue, revenue - cost, top_revenue)


def financing(x: Figures, z: Shocks) -> Financing:
    """Follow debt, interest, leases and capex through the quarters (model, steps 4 to 8)."""
    rate_add, financing_cut, pair = _pairs(z)
    funded = x.debt_for_capex / x.annual_capex
    shape = (len(rate_add), template.QUARTERS, x.cash.size)
    spent = np.empty(shape)
    debt = np.broadcast_to(x.total_debt, (shape[0], shape[2]))
    renewed_so_far = service = fixed = so_far = np.zeros((shape[0], shape[2]))
    lease_year = x.lease_payments_12m / 4
    lease_after = np.maximum(x.lease_payments_12m, x.lease_commitments / x.lease_term) / 4
    for q in range(template.QUARTERS):
        in_year = q < YEAR
        due = (x.debt_due_12m if in_year else x.debt_due_24m) / 4
        repaid = due * financing_cut
        renewed = due - repaid
        at_new_rate = debt * x.floating_share + renewed_so_far * (1 - x.floating_share)
        interest = (debt * x.interest_rate + rate_add * at_new_rate) / 4
        lease = lease_year if in_year else lease_after
        so_far = so_far + interest + lease + repaid
        if in_year:
            capex = x.committed_capex / 4
            borrowed = capex * funded * (1 - financing_cut)
            service = service + interest + lease + repaid
            fixed = fixed + interest + lease
            so_far = so_far + (capex - borrowed)
            debt = debt + (borrowed - repaid)
            renewed_so_far = renewed_so_far + (renewed + borrowed)
        else:
            debt = debt - repaid
            renewed_so_far = renewed_so_far + renewed
        spent[:, q] = so_far
    return Financing(spent, service, fixed, pair)


def _pairs(z: Shocks) -> tuple[Array, Array, NDArray[np.intp]]:
    """Find the different (rate_add, financing_cut) among the scenarios, and which one each scenario has."""
    seen: dict[bytes, int] = {}
    first: list[int] = []
    pair: list[int] = []
    for at in range(len(z.rate_add)):
        key = z.rate_add[at].tobytes() + z.financing_cut[at].tobytes()
        if key not in seen:
            seen[key] = len(first)
            first.append(at)
        pair.append(seen[key])
    return z.rate_add[first], z.financing_cut[first], np.array(pair, np.intp)


def simulate(x: Figures, z: Shocks, policy: Policy) -> Simulation:
    """Run every scenario over every review of a block."""
    largest = Largest(x, policy)
    buying = trade(x, largest, z, buys=True)
    lent = financing(x, z)
    start = x.cash + x.undrawn_facilities * (1 - z.draw_cut)
    late = z.delay_days / 365 * 4 * buying.top_revenue
    revenue, ebitda = 4 * buying.revenue, 4 * buying.ebitda
    liquidity = np.empty((len(ebitda), *lent.spent.shape[1:]))
    for row, earned, pair, first in zip(liquidity, buying.ebitda, lent.pair, start - late, strict=True):
        np.multiply(QUARTER, earned, out=row)  # one scenario at a time stays in the processor's cache
        row -= lent.spent[pair]
        row += first

    paused = np.flatnonzero((z.pause > 0).any(axis=1))
    if paused.size:
        some = z.rows(paused)
        pausing = trade(x, largest, some, buys=False)
        quarters = np.minimum(some.pause, YEAR)
        revenue[paused] += quarters * (pausing.revenue - buying.revenue[paused])
        ebitda[paused] += quarters * (pausing.ebitda - buying.ebitda[paused])
        lost = pausing.ebitda - buying.ebitda[paused]
        liquidity[paused] += np.minimum(QUARTER, some.pause[:, None]) * lost[:, None]
        late_now = some.delay_days / 365 * 4 * pausing.top_revenue
        liquidity[paused] += np.where(some.pause > 0, late[paused] - late_now, 0)[:, None]

    return Simulation(
        revenue,
        ebitda,
        lent.service[lent.pair],
        lent.fixed[lent.pair],
        x.hardware_value * (1 - z.resale) + np.zeros_like(ebitda),
        liquidity,
        np.min(liquidity, axis=1),
    )


def runs_out(x: Figures, simulation: Simulation) -> NDArray[np.int8]:
    """Give the quarter in which liquidity first falls below zero, 0 for none."""
    below = simulation.liquidity < -x.eps
    return np.where(below.any(axis=1), below.argmax(axis=1) + 1, 0).astype(np.int8)


def ltv(x: Figures, value: Array) -> Array:
    """secured_debt / value; 0 without secured debt, inf when the value is 0."""
    ratio = np.divide(x.secured_debt, value, out=np.full_like(value, np.inf), where=value > 0)
    return np.where(x.secured_debt == 0, 0.0, ratio)


def gives_way(x: Figures, s: Simulation) -> Mask:
    """Tell what gives way, (ways, scenarios, reviews), in the order of `template.WAYS`."""
    eps = x.eps
    return np.stack(
        [
            s.lowest < -eps,
            (s.ebitda < s.service - eps) & (s.lowest < s.service - eps),
            x.secured_debt - s.value > np.maximum(s.lowest, 0) + eps,
        ]
    )


def verdicts(x: Figures, s: Simulation, gives: Mask, policy: Policy) -> NDArray[np.int8]:
    """Judge each outcome: a position in `template.VERDICTS`."""
    limits = policy.data["verdicts"]
    eps = x.eps
    thin = s.ebitda < limits["strained_cover"] * s.service - eps
    thin &= s.lowest < limits["strained_cash_years"] * s.service - eps
    pledged = x.secured_debt - limits["strained_ltv"] * s.value > np.maximum(s.lowest, 0) + eps
    low = s.lowest < limits["strained_interest_years"] * s.fixed - eps
    strained = np.where(thin | pledged | low, STRAINED, HOLDS)
    return np.where(gives.any(axis=0), BREAKS, strained).astype(np.int8)
