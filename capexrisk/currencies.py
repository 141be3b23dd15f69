"""Exchange rates: what one unit of each currency is worth in the one that amounts are shown in."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import isfinite

from capexrisk.errors import InputError
from capexrisk.names import read_pairs


@dataclass(frozen=True)
class Rates:
    """Exchange rates: `values` by ISO 4217 code, what one unit is worth in `currency` (whose own rate is 1)."""

    currency: str
    values: Mapping[str, float]

    def of(self, currency: str) -> float:
        """Give the rate of a currency; raises InputError when the table has none."""
        try:
            return self.values[currency]
        except KeyError:
            known = ", ".join(sorted(self.values))
            raise InputError(f"The exchange rates hold no rate for {currency}. Add it; known are {known}.") from None

    @staticmethod
    def load(path: str | os.PathLike[str]) -> Rates:
        """Read a CSV file with the columns currency and rate ("EUR,1.08"); amounts are shown in the one of rate 1.

        Raises InputError when it cannot be read, a code or a rate is none, or no currency has the rate 1.
        """
        pairs = read_pairs(path, ("currency", "rate"), "a currency's code and what one unit of it is worth")
        try:
            return Rates.of_pairs((row[0], row[1]) for row in pairs)
        except InputError as error:
            raise InputError(f"{path}: {error}") from None

    @staticmethod
    def of_pairs(pairs: Iterable[tuple[str, str | float]]) -> Rates:
        """Take pairs of a code and a rate; see `load`."""
        values: dict[str, float] = {}
        for code, typed in pairs:
            currency = code.strip().upper()
            if len(currency) != 3 or not (currency.isascii() and currency.isalpha()):
                raise InputError(f"{code!r} is no currency; it must be an ISO 4217 code such as USD.")
            try:
                rate = float(typed)
            except ValueError:
                rate = 0.0
            if not (isfinite(rate) and rate > 0):
                raise InputError(f"The rate of {currency} is {typed!r}; it must be a number above 0 such as 1.08.")
            if values.setdefault(currency, rate) != rate:
                raise InputError(f"{currency} has two rates, {values[currency]:g} and {rate:g}; leave one out.")
        base = next((currency for currency, rate in values.items() if rate == 1), None)
        if base is None:
            raise InputError("No currency has the rate 1; add a line for the one that amounts are to be shown in.")
        return Rates(base, values)
