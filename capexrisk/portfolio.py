"""A portfolio: one review an entity, in one currency where it can be, and who pays in how many (model, section 7).

Money is in the portfolio's `unit`, of each review's own currency, or of the rates' currency when there are rates.
Reviews stay columns; payers are flat behind one another, as in `Customers`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from capexrisk import template
from capexrisk.assessment import BLOCK
from capexrisk.currencies import Rates
from capexrisk.errors import InputError
from capexrisk.figures import Figures
from capexrisk.names import Aliases, key_of, look_alikes, says_nothing
from capexrisk.reviews import Array, Customers, Reviews

Indices = NDArray[np.int64]

DEFAULT_UNIT = template.FIELD["unit"].default or ""
"""The unit of a portfolio whose reviews are in several."""


@dataclass(frozen=True)
class Filed:
    """Reviews as they lie in a portfolio's folders, several of an entity among them.

    One entry a review: `complete` as `assess` found, `periods` ISO dates ("" for blank), `changed` when the file was
    changed last, `units` and `currencies` as typed. `payers` names the customers, flat, in the order of the reviews.
    """

    reviews: Reviews
    complete: Sequence[bool]
    entities: Sequence[str]
    periods: Sequence[str]
    changed: Sequence[float]
    currencies: Sequence[str]
    units: Sequence[str]
    payers: Sequence[str]

    def __len__(self) -> int:
        return len(self.reviews)

    @staticmethod
    def from_reviews(reviews: Reviews, complete: Sequence[bool], changed: Sequence[float] | None = None) -> Filed:
        """Take reviews that were read from records, which know their names; raises InputError for others."""
        if reviews.records is None:
            raise InputError("These reviews are columns without names; hand the names over with them.")

        def texts(key: str) -> list[str]:
            fallback = str(template.FIELD[key].default or "")
            values = [record.inputs.get(key) for record in reviews.records or ()]
            return [fallback if value is None else str(value) for value in values]

        return Filed(
            reviews,
            complete,
            texts("entity"),
            texts("period_end"),
            changed if changed is not None else [0.0] * len(reviews),
            texts("currency"),
            texts("unit"),
            [str(row["customer"] or "") for record in reviews.records for row in record.customers],
        )


class Exposure(NamedTuple):
    """What one counterparty pays over the reviews of one currency.

    `reviews` is in how many it is named, `share` its part of all their AI revenue; `kind` is the one under which it
    pays most, `kinds` all that reviews give it.
    """

    counterparty: str
    kind: str
    kinds: tuple[str, ...]
    currency: str
    reviews: int
    revenue: float
    backlog: float
    share: float


@dataclass(frozen=True)
class Payments:
    """Who pays in which review: one entry a row of a Customers table whose name says something.

    `party` and `review` are positions in the portfolio's parties and reviews, `share` the part of that review's AI
    revenue; `revenue` and `backlog` are in the portfolio's unit and currency; `kind` is a position in the kinds.
    """

    review: Indices
    party: Indices
    share: Array
    revenue: Array
    backlog: Array
    kind: NDArray[np.int8]


@dataclass(frozen=True)
class Portfolio:
    """The complete reviews of a portfolio, one an entity, with who pays in them.

    `places` says where each stood among the reviews filed; `incomplete` and `superseded` are such places too: entities
    whose latest review is Incomplete, and reviews older than their entity's latest. `currencies` and `ai_revenue` have
    one entry a review. `parties` names the counterparties; `entity_party` is the position of a review's own entity
    among them, -1 when it pays in no other review.
    """

    reviews: Reviews
    entities: tuple[str, ...]
    places: Indices
    incomplete: Indices
    superseded: Indices
    currencies: tuple[str, ...]
    unit: str
    ai_revenue: Array
    parties: tuple[str, ...]
    entity_party: Indices
    payments: Payments
    aliases: Aliases

    def __len__(self) -> int:
        return len(self.reviews)

    @property
    def currency(self) -> str | None:
        """The one currency of all amounts, None when there are several."""
        several = set(self.currencies)
        return several.pop() if len(several) == 1 else None

    @staticmethod
    def of(filed: Filed, rates: Rates | None = None, aliases: Aliases | None = None) -> Portfolio:
        """Choose one review an entity and bring amounts together; raises InputError when a currency has no rate."""
        aliases = aliases or Aliases()
        chosen = latest(filed, aliases)
        complete = np.asarray(filed.complete, bool)
        places = chosen[complete[chosen]]
        reviews, payer_rows = select(filed.reviews, places)
        rows: list[int] = places.tolist()
        units = [filed.units[at] for at in rows]
        unit = units[0] if len(set(units)) == 1 else str(DEFAULT_UNIT)
        typed = [filed.currencies[at] for at in rows]
        rate = {currency: 1.0 if rates is None else rates.of(currency) for currency in set(typed)}
        size = {of: template.UNIT_FACTORS[of] / template.UNIT_FACTORS[unit] for of in set(units)}
        factor = np.array([size[of] * rate[in_] for of, in_ in zip(units, typed, strict=True)], float)
        own_ai_revenue = ai_revenue(reviews)
        at_payer: list[int] = payer_rows.tolist()
        names = [filed.payers[at] for at in at_payer]
        codes, parties = _parties(names, aliases)
        review = np.repeat(np.arange(len(reviews)), np.diff(reviews.customers.starts))
        said = codes >= 0
        payments = _payments(reviews.customers, review, codes, own_ai_revenue, factor, said)
        at_party = {key_of(name): at for at, name in enumerate(parties)}
        entities = tuple(filed.entities[at] for at in rows)
        entity_party = np.array([at_party.get(key_of(aliases.name(name)), -1) for name in entities], np.int64)
        elsewhere = payments.party[payments.party != entity_party[payments.review]]
        entity_party[~np.isin(entity_party, elsewhere)] = -1
        return Portfolio(
            reviews,
            entities,
            places,
            chosen[~complete[chosen]],
            np.setdiff1d(np.arange(len(filed)), chosen),
            tuple(typed if rates is None else [rates.currency] * len(typed)),
            unit,
            own_ai_revenue * factor,
            parties,
            entity_party,
            payments,
            aliases,
        )

    def party(self, name: str) -> int | None:
        """Give the position of a counterparty, without regard to case, outer spaces and aliases; None without it."""
        key = key_of(self.aliases.name(name))
        return next((at for at, party in enumerate(self.parties) if key_of(party) == key), None)

    def exposures(self) -> list[Exposure]:
        """Give each counterparty in each currency, the largest share of AI revenue first."""
        paid = self.payments
        names = sorted(set(self.currencies))
        code = np.array([names.index(currency) for currency in self.currencies], np.int64)
        whole = np.bincount(code, self.ai_revenue, len(names))
        group = paid.party * len(names) + code[paid.review] if len(self) else paid.party
        order = np.lexsort((paid.review, group))
        found: list[Exposure] = []
        for rows in np.split(order, np.flatnonzero(np.diff(group[order])) + 1) if order.size else ():
            party, currency = divmod(int(group[rows[0]]), len(names))
            by_kind = np.bincount(paid.kind[rows], paid.revenue[rows] + 1e-300, len(template.KINDS))
            revenue = float(paid.revenue[rows].sum())
            found.append(
                Exposure(
                    self.parties[party],
                    template.KINDS[int(by_kind.argmax())],
                    tuple(kind for kind, weight in zip(template.KINDS, by_kind, strict=True) if weight > 0),
                    names[currency],
                    int(np.unique(paid.review[rows]).size),
                    revenue,
                    float(paid.backlog[rows].sum()),
                    revenue / whole[currency] if whole[currency] > 0 else 0.0,
                )
            )
        return sorted(found, key=lambda item: (-item.share, -item.reviews, item.counterparty, item.currency))

    def shared(self) -> Indices:
        """Give the counterparties that pay in more than one review, those in most reviews first."""
        pairs = np.unique(self.payments.party * max(len(self), 1) + self.payments.review) // max(len(self), 1)
        count = np.bincount(pairs, minlength=len(self.parties))
        several = np.flatnonzero(count > 1)
        return several[np.argsort(-count[several], kind="stable")]

    def look_alikes(self) -> list[tuple[str, ...]]:
        """Give groups of names, of payers and of entities, that may mean the same; nothing is merged."""
        return look_alikes([*self.parties, *(self.aliases.name(name) for name in self.entities)])


def latest(filed: Filed, aliases: Aliases | None = None) -> Indices:
    """Choose one review an entity, in the order filed: the latest period end, of equals the file changed last.

    A review without an entity's name, or with one that says nothing, stands for itself.
    """
    aliases = aliases or Aliases()
    best: dict[str, int] = {}
    alone: list[int] = []
    for at, entity in enumerate(filed.entities):
        if says_nothing(entity):
            alone.append(at)
            continue
        key = key_of(aliases.name(entity))
        held = best.get(key)
        if held is None or (filed.periods[at], filed.changed[at]) >= (filed.periods[held], filed.changed[held]):
            best[key] = at
    return np.array(sorted([*best.values(), *alone]), np.int64)


def select(reviews: Reviews, rows: Indices) -> tuple[Reviews, Indices]:
    """Give some reviews as columns of their own, and where their customers stood; sentences do not come along."""
    starts = reviews.customers.starts
    counts = np.diff(starts)[rows]
    own = np.zeros(len(rows) + 1, np.int64)
    np.cumsum(counts, out=own[1:])
    payers: Indices = (
        np.arange(int(own[-1]), dtype=np.int64) - np.repeat(own[:-1], counts) + np.repeat(starts[:-1][rows], counts)
    )
    c = reviews.customers
    customers = Customers(
        own, c.revenue[payers], c.backlog[payers], c.kind[payers], c.credit[payers], c.take_or_pay[payers],
        c.circular[payers],
    )  # fmt: skip
    chosen = Reviews(
        reviews.figures[:, rows],
        reviews.review_type[rows],
        reviews.includes_depreciation[rows],
        customers,
        reviews.statuses[:, rows],
        reviews.sourced[:, rows],
        reviews.tested[rows],
        (None,) * len(rows),
        {},
    )
    return chosen, payers


@np.errstate(all="ignore")
def ai_revenue(reviews: Reviews) -> Array:
    """Give the AI revenue of each review, its default filled in, in the review's own currency and unit."""
    blocks = [reviews.block(first, min(first + BLOCK, len(reviews))) for first in range(0, len(reviews), BLOCK)]
    return np.concatenate([np.zeros(0), *(Figures(block).A for block in blocks)])


