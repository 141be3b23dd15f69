"""The eighteen metrics (model, section 2): one function each, named after the metric, reading like its formula.

All take the block's `Figures`; inf means beyond every knot, nan no value. Shares are fractions, payback is in years.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from capexrisk.figures import Figures
from capexrisk.payers import total
from capexrisk.policy import Policy
from capexrisk.reviews import Array


def over(top: Array, bottom: Array, eps: Array) -> Array:
    """Divide; inf where the divisor is within `eps` of zero, or below."""
    return np.divide(top, bottom, out=np.full(bottom.shape, np.inf), where=bottom > eps)


def pv_leases(x: Figures, rate: float) -> Array:
    """(lease_commitments / lease_term) × (1 − (1 + rate)^−lease_term) / rate: their present value."""
    return x.lease_commitments / x.lease_term * (1 - (1 + rate) ** -x.lease_term) / rate


def owed(x: Figures, rate: float) -> Array:
    """total_debt + lease_liability + pv_leases + guarantees."""
    return x.snapped(x.total_debt + x.lease_liability + pv_leases(x, rate) + x.guarantees)


def cash_margin(x: Figures) -> Array:
    """min(1, gross_margin + ai_depreciation / A) with depreciation inside the margin, gross_margin without."""
    return np.where(x.includes_depreciation, np.minimum(1, x.gross_margin + x.ai_depreciation / x.A), x.gross_margin)


def leverage(x: Figures, policy: Policy) -> Array:
    """total_debt / EBITDA; no debt: 0; EBITDA ≤ 0: inf."""
    return np.where(x.total_debt == 0, 0, over(x.total_debt, x.EBITDA, x.eps))


def committed_leverage(x: Figures, policy: Policy) -> Array:
    """owed / EBITDA; nothing owed: 0; EBITDA ≤ 0: inf."""
    everything = owed(x, policy.lease_rate)
    return np.where(everything == 0, 0, over(everything, x.EBITDA, x.eps))


def interest_cover(x: Figures, policy: Policy) -> Array:
    """EBIT / interest_expense; no interest: inf."""
    return over(x.EBIT, x.interest_expense, x.eps)


def debt_service_cover(x: Figures, policy: Policy) -> Array:
    """EBITDA / (interest_expense + lease_payments_12m + debt_due_12m), nothing refinanced; nothing due: inf."""
    return over(x.EBITDA, x.interest_expense + x.lease_payments_12m + x.debt_due_12m, x.eps)


def liquidity_cover(x: Figures, policy: Policy) -> Array:
    """(cash + undrawn_facilities + max(OCF, 0)) / (debt_due_12m + committed_capex + lease_payments_12m + max(−OCF, 0)).

    Nothing due: inf.
    """
    sources = x.cash + x.undrawn_facilities + np.maximum(x.OCF, 0)
    uses = x.debt_due_12m + x.committed_capex + x.lease_payments_12m + np.maximum(-x.OCF, 0)
    return over(sources, uses, x.eps)


def capex_to_cash_flow(x: Figures, policy: Policy) -> Array:
    """annual_capex / OCF; OCF ≤ 0: inf."""
    return over(x.annual_capex, x.OCF, x.eps)


def debt_funded_share(x: Figures, policy: Policy) -> Array:
    """debt_for_capex / annual_capex."""
    return x.debt_for_capex / x.annual_capex


def maturity_wall(x: Figures, policy: Policy) -> Array:
    """(debt_due_12m + debt_due_24m) / total_debt; no debt: 0."""
    return np.where(x.total_debt == 0, 0, over(x.debt_due_12m + x.debt_due_24m, x.total_debt, x.eps))


def top_customer(x: Figures, policy: Policy) -> Array:
    """Largest share of A, Consumer left out; none: 0; A = 0: no value."""
    return _of_ai_revenue(x, np.maximum(np.max(x.payers.named_revenue, axis=0), 0))


def top_3_customers(x: Figures, policy: Policy) -> Array:
    """The three largest shares of A together, Consumer left out; none: 0; A = 0: no value."""
    first = second = third = np.zeros_like(x.A)
    for revenue in x.payers.named_revenue:
        third = np.maximum(third, np.minimum(second, revenue))
        second = np.maximum(second, np.minimum(first, revenue))
        first = np.maximum(first, revenue)
    return _of_ai_revenue(x, third + second + first)


def concentration(x: Figures, policy: Policy) -> Array:
    """Herfindahl-Hirschman index, 10,000 × Σ share², Consumer left out, "everyone else" adds 0; A = 0: no value."""
    share = _of_ai_revenue(x, np.maximum(x.payers.named_revenue, 0))
    return 10_000 * total(share * share)


def lab_dependency(x: Figures, policy: Policy) -> Array:
    """Over model labs, hyperscalers and neoclouds: the largest of share and backlog / max(total_backlog, A).

    None: 0; A = 0: no value.
    """
    share = _of_ai_revenue(x, x.payers.revenue)
    backlog = x.payers.backlog / np.maximum(x.total_backlog, x.A)
    largest = np.max(np.where(x.payers.labs, np.maximum(share, backlog), 0), axis=0)
    return np.where(x.A == 0, np.nan, largest)


def circular_share(x: Figures, policy: Policy) -> Array:
    """Σ share over circular customers; A = 0: no value."""
    return _of_ai_revenue(x, total(np.where(x.payers.circular, x.payers.revenue, 0)))


def run_rate_gap(x: Figures, policy: Policy) -> Array:
    """run_rate_revenue / A − 1; A = 0: inf."""
    return over(x.run_rate_revenue, x.A, x.eps) - 1


def adjusted_gross_margin(x: Figures, policy: Policy) -> Array:
    """gross_margin, less ai_depreciation / A when depreciation is not inside it; A = 0: no value."""
    after = np.where(x.includes_depreciation, x.gross_margin, x.gross_margin - x.ai_depreciation / x.A)
    return np.where(x.A == 0, np.nan, after)


def operating_margin(x: Figures, policy: Policy) -> Array:
    """EBIT / booked_revenue; nothing booked: no value."""
    return np.where(x.booked_revenue == 0, np.nan, x.EBIT / x.booked_revenue)


def payback(x: Figures, policy: Policy) -> Array:
    """hardware_value / (A × cash_margin), years; cash_margin ≤ 0 or A = 0: inf."""
    earned = np.where(x.A == 0, 0, x.A * cash_margin(x))
    return over(x.hardware_value, earned, x.eps)


def inventory_build(x: Figures, policy: Policy) -> Array:
    """The input of that name."""
    return x.inventory_build


def _of_ai_revenue(x: Figures, revenue: Array) -> Array:
    return revenue / np.where(x.A == 0, np.nan, x.A)


METRICS: dict[str, Callable[[Figures, Policy], Array]] = {
    function.__name__: function
    for function in (
        leverage,
        committed_leverage,
        interest_cover,
        debt_service_cover,
        liquidity_cover,
        capex_to_cash_flow,
        debt_funded_share,
        maturity_wall,
        top_customer,
        top_3_customers,
        concentration,
        lab_dependency,
        circular_share,
        run_rate_gap,
        adjusted_gross_margin,
        operating_margin,
        payback,
        inventory_build,
    )
}
"""The metrics' functions, in the template's order."""


def metrics(x: Figures, policy: Policy) -> dict[str, Array]:
    """Give every metric of a block of reviews."""
    return {key: function(x, policy) for key, function in METRICS.items()}
