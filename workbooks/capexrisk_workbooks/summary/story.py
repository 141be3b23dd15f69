"""What the summary of a portfolio tells, computed once from the table of results for all its sheets."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from capexrisk import Policy, template
from capexrisk.contagion import Breaking, Contagion, breaking_cuts, spread
from capexrisk.currencies import Rates
from capexrisk.names import Aliases, key_of
from capexrisk.portfolio import Exposure, Portfolio
from capexrisk_workbooks.filing import filed
from capexrisk_workbooks.ledger import Visit
from capexrisk_workbooks.results import DONE
from capexrisk_workbooks.results_file import Table

HALVED = 0.5
"""By how much the summary lets each large counterparty cut its spend."""

MOST_HALVED = 8
MOST_ASKED = 300
"""Counterparties, those in most reviews first, for which the summary asks what cut is enough."""


class Halving(NamedTuple):
    """What happens when one counterparty halves its spend."""

    exposure: Exposure
    result: Contagion


class Movement(NamedTuple):
    """An entity whose result is not what the run before found, or that no run saw before (`before` is None)."""

    row: int
    before: Visit | None


@dataclass(frozen=True)
class Story:
    """The results of a run and what follows from them.

    `results` is the file that keeps all rows, `folder` where the summary will lie, from which links lead to the files.
    `before` is what the ledger knew of each entity, None without a ledger.
    """

    table: Table
    portfolio: Portfolio
    places: Sequence[int]
    results: Path | None
    folder: Path
    before: Mapping[str, Visit] | None
    policy: Policy

    @staticmethod
    def of(
        table: Table,
        folder: Path,
        results: Path | None = None,
        before: Mapping[str, Visit] | None = None,
        rates: Rates | None = None,
        aliases: Aliases | None = None,
    ) -> Story:
        """Take a table of results; raises InputError when a currency has no rate."""
        reviews, places = filed(table)
        return Story(table, Portfolio.of(reviews, rates, aliases), places, results, folder, before, Policy.current())

    def column(self, name: str) -> list[Any]:
        """Give one column of the results, from memory when it was asked for before."""
        if name not in self._columns:
            same: dict[Any, Any] = {}
            self._columns[name] = [same.setdefault(value, value) for value in self.table.column(name)]
        return self._columns[name]

    @cached_property
    def _columns(self) -> dict[str, list[Any]]:
        return {}

    @cached_property
    def rows(self) -> list[int]:
        """The rows of the complete reviews, one an entity, worst first: by score, decision and name."""
        order = {name: at for at, name in enumerate(template.DECISIONS)}
        score, decision, entity = (self.column(name) for name in ("score", "decision", "entity"))
        rows = [self.places[at] for at in self.portfolio.places.tolist()]
        return sorted(rows, key=lambda at: (-score[at], order[decision[at]], str(entity[at])))

    @cached_property
    def review_of(self) -> dict[int, int]:
        """Which review of the portfolio a row is."""
        return {self.places[place]: at for at, place in enumerate(self.portfolio.places.tolist())}

    @cached_property
    def today(self) -> list[int]:
        """The rows that break before any shock, worst first."""
        breaks = self.column("breaks_today")
        return [at for at in self.rows if breaks[at]]

    @cached_property
    def incomplete(self) -> list[int]:
        """The rows of entities whose latest review is Incomplete."""
        return [self.places[at] for at in self.portfolio.incomplete.tolist()]

    @cached_property
    def superseded(self) -> list[int]:
        """The rows of reviews older than their entity's latest."""
        return [self.places[at] for at in self.portfolio.superseded.tolist()]

    @cached_property
    def statuses(self) -> Counter[str]:
        """How the files ended."""
        return Counter(self.column("status"))

    @cached_property
    def undone(self) -> int:
        """How many files could not be done; those that are no reviews do not count."""
        return sum(count for status, count in self.statuses.items() if status not in (*DONE, "not_a_review"))

    def counts(self, name: str, choices: Sequence[str]) -> list[tuple[str, int]]:
        """Count the ranked reviews by a column."""
        column = self.column(name)
        found = Counter(column[at] for at in self.rows)
        return [(choice, found[choice]) for choice in choices]

    @cached_property
    def exposures(self) -> list[Exposure]:
        """Who pays: the currency of most reviews first, in each the largest share of AI revenue first."""
        reviews = Counter(self.portfolio.currencies)
        return sorted(self.portfolio.exposures(), key=lambda item: (-reviews[item.currency], item.currency))

    @cached_property
    def breaking(self) -> dict[str, Breaking]:
        """What cut is enough, by counterparty."""
        return {item.counterparty: item for item in breaking_cuts(self.portfolio, self.policy, MOST_ASKED)}

    @cached_property
    def halvings(self) -> list[Halving]:
        """What happens when each of the largest counterparties that several reviews share halves its spend."""
        largest: dict[str, Exposure] = {}
        for item in self.exposures:
            if item.reviews > 1 and len(largest) < MOST_HALVED:
                largest.setdefault(item.counterparty, item)
        chosen = largest.values()
        return [Halving(item, spread(self.portfolio, {item.counterparty: HALVED}, self.policy)) for item in chosen]

    @cached_property
    def moved(self) -> list[Movement]:
        """Entities whose score, rating or decision moved since the run before, the worst turns first, then new ones."""
        if self.before is None:
            return []
        score, rating, decision, entity = (self.column(name) for name in ("score", "rating", "decision", "entity"))
        found: list[Movement] = []
        for at in sorted([*self.rows, *self.incomplete]):
            was = self.before.get(key_of(str(entity[at]))) if entity[at] else None
            if was is None or (was.score, was.rating, was.decision) != (score[at], rating[at], decision[at]):
                found.append(Movement(at, was))

        def turn(item: Movement) -> tuple[int, float, str]:
            was = None if item.before is None else item.before.score
            now = score[item.row]
            if item.before is None:
                return 2, -(now or 0.0), str(entity[item.row])
            return (
                (1, 0.0, str(entity[item.row])) if was is None or now is None else (0, was - now, str(entity[item.row]))
            )

        return sorted(found, key=turn)

    def link(self, row: int) -> str | None:
        """Give the address that leads from the summary to a file; None for a name that could lead elsewhere."""
        path = Path(self.column("path")[row]).absolute()
        try:
            relative = Path(os.path.relpath(path, self.folder.absolute())).as_posix()
        except ValueError:  # another drive
            return path.as_uri()
        if "\\" in relative:  # Windows would take it for folders, at its beginning for a computer in the network
            return None
        return quote(relative if relative.startswith("../") else f"./{relative}")

    def money(self, currency: str | None) -> str:
        """Say the unit of amounts: "m USD"."""
        return " ".join(part for part in (self.portfolio.unit, currency) if part)


