"""Who pays: what the customer tables of a block of reviews say, one value a review (model, sections 1, 2 and 4)."""

from __future__ import annotations

from functools import cached_property, reduce
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from capexrisk import template
from capexrisk.reviews import Array, Customers

Mask = NDArray[np.bool_]
Kind = TypeVar("Kind", bound=np.generic)

_CONSUMER = template.KINDS.index("Consumer")
_INTERNAL = template.KINDS.index("Internal")
_IS_LAB = np.array([kind in template.LAB_KINDS for kind in template.KINDS] + [False])  # the last for a blank, -1


class Payers:
    """Customers as a table (place in the list, review), zeros where a list is shorter.

    Revenue and backlog are 0 where blank. `largest` is the place of the largest customer, Consumer left out, the
    first of equals; -1 when there is none.
    """

    def __init__(self, customers: Customers) -> None:
        self._customers = customers
        self.starts = starts = customers.starts
        self.count: NDArray[np.int64] = np.diff(starts)
        self._shape = (max(int(self.count.max(initial=0)), 1), self.count.size)
        self._review = np.repeat(np.arange(self.count.size), self.count)
        self._place = np.arange(self._review.size) - starts[self._review]
        self.kind = self._table(customers.kind, -1)
        self.credit = self._table(customers.credit, -1)
        self.take_or_pay: Mask = self._table(customers.take_or_pay, 0) == 1
        self.circular: Mask = self._table(customers.circular, 0) == 1
        typed_revenue = self._table(customers.revenue, 0.0)
        typed_backlog = self._table(customers.backlog, 0.0)
        listed = self._table(np.ones(self._review.size, bool), False)
        self.listed: Mask = listed
        self.revenue_missing: Mask = np.logical_or.reduce(listed & np.isnan(typed_revenue), axis=0)
        self.kind_missing: Mask = np.logical_or.reduce(listed & (self.kind < 0), axis=0)
        self.backlog_listed = np.sum(listed & ~np.isnan(typed_backlog), axis=0)
        self.lowest_revenue: Array = np.fmin.reduce(typed_revenue, axis=0)
        self.lowest_backlog: Array = np.fmin.reduce(typed_backlog, axis=0)
        self.revenue: Array = np.fmax(typed_revenue, 0.0)
        self.backlog: Array = np.fmax(typed_backlog, 0.0)
        self.revenue_total: Array = total(self.revenue)
        self.backlog_total: Array = total(self.backlog)

    def _table(self, column: NDArray[Kind], blank: float) -> NDArray[Kind]:
        table = np.full(self._shape, blank, column.dtype)
        table[self._place, self._review] = column
        return table

    def typed(self, key: str) -> Array:
        """Give revenue or backlog as typed, flat, nan for blank; review r's customers begin at ``starts[r]``."""
        return self._customers.revenue if key == "revenue" else self._customers.backlog

    @cached_property
    def named(self) -> Mask:
        """Which customers count in the top-customer measures: all but Consumer, a pool of many small payers."""
        return self.listed & (self.kind != _CONSUMER)

    @cached_property
    def labs(self) -> Mask:
        """Which customers are a model lab, a hyperscaler or a neocloud."""
        return _IS_LAB[self.kind]

    @cached_property
    def internal_only(self) -> Mask:
        """Whether every listed customer is Internal (and one is listed)."""
        return (self.count > 0) & np.all(~self.listed | (self.kind == _INTERNAL), axis=0)

    @cached_property
    def named_revenue(self) -> Array:
        """Revenue of the named customers; -1 elsewhere, below any revenue."""
        return np.where(self.named, self.revenue, -1.0)

    @cached_property
    def largest(self) -> NDArray[np.int64]:
        """The place of the largest named customer, -1 when there is none."""
        place = np.argmax(self.named_revenue, axis=0)
        return np.where(self.named.any(axis=0), place, -1)

    def protection(self, enforceability: Array) -> Array:
        """Give what each customer's take-or-pay contract protects; blank credit is Unrated."""
        return np.where(self.take_or_pay, enforceability[self.credit], 0.0)


def total(table: Array) -> Array:
    """Add up each column from the top, so that a sum does not depend on how many reviews stand beside it."""
    return reduce(np.add, table)
