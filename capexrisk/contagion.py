"""What happens when counterparties cut their spend: who breaks, whom that drags along, and what cut is enough.

A cut is a share of a counterparty's spend, 0 to 1. Reviews that break today count apart: they lose nothing here and
pass nothing on. The rounds run the real simulation. The reverse question uses its straight lines: when volume alone
falls, liquidity, earnings and what is left for the lenders fall in straight lines with it, so each review has one
volume just beyond which it breaks (model, sections 5 and 7).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from capexrisk import template
from capexrisk.assessment import BLOCK
from capexrisk.breakpoints import breaking_fractions
from capexrisk.errors import MOST_NAMED, InputError, unknown
from capexrisk.figures import Figures, Mask
from capexrisk.names import says_nothing
from capexrisk.policy import Policy
from capexrisk.portfolio import Indices, Portfolio
from capexrisk.reviews import Array, Reviews
from capexrisk.scenarios import Shocks
from capexrisk.stress import BREAKS, gives_way, simulate, verdicts

HALVINGS = 60
"""Bisections of a cut: beyond 53 a float has no more digits."""


@dataclass(frozen=True)
class Round:
    """One round: which reviews broke in it, and the AI revenue lost in it by currency, in the portfolio's unit."""

    number: int
    broken: tuple[int, ...]
    lost: dict[str, float]


@dataclass(frozen=True)
class Contagion:
    """What cuts do to a portfolio; arrays have one entry a review.

    `already` marks those that break today; `round` is -1 for those that do not break. `volume` is the share of AI
    volume that was lost in the end, `verdict` a position in `template.VERDICTS` after it. `chains` says for each
    review that broke who led there: the counterparty that was cut, entities that broke on the way, the entity itself.
    """

    cuts: dict[str, float]
    rounds: tuple[Round, ...]
    already: Mask
    round: NDArray[np.int64]
    volume: Array
    verdict: NDArray[np.int8]
    chains: dict[int, tuple[str, ...]]

    @property
    def broken(self) -> int:
        """How many reviews broke that did not break before."""
        return int((self.round >= 0).sum())


class Breaking(NamedTuple):
    """The smallest cut of one counterparty just beyond which a first review breaks, and half of those that stand.

    None where no cut is enough. `first` is the entity that breaks first, `at_once` whether any cut at all breaks it.
    """

    counterparty: str
    reviews: int
    first_cut: float | None
    first: str | None
    half_cut: float | None


def spread(portfolio: Portfolio, cuts: Mapping[str, float], policy: Policy | None = None) -> Contagion:
    """Let counterparties cut their spend and follow it round by round until a round breaks nobody new.

    `cuts` maps names to shares. A reviewed entity that breaks cuts its own spend by the policy's share from the next
    round on, in every review but its own; the largest cut of a counterparty counts. A round that would cut nothing more
    is not run. Raises InputError for a name that pays in no review or says nothing, and for a cut outside 0 to 1.
    """
    policy = policy or Policy.current()
    cut = np.zeros(len(portfolio.parties))
    for name, share in cuts.items():
        at = known_party(portfolio, name)
        if not 0 <= share <= 1:
            raise InputError(f"The cut of {name!r} is {share:g}; it must be between 0% and 100%.")
        cut[at] = max(cut[at], share)
    named = {portfolio.parties[at]: float(cut[at]) for at in sorted({known_party(portfolio, name) for name in cuts})}

    passed_on = _passed_on(policy)
    paid, n = portfolio.payments, len(portfolio)
    verdict = verdicts_at(portfolio.reviews, np.zeros(n), policy)
    already = verdict == BREAKS
    round_of = np.full(n, -1)
    volume = np.zeros(n)
    chains: dict[int, tuple[str, ...]] = {}
    came: dict[int, tuple[str, ...]] = {at: (name,) for at, name in enumerate(portfolio.parties) if cut[at] > 0}
    own = paid.party == portfolio.entity_party[paid.review]
    given, before = cut, np.zeros_like(cut)
    rounds: list[Round] = []
    while True:
        loss = np.bincount(paid.review, paid.share * np.where(own, given[paid.party], cut[paid.party]), n)
        now = np.where(already, 0.0, np.minimum(1.0, loss))
        verdict = np.where(already, verdict, verdicts_at(portfolio.reviews, now, policy)).astype(np.int8)
        new = np.flatnonzero((verdict == BREAKS) & ~already & (round_of < 0))
        round_of[new] = len(rounds)
        rounds.append(Round(len(rounds), tuple(new.tolist()), _by_currency(portfolio, now - volume)))
        chains |= _chains(portfolio, new, cut - before, came)
        volume, before = now, cut
        cut = cut.copy()
        for review in new.tolist():
            party = int(portfolio.entity_party[review])
            if party >= 0 and cut[party] < passed_on:
                cut[party] = passed_on
                came[party] = chains[review]
        if np.array_equal(cut, before):
            return Contagion(named, tuple(rounds), already, round_of, volume, verdict, chains)