def headline(story: Story) -> list[str]:
    """Give the sentences that matter, the most important first."""
    total = len(story.rows)
    if not total:
        files = len(story.table)
        return [f"None of {files:,} files holds a complete review; the sheet Data quality says what is missing."]
    today = len(story.today)
    verb = "breaks" if today == 1 else "break"
    lines = [f"{today:,} of {total:,} reviews {verb} today; no payer is named in more than one."]
    if story.halvings:
        largest = story.halvings[0]
        worst = max(story.halvings, key=lambda item: item.result.broken)
        first, *second = dict.fromkeys([worst.exposure.counterparty, largest.exposure.counterparty])
        told = {item.exposure.counterparty: _if_halved(story, item) for item in (worst, largest)}
        lines = [f"{told[first]}; {today:,} {verb} today.", *(f"{told[name]}." for name in second)]
    decisions = [f"{count:,} {name}" for name, count in story.counts("decision", template.DECISIONS[1:]) if count]
    severe = sum(count for name, count in story.counts("rating", template.RATINGS) if name in template.RATINGS[2:])
    lines.append(f"Decisions: {', '.join(decisions)}. {severe:,} of {total:,} are rated High or Severe.")
    breaks_today, breaks_first = story.column("breaks_today"), story.column("breaks_first")
    drivers = Counter(breaks_first[at] for at in story.rows if not breaks_today[at])
    nothing = drivers.pop(None, 0)
    if drivers:
        name, count = drivers.most_common(1)[0]
        lines.append(
            f"Of the {total - today:,} that stand today, {name} is what breaks most of them first: {count:,}; "
            f"nothing that was tried breaks {nothing:,}."
        )
    assumed = sorted(story.column("findings_assumed")[at] for at in story.rows)
    lines.append(
        f"{assumed[len(assumed) // 2]:,} inputs are assumed in the middle review; "
        f"{len(story.incomplete):,} reviews are Incomplete and not ranked."
    )
    return lines


def _if_halved(story: Story, halving: Halving) -> str:
    total, broken = len(story.rows), halving.result.broken
    name, share = halving.exposure.counterparty, halving.exposure.share
    of = "AI revenue" if story.portfolio.currency else f"AI revenue in {halving.exposure.currency}"
    part = f"{share:.0%}" if share >= 0.01 else f"{share:.1%}"
    verb = "breaks" if broken == 1 else "break"
    return f"{broken:,} of {total:,} reviews {verb} if {name} halves its spend; {part} of {of} comes from it"