def _parties(names: Iterable[str], aliases: Aliases) -> tuple[Indices, tuple[str, ...]]:
    """Give the position of each name's counterparty (-1: it says nothing), and the counterparties, most named first.

    The spelling that counts is that of the alias table, else the most usual one.
    """
    meant = [aliases.name(name) for name in names]
    spellings: dict[str, Counter[str]] = {}
    for name in meant:
        if not says_nothing(name):
            spellings.setdefault(key_of(name), Counter())[name] += 1
    aliased = {key_of(name): name for name in aliases.names.values()}
    keys = sorted(spellings, key=lambda key: (-spellings[key].total(), key))
    code = {key: at for at, key in enumerate(keys)}
    usual = (min(spellings[key].items(), key=lambda item: (-item[1], item[0]))[0] for key in keys)
    shown = tuple(aliased.get(key_of(name), name) for name in usual)
    return np.array([code.get(key_of(name), -1) for name in meant], np.int64), shown


def _payments(
    customers: Customers, review: Indices, party: Indices, own: Array, factor: Array, said: NDArray[np.bool_]
) -> Payments:
    review, party = review[said], party[said]
    revenue = np.fmax(customers.revenue[said], 0.0)
    backlog = np.fmax(customers.backlog[said], 0.0)
    whole = own[review]
    return Payments(
        review,
        party,
        np.divide(revenue, whole, out=np.zeros_like(revenue), where=whole > 0),
        revenue * factor[review],
        backlog * factor[review],
        customers.kind[said],
    )