def known_party(portfolio: Portfolio, name: str) -> int:
    """Give the position of a counterparty by its name; raises InputError when it pays in no review."""
    if says_nothing(portfolio.aliases.name(name)):
        raise InputError(f"{name!r} names nobody: it may stand for another payer in each review, so it is not matched.")
    at = portfolio.party(name)
    if at is None:
        known = portfolio.parties
        raise InputError(unknown("Counterparty", name, known, " in these reviews", MOST_NAMED) if known else
                         f"{name!r} pays in none of these reviews; they name no payer.")  # fmt: skip
    return at


@np.errstate(all="ignore")
def verdicts_at(reviews: Reviews, volume: Array, policy: Policy) -> NDArray[np.int8]:
    """Simulate each review with its own volume shock alone, and judge it."""
    found = np.empty(len(reviews), np.int8)
    for rows, x in _blocks(reviews):
        outcome = simulate(x, _volume_shock(volume[rows]), policy)
        found[rows] = verdicts(x, outcome, gives_way(x, outcome), policy)[0]
    return found


@np.errstate(all="ignore")
def breaking_volumes(reviews: Reviews, policy: Policy) -> tuple[Array, Mask]:
    """Give the volume just beyond which each review breaks (inf: never), and which break today."""
    volume, today = np.empty(len(reviews)), np.empty(len(reviews), bool)
    for rows, x in _blocks(reviews):
        none = simulate(x, _volume_shock(np.zeros(x.cash.size)), policy)
        whole = simulate(x, _volume_shock(np.ones(x.cash.size)), policy)
        breaks: Mask = np.logical_or.reduce(gives_way(x, none), axis=0)[0]
        today[rows] = breaks
        fraction = breaking_fractions(x, none, whole, breaks)[0]
        volume[rows] = np.where(fraction < 1, fraction, np.inf)
    return volume, today


def breaking_cuts(portfolio: Portfolio, policy: Policy | None = None, most: int | None = None) -> list[Breaking]:
    """Answer the reverse question for each counterparty that pays in several reviews, the smallest first cut first.

    The first cut follows from the straight lines: a review breaks just beyond its breaking volume divided by the
    counterparty's share in it. The cut that breaks half of the reviews that stand today is found by halving: with
    every round of contagion followed, more cut never breaks less. `most` stops after so many, those in most reviews.
    """
    policy = policy or Policy.current()
    lines = _Lines(portfolio, policy)
    found = [lines.question(int(party)) for party in portfolio.shared()[:most]]
    never = float("inf")
    return sorted(
        found, key=lambda item: (never if item.first_cut is None else item.first_cut, -item.reviews, item.counterparty)
    )


