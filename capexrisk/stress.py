"""What a scenario does over eight quarters, and what gives way (model, section 4).

Money is in each review's own unit. Arrays are (slots, reviews), paths (rows, quarters, reviews). Most scenarios leave
trade or financing as they are today, so each is computed only for the slots that move it, and once for all others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from capexrisk import template
from capexrisk.figures import Figures, Mask
from capexrisk.metrics import over
from capexrisk.payers import total
from capexrisk.policy import Policy
from capexrisk.reviews import Array
from capexrisk.scenarios import Shocks

Rows = NDArray[np.intp]

HOLDS, STRAINED, BREAKS = range(len(template.VERDICTS))
QUARTER = np.arange(1, template.QUARTERS + 1)[:, None]
YEAR = 4

MOVE_TRADE = ("volume", "top_volume", "price", "top_price", "utilization", "contracts_hold")
MOVE_FINANCING = ("rate_add", "financing_cut")


@dataclass(frozen=True)
class Trade:
    """A quarter's business: all revenue, EBITDA, and the largest customer's revenue in it."""

    revenue: Array
    ebitda: Array
    top_revenue: Array


@dataclass(frozen=True)
class Financing:
    """What lenders and lessors take.

    `spent` is interest, leases, own capex and repayment since the start, (rows, quarters, reviews); `service` the
    year's interest, leases and repayment; `fixed` its interest and leases.
    """

    spent: Array
    service: Array
    fixed: Array


@dataclass(frozen=True)
class Simulation:
    """The outcome of each slot, before any verdict; revenue, EBITDA, service and fixed are the year's.

    Liquidity is `start` (cash and facilities, less what the largest customer pays late) and what a row of `path` adds
    by each quarter; `row` says which row a slot has.
    """

    revenue: Array
    ebitda: Array
    service: Array
    fixed: Array
    value: Array
    start: Array
    lowest: Array
    row: Rows
    path: Array

    def part(self, slots: slice) -> Simulation:
        """Give some of the slots."""
        return Simulation(
            self.revenue[slots],
            self.ebitda[slots],
            self.service[slots],
            self.fixed[slots],
            self.value[slots],
            self.start[slots],
            self.lowest[slots],
            self.row[slots],
            self.path,
        )

    def liquidity(self, slots: Rows, reviews: Rows) -> Array:
        """Give the liquidity at each quarter's end of pairs of slot and review, (quarters, pairs)."""
        return self.start[slots, reviews] + self.path[self.row[slots], QUARTER - 1, reviews]


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
    s1 = largest.s1
    level = np.where(x.A == 0, 1, np.minimum(1, x.run_rate_revenue / x.A))
    mix = np.where(x.booked_revenue == 0, 0, x.A / x.booked_revenue)
    cash_cost = x.booked_revenue - x.EBITDA
    u = np.minimum(1, z.utilization / x.utilization)
    open1 = 1 - z.contracts_hold * largest.p1  # the part that contracts do not protect
    openo = 1 - z.contracts_hold * largest.po

    keep = (1 - z.volume) * (1 - u)
    drop1 = 1 - keep * (1 - z.top_volume) if buys else np.ones_like(keep)
    dropo = 1 - keep
    v1 = level * (1 - drop1 * open1)
    vo = level * (1 - dropo * openo)
    top_revenue = x.A / 4 * s1 * v1 * (1 - z.price * open1) * (1 - z.top_price)
    other_revenue = x.A / 4 * (1 - s1) * vo * (1 - z.price * openo)
    revenue = (x.booked_revenue - x.A) / 4 + top_revenue + other_revenue
    cost = cash_cost / 4 * (1 - x.variable_cost_share * mix * (1 - (s1 * v1 + (1 - s1) * vo)))
    return Trade(revenue, revenue - cost, top_revenue)


