"""The model's results for ranges: several functions over the same ranges compute it once."""

from __future__ import annotations

import marshal
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import capexrisk
from capexrisk import InputError, Policy, Result
from capexrisk_udfs.cells import CallError, rows
from capexrisk_udfs.ranges import SHEETS, Place, read

REMEMBERED = 8
"""How many runs are kept: the functions of one workbook need three at most."""


@dataclass(frozen=True)
class Run:
    """A result, where each value it rests on stands in its range, and what it was computed from."""

    result: Result
    places: dict[Place, tuple[int, int]]
    policy: Policy
    contents: tuple[bytes | None, ...]

    @property
    def sentence(self) -> str:
        """Say the first missing or wrong input, by label and sheet; "" for a complete review."""
        first = next((finding for finding in self.result.findings if finding.blocks), None)
        return f"Incomplete, sheet {SHEETS[first.table]}: {first.text}" if first else ""


def policy_in_force() -> Policy:
    """Give the policy in force; raises CallError when the user's own file cannot be used."""
    try:
        return Policy.current()
    except InputError as error:
        raise CallError(str(error)) from None


def run(inputs: Any, customers: Any, scenarios: Any = None, questions: Any = None) -> Run:
    """Give the result for ranges, from memory when it is there.

    Without scenarios and questions, metrics and breakpoints are those of the whole review. Raises CallError when a
    range is not what its argument stands for.
    """
    global _runs
    policy = policy_in_force()
    contents = tuple(_content(values) for values in (inputs, customers, scenarios, questions))
    for known in _runs:
        if known.policy.hash == policy.hash and _answers(known, contents):
            return known
    reading = read(
        rows(inputs, "inputs"),
        rows(customers, "customers"),
        None if scenarios is None else rows(scenarios, "scenarios"),
        None if questions is None else rows(questions, "questions"),
    )
    try:
        result = capexrisk.assess(capexrisk.Reviews.from_records([reading.record]), policy).result(0)
    except InputError as error:
        raise CallError(str(error)) from None
    new = Run(result, reading.places, policy, contents)
    _runs = (new, *_runs)[:REMEMBERED]
    return new


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
    """Rows that do not change while they are held: their content is worked out once, not at each call."""

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