class _Lines:
    """The reviews by their breaking volumes, and who pays in them, for many questions."""

    def __init__(self, portfolio: Portfolio, policy: Policy) -> None:
        self.portfolio = portfolio
        self.cut = _passed_on(policy)
        self.breaks_at, already = breaking_volumes(portfolio.reviews, policy)
        self.breaks_at[already] = np.inf  # counts apart
        self.half = -(-int((~already).sum()) // 2)
        paid = portfolio.payments
        order = np.lexsort((paid.review, paid.party))
        self.review, self.share = paid.review[order], paid.share[order]
        self.starts = np.searchsorted(paid.party[order], np.arange(len(portfolio.parties) + 1))

    def pays(self, party: int) -> tuple[Indices, Array]:
        """Give the reviews that a counterparty pays in, each once, and its share in each."""
        rows = slice(self.starts[party], self.starts[party + 1])
        review, at = np.unique(self.review[rows], return_inverse=True)
        share: Array = np.bincount(at, self.share[rows], review.size).astype(float)
        return review, share

    def question(self, party: int) -> Breaking:
        """Ask for one counterparty."""
        name = self.portfolio.parties[party]
        review, share = self.pays(party)
        cut = np.divide(self.breaks_at[review], share, out=np.full(share.size, np.inf), where=share > 0)
        first = int(cut.argmin()) if cut.size else 0
        if not cut.size or not cut[first] < 1:
            return Breaking(name, review.size, None, None, None)
        half = None
        if self.broken(party, 1.0) >= self.half:
            low, high = 0.0, 1.0
            for _ in range(HALVINGS):
                middle = (low + high) / 2
                low, high = (low, middle) if self.broken(party, middle) >= self.half else (middle, high)
            half = high
        return Breaking(name, review.size, float(cut[first]), self.portfolio.entities[int(review[first])], half)

    def broken(self, party: int, share: float) -> int:
        """Count the reviews that break, contagion included, when one counterparty cuts its spend."""
        volume: dict[int, float] = {}
        cut = {party: share}
        broken: set[int] = set()
        falling: list[tuple[int, float]] = [(party, share)]
        while falling:
            touched: set[int] = set()
            for one, more in falling:
                review, part = self.pays(one)
                for at, loss in zip(review.tolist(), (part * more).tolist(), strict=True):
                    volume[at] = volume.get(at, 0.0) + loss
                    touched.add(at)
            falling = []
            for at in sorted(touched - broken):
                if min(1.0, volume[at]) > self.breaks_at[at]:
                    broken.add(at)
                    own = int(self.portfolio.entity_party[at])
                    more = self.cut - cut.get(own, 0.0)
                    if own >= 0 and more > 0:
                        cut[own] = self.cut
                        falling.append((own, more))
        return len(broken)


def _chains(
    portfolio: Portfolio, new: Indices, more: Array, came: Mapping[int, tuple[str, ...]]
) -> dict[int, tuple[str, ...]]:
    """Say who led to each break: of those whose cut grew in this round, the one whose cut took most from the review."""
    paid = portfolio.payments
    rows = np.flatnonzero(np.isin(paid.review, new))
    pairs, pair = np.unique(paid.review[rows] * more.size + paid.party[rows], return_inverse=True)
    taken = np.bincount(pair, paid.share[rows] * more[paid.party[rows]], pairs.size)
    chains: dict[int, tuple[str, ...]] = {}
    for at in np.lexsort((pairs, -taken, pairs // more.size)).tolist():
        review, party = divmod(int(pairs[at]), more.size)
        if review not in chains:
            chains[review] = (*came.get(party, ()), portfolio.entities[review])
    return chains


def _by_currency(portfolio: Portfolio, more: Array) -> dict[str, float]:
    names = sorted(set(portfolio.currencies))
    code = np.array([names.index(currency) for currency in portfolio.currencies], np.int64)
    return dict(zip(names, np.bincount(code, portfolio.ai_revenue * more, len(names)).tolist(), strict=True))


def _passed_on(policy: Policy) -> float:
    """The share by which an entity that breaks cuts its own spend."""
    return float(policy.data["contagion"]["broken_customer_cut"])


def _volume_shock(volume: Array) -> Shocks:
    zero = np.zeros((1, 1))
    return Shocks(**{**dict.fromkeys(template.SHOCK, zero), "volume": volume[None, :]})


def _blocks(reviews: Reviews) -> Iterator[tuple[slice, Figures]]:
    for first in range(0, len(reviews), BLOCK):
        rows = slice(first, min(first + BLOCK, len(reviews)))
        yield rows, Figures(reviews.block(rows.start, rows.stop))