def financing(x: Figures, z: Shocks) -> Financing:
    """Follow debt, interest, leases and capex through the quarters (model, steps 4 to 8)."""
    funded = x.debt_for_capex / x.annual_capex
    lease_after = np.maximum(x.lease_payments_12m, x.lease_commitments / x.lease_term)
    years = (x.debt_due_12m, x.lease_payments_12m, x.committed_capex), (x.debt_due_24m, lease_after, 0 * x.cash)
    spent = np.empty((len(z.rate_add), template.QUARTERS, x.cash.size))
    debt = x.total_debt + np.zeros_like(spent[:, 0])
    so_far = renewed_so_far = service = fixed = np.zeros_like(debt)
    for year, (due, lease, capex) in enumerate(years):
        repaid = due / 4 * z.financing_cut
        renewed = due / 4 - repaid
        borrowed = capex / 4 * funded * (1 - z.financing_cut)
        outlay = repaid + (capex / 4 - borrowed)
        for q in range(YEAR * year, YEAR * (year + 1)):
            at_new_rate = debt * x.floating_share + renewed_so_far * (1 - x.floating_share)
            interest = (debt * x.interest_rate + z.rate_add * at_new_rate) / 4
            charge = interest + lease / 4
            np.add(so_far, charge + outlay, out=spent[:, q])
            so_far = spent[:, q]
            debt = debt + (borrowed - repaid)
            renewed_so_far = renewed_so_far + (renewed + borrowed)
            if q < YEAR:
                fixed = fixed + charge
                service = service + (charge + repaid)
    return Financing(spent, service, fixed)


def simulate(x: Figures, z: Shocks, policy: Policy) -> Simulation:
    """Run every slot over every review of a block."""
    shocked = {key: getattr(z, key).any(axis=1) for key in template.SHOCK}
    trades, trade_of = _apart([shocked[key] for key in MOVE_TRADE])
    loans, loan_of = _apart([shocked[key] for key in MOVE_FINANCING])
    paths, row = _apart([shocked[key] for key in (*MOVE_TRADE, *MOVE_FINANCING, "pause")])
    largest = Largest(x, policy)
    buying = trade(x, largest, z.rows(trades), buys=True)
    lent = financing(x, z.rows(loans))

    revenue, ebitda = (4 * buying.revenue)[trade_of], (4 * buying.ebitda)[trade_of]
    path = np.empty((len(paths), *lent.spent.shape[1:]))
    for at, slot in enumerate(paths):  # one row at a time stays in the processor's cache
        np.multiply(QUARTER, buying.ebitda[trade_of[slot]], out=path[at])
        path[at] -= lent.spent[loan_of[slot]]
    start = x.cash + x.undrawn_facilities * (1 - z.draw_cut)
    late = np.flatnonzero(shocked["delay_days"])
    start[late] -= z.delay_days[late] / 365 * 4 * buying.top_revenue[trade_of[late]]

    paused = np.flatnonzero(shocked["pause"])
    if paused.size:
        some = z.rows(paused)
        pausing = trade(x, largest, some, buys=False)
        lost = pausing.ebitda - buying.ebitda[trade_of[paused]]
        revenue[paused] += np.minimum(some.pause, YEAR) * (pausing.revenue - buying.revenue[trade_of[paused]])
        ebitda[paused] += np.minimum(some.pause, YEAR) * lost
        path[row[paused]] += np.minimum(QUARTER, some.pause[:, None]) * lost[:, None]
        not_late = some.delay_days / 365 * 4 * (buying.top_revenue[trade_of[paused]] - pausing.top_revenue)
        start[paused] += np.where(some.pause > 0, not_late, 0)

    return Simulation(
        revenue,
        ebitda,
        lent.service[loan_of],
        lent.fixed[loan_of],
        x.hardware_value * (1 - z.resale),
        start,
        start + path.min(axis=1)[row],
        row,
        path,
    )


def _apart(shocked: list[Mask]) -> tuple[Rows, Rows]:
    """Find the slots to compute apart, having one of some shocks, and which of the computed ones every slot has.

    The slots without any share the first of them.
    """
    moved = np.logical_or.reduce(shocked)
    still = np.flatnonzero(~moved)[:1]
    return np.concatenate([still, np.flatnonzero(moved)]), np.where(moved, np.cumsum(moved) - 1 + still.size, 0)


def runs_out(liquidity: Array, eps: float) -> int | None:
    """Give the quarter, 1 to 8, at whose end one review's liquidity first is below zero; None for never."""
    below = np.flatnonzero(liquidity < -eps)
    return int(below[0]) + 1 if below.size else None


def dscr(x: Figures, s: Simulation) -> Array:
    """EBITDA of the year over its service, after refinancing; nothing to serve: inf."""
    return over(s.ebitda, s.service, x.eps)


def ltv(x: Figures, s: Simulation) -> Array:
    """secured_debt / value; 0 without secured debt, inf when no value is left."""
    return np.where(x.secured_debt <= x.eps, 0.0, over(x.secured_debt, s.value, x.eps))


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
