"""The inputs of a block of reviews, blanks filled and bounds checked (model, section 1).

Money is in each review's own unit; shares are fractions. Every array has one entry a review.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from capexrisk import template
from capexrisk.payers import Payers
from capexrisk.reviews import Array, Reviews

Mask = NDArray[np.bool_]

TOLERANCE = 1e-9
"""Differences within this, times the larger of 1 and the limit (for money: of revenue and capex), count as equal."""

_ROW = {key: at for at, key in enumerate(template.NUMBERS)}
_FIELDS = [template.FIELD[key] for key in template.NUMBERS]
_LOW = np.array([[-np.inf if item.low is None else item.low] for item in _FIELDS])
_HIGH = np.array([[np.inf if item.high is None else item.high] for item in _FIELDS])
_MONEY = np.array([item.kind == "money" for item in _FIELDS])
_ABOVE = np.array([[item.above_low] for item in _FIELDS])
_SLACK = TOLERANCE * np.maximum(1, np.abs(np.where(np.isfinite(_HIGH), _HIGH, 0)))
_LOW_SLACK = TOLERANCE * np.maximum(1, np.abs(np.where(np.isfinite(_LOW), _LOW, 0)))
_CAPPED = [(_ROW[item.key], _ROW[item.at_most]) for item in _FIELDS if item.at_most]
_OPTIONAL = [item.key for item in _FIELDS if item.optional]
_REQUIRED = [item.key for item in _FIELDS if item.required and item.key not in ("gross_margin", "operating_margin")]


class Figures:
    """Inputs by key (`x.cash`), with the figures that the model derives from them at once.

    `eps` is the money tolerance: amounts within it of zero are zero. `A` is AI revenue, `OCF` operating cash flow.
    `missing` and `wrong` hold, by input, where it blocks a review; `assumed` where a blank took its default.
    """

    def __init__(self, reviews: Reviews) -> None:
        typed = reviews.figures
        self._typed = typed
        self.payers = Payers(reviews.customers)
        self._values: dict[str, Array] = {key: typed[at] for at, key in enumerate(template.NUMBERS)}
        largest = np.fmax(self.booked_revenue, self.annual_capex)
        self.eps: Array = TOLERANCE * np.where(largest > 0, largest, 0.0)
        self.low, self.high = self._out_of_bounds()
        held = np.minimum(np.maximum(typed, _LOW), _HIGH)  # noise beyond a bound is the bound, about zero it is zero
        held[_MONEY] = self.snapped(held[_MONEY])
        self._values = dict(zip(template.NUMBERS, held, strict=True))
        blank = np.isnan(typed)
        self.blank: dict[str, Mask] = dict(zip(template.NUMBERS, blank, strict=True))
        self.assumed: dict[str, Mask] = {key: self.blank[key] for key in _OPTIONAL}
        self.assumed["backlog"] = self.payers.backlog_listed == 0
        for key, default in DEFAULTS.items():
            if self.blank[key].any():
                self._values[key] = np.where(self.blank[key], default(self), self._values[key])
        self.A: Array = self.ai_revenue
        self.EBIT: Array = self.snapped(self.operating_income)
        self.EBITDA: Array = _ebitda(self)
        self.OCF: Array = self.snapped(self.operating_cash_flow)
        self.includes_depreciation: Mask = reviews.includes_depreciation != 0
        self.missing = self._missing()
        self.wrong = self._wrong()

    def __getattr__(self, key: str) -> Array:
        try:
            return self.__dict__["_values"][key]
        except KeyError:
            raise AttributeError(key) from None

    def typed(self, key: str) -> Array:
        """Give an input as typed, nan for blank."""
        return self._typed[_ROW[key]]

    @property
    def incomplete(self) -> Mask:
        """Where an input is missing or wrong, as far as the figures tell."""
        masks = [*self.missing.values(), *self.wrong.values()]
        return self.low.any(axis=0) | self.high.any(axis=0) | np.logical_or.reduce(masks)

    def snapped(self, money: Array) -> Array:
        """Take money within `eps` of zero as zero, so that noise decides nothing."""
        return np.where(np.abs(money) <= self.eps, 0.0, money)

    def _out_of_bounds(self) -> tuple[Mask, Mask]:
        """Tell which inputs lie below their low bound, and which above their high one, as (inputs, reviews)."""
        typed = self._typed
        slack = np.where(_MONEY[:, None], self.eps, _LOW_SLACK)
        low = np.where(_ABOVE, typed <= _LOW + slack, typed < _LOW - slack)
        high = typed > _HIGH + _SLACK
        for row, cap in _CAPPED:
            high[row] |= (typed[row] > typed[cap] + self.eps) & ~(low[cap] | high[cap])
        return low, high

    def _missing(self) -> dict[str, Mask]:
        blank = self.blank
        missing = {key: blank[key] for key in _REQUIRED}
        missing["gross_margin"] = blank["gross_margin"] & (self.A != 0)
        missing["operating_margin"] = blank["operating_margin"] & blank["operating_income"]
        missing["operating_income"] = blank["operating_income"] & (self.booked_revenue == 0)
        missing["customer"] = (self.payers.count == 0) & (self.A != 0)
        missing["kind"] = self.payers.kind_missing
        missing["revenue"] = self.payers.revenue_missing
        return missing

    def _wrong(self) -> dict[str, Mask]:
        """Tell where inputs that bound each other do not fit; the key is the input that the finding names."""
        blank, eps, payers = self.blank, self.eps, self.payers
        both = ~blank["operating_margin"] & ~blank["operating_income"] & (self.booked_revenue > 0)
        gap = np.abs(self.booked_revenue * self.operating_margin - self.operating_income)
        return {
            "debt_due_24m": self.debt_due_12m + self.debt_due_24m > self.total_debt + eps,
            "total_backlog": self.total_backlog < payers.backlog_total - eps,
            "agreement": both & (gap > 0.01 * self.booked_revenue + eps),
            "operating_income": self.operating_income + self.depreciation > self.booked_revenue + eps,
            "revenue": payers.lowest_revenue < -eps,
            "backlog": payers.lowest_backlog < -eps,
            "customer": payers.revenue_total > template.CUSTOMERS_LIMIT * self.A + eps,
        }


def _ebitda(x: Figures) -> Array:
    return x.snapped(x.operating_income + x.depreciation)


def _interest_rate(x: Figures) -> Array:
    rate = np.divide(x.interest_expense, x.total_debt, out=np.full(x.total_debt.shape, 0.06), where=x.total_debt > 0)
    return np.where(x.total_debt > 0, np.clip(rate, 0.03, 0.20), 0.06)


def _constant(key: str) -> Callable[[Figures], Array]:
    value = template.FIELD[key].default
    assert isinstance(value, float)
    return lambda x: np.full(x.eps.shape, value)


DEFAULTS: dict[str, Callable[[Figures], Array]] = {
    **{item.key: _constant(item.key) for item in _FIELDS if isinstance(item.default, float)},
    "lease_payments_12m": lambda x: x.lease_commitments / x.lease_term,
    "debt_due_24m": lambda x: np.minimum(x.debt_due_12m, x.total_debt - x.debt_due_12m),
    "interest_rate": _interest_rate,
    "committed_capex": lambda x: x.annual_capex,
    "hardware_value": lambda x: x.ai_capex,
    "secured_debt": lambda x: np.minimum(x.total_debt, x.hardware_value * x.debt_for_capex / x.annual_capex),
    "ai_depreciation": lambda x: np.minimum(x.depreciation, x.hardware_value / x.useful_life),
    "ai_revenue": lambda x: x.booked_revenue,
    "run_rate_revenue": lambda x: x.ai_revenue,
    "total_backlog": lambda x: x.payers.backlog_total,
    "operating_income": lambda x: x.booked_revenue * x.operating_margin,
    "operating_cash_flow": lambda x: _ebitda(x) - x.interest_expense,
}
"""What a blank input takes, in an order in which each needs only those before it."""
