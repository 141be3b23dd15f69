"""The model's results for ranges: several functions over the same ranges compute it once."""

from __future__ import annotations

import marshal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import capexrisk
from capexrisk import InputError, Policy, Result
from capexrisk_udfs.cells import CallError, Rows, rows
from capexrisk_udfs.ranges import SHEETS, Place, Reading, read

REMEMBERED = 64
"""How many runs are kept: the functions of one workbook need three at most, and workbooks are computed together."""


@dataclass(frozen=True)
class Run:
    """A result, what was read from the ranges it rests on, and the contents of these."""

    result: Result
    reading: Reading
    policy: Policy
    contents: tuple[bytes | None, ...]

    @property
    def places(self) -> dict[Place, tuple[int, int]]:
        """Where each value stands in its range."""
        return self.reading.places

    @cached_property
    def typed(self) -> str:
        """What tells the record from others; ranges of other contents may hold the same one."""
        return repr(self.reading.record)

    @cached_property
    def of_inputs(self) -> dict[str, list[str]]:
        """The texts of the findings about each input that has some, by its key."""
        found: dict[str, list[str]] = {}
        for finding in self.result.findings:
            if finding.table == "inputs":
                found.setdefault(finding.key, []).append(finding.text)
        return found

    @property
    def sentence(self) -> str:
        """Say the first missing or wrong input, by label and sheet; "" for a complete review."""
        first = next((finding for finding in self.result.findings if finding.blocks), None)
        return f"Incomplete, sheet {SHEETS[first.table]}: {first.text}" if first else ""


def policy_in_force() -> Policy:
    """Give the policy in force; raises CallError when the user's own file cannot be used."""
    if (kept := _kept_policy.get()) is not None:
        return kept
    try:
        return Policy.current()
    except InputError as error:
        raise CallError(str(error)) from None


_kept_policy: ContextVar[Policy | None] = ContextVar("_kept_policy", default=None)


@contextmanager
def one_policy() -> Iterator[None]:
    """Let all calls within see the policy that is in force now; one that cannot be used is said by each call."""
    try:
        policy = policy_in_force()
    except CallError:
        policy = None
    token = _kept_policy.set(policy)
    try:
        yield
    finally:
        _kept_policy.reset(token)


def run(inputs: Any, customers: Any, scenarios: Any = None, questions: Any = None) -> Run:
    """Give the result for ranges, from memory when it is there.

    Without scenarios and questions, metrics and breakpoints are those of the whole review. Raises CallError when a
    range is not what its argument stands for.
    """
    policy = policy_in_force()
    if not isinstance(inputs, Held):
        return _run(inputs, customers, scenarios, questions, policy)
    for two, three, four, under, found in inputs.runs:
        if two is customers and three is scenarios and four is questions and under is policy:
            return found
    found = _run(inputs, customers, scenarios, questions, policy)
    if all(values is None or isinstance(values, Held) for values in (customers, scenarios, questions)):
        inputs.runs.append((customers, scenarios, questions, policy, found))
    return found


def _run(inputs: Any, customers: Any, scenarios: Any, questions: Any, policy: Policy) -> Run:
    contents = tuple(_content(values) for values in (inputs, customers, scenarios, questions))
    for known in _runs:
        if (known.policy is policy or known.policy.hash == policy.hash) and _answers(known, contents):
            return known
    reading = read(
        _alike(inputs, "inputs"),
        _alike(customers, "customers"),
        None if scenarios is None else _alike(scenarios, "scenarios"),
        None if questions is None else _alike(questions, "questions"),
    )
    typed = repr(reading.record)
    found = next((known.result for known in _runs if known.policy.hash == policy.hash and known.typed == typed), None)
    try:
        result = found or capexrisk.assess(capexrisk.Reviews.from_records([reading.record]), policy).result(0)
    except InputError as error:
        raise CallError(str(error)) from None
    new = Run(result, reading, policy, contents)
    _remember([new])
    return new


def run_all(reviews: Iterable[tuple[Rows, Rows, Rows, Rows]]) -> None:
    """Compute the runs for the four ranges of each review at once, which takes less time than one by one.

    `run` then finds them in memory. A review that cannot be read is left out; `run` says what is wrong with it.
    """
    policy = policy_in_force()
    found: list[tuple[Reading, tuple[bytes | None, ...]]] = []
    for ranges in reviews:
        with suppress(CallError):
            found.append((read(*ranges), tuple(map(_content, ranges))))
    try:
        assessment = capexrisk.assess(capexrisk.Reviews.from_records([reading.record for reading, _ in found]), policy)
    except InputError:
        return  # one of them holds it up for all; each is then computed by itself
    results = zip(assessment.results(), found, strict=True)
    _remember([Run(result, reading, policy, contents) for result, (reading, contents) in results])


def _remember(new: list[Run]) -> None:
    global _runs
    _runs = (*new, *_runs)[: max(REMEMBERED, len(new))]


def _alike(values: Any, argument: str) -> Rows:
    """Give a range as rows; those that are held are so already."""
    return values if isinstance(values, Held) else rows(values, argument)


def known_reading(ranges: tuple[Rows, Rows, Rows, Rows]) -> Reading:
    """Give what all four ranges hold, from memory when a run rests on them; it is not to be changed.

    Raises CallError as `read` does.
    """
    contents = tuple(map(_content, ranges))
    return next((known.reading for known in _runs if known.contents == contents), None) or read(*ranges)


def keep(most: int) -> None:
    """Keep this many runs from now on: a server answers for many workbooks at a time."""
    global REMEMBERED
    REMEMBERED = most


def forget() -> None:
    """Forget all runs."""
    global _runs
    _runs = ()


_runs: tuple[Run, ...] = ()  # replaced whole, so that threads may share it


def _answers(known: Run, contents: tuple[bytes | None, ...]) -> bool:
    """Whether a run holds what ranges of these contents would give; a complete one does for fewer ranges too."""
    if known.contents == contents:
        return True
    pairs = zip(known.contents, contents, strict=True)
    return known.result.complete and all(asked in (None, held) for held, asked in pairs)


class Held(list[list[Any]]):
    """Rows as `cells.rows` gives them, that do not change while they are held: their content is worked out once."""

    def __init__(self, rows: Iterable[list[Any]] = ()) -> None:
        super().__init__(rows)
        self.runs: list[tuple[Any, Any, Any, Policy, Run]] = []
        """Runs for these inputs, each with its other ranges and its policy."""

    def __reduce__(self) -> tuple[type[list[Any]], tuple[list[Any]]]:
        return list, (list(self),)  # who gets a copy holds nothing

    @cached_property
    def content(self) -> bytes | None:
        """What tells these rows from others."""
        return _content(list(self))


def _content(values: Any) -> bytes | None:
    if values is None:
        return None
    if isinstance(values, Held):
        return values.content
    try:
        return marshal.dumps(values, 2)  # version 2 does not depend on which objects are the same
    except ValueError:
        return repr(values).encode("utf-8", "surrogatepass")
