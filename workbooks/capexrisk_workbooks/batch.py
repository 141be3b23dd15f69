"""Whole portfolios of workbooks, recalculated or read by worker processes; every file ends with exactly one status."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from capexrisk import Policy
from capexrisk_workbooks import pool
from capexrisk_workbooks.results import DONE, Row, row

TIME_LIMIT = 60.0
"""Seconds for one file, after which its worker is killed."""


@dataclass(frozen=True)
class Job:
    """What a batch does with each file."""

    dry_run: bool = False
    backup: Path | None = None
    limit: float = TIME_LIMIT


@dataclass(frozen=True)
class Done:
    """One file of a batch: its row of results, the review as JSON shows it, and formulas that kept their values.

    `named` says whether the path was named itself rather than found in a folder.
    """

    row: Row
    named: bool
    review: dict[str, Any] | None = field(default=None, repr=False)
    kept: tuple[str, ...] = ()

    @property
    def status(self) -> str:
        """How the file ended."""
        return self.row["status"]

    @property
    def failed(self) -> bool:
        """Whether the exit code must say that something could not be done."""
        return self.status not in DONE and (self.named or self.status != "not_a_review")


Task = tuple[Path, bool]


def batch(files: Iterable[Task], job: Job, workers: int = 1) -> Iterator[Done]:
    """Recalculate files in place, each in a worker process, and give each as it is done.

    Numbers and bytes do not depend on how many workers there are. Raises PolicyError, before any file is opened, when
    the policy in force cannot be used.
    """
    Policy.current()
    return pool.run(partial(_recalculated, job), files, max(1, workers), job.limit, partial(_lost, job))


def _recalculated(job: Job, task: Task) -> Done:
    path, named = task
    try:
        from capexrisk_workbooks.recalc import recalculate

        outcome = recalculate(path, dry_run=job.dry_run, backup=job.backup)
    except Exception as error:  # a fault of ours costs one file, not the run
        sentence = f"Something went wrong inside the tool ({type(error).__name__}: {error}). The file was not changed."
        return Done(row(str(path), "failed", sentence, False, 0, None), named)
    review = None
    if outcome.result is not None and outcome.read is not None:
        review = outcome.result.as_json(outcome.read.cells)
    found = row(str(path), outcome.status, outcome.sentence, outcome.changed, len(outcome.kept), outcome.result)
    return Done(found, named, review, tuple(str(kept) for kept in outcome.kept))


def _lost(job: Job, task: Task, timed_out: bool) -> Done:
    path, named = task
    if timed_out:
        sentence = f"It took more than {job.limit:g} seconds and was left as it was."
        return Done(row(str(path), "timed_out", sentence, False, 0, None), named)
    sentence = "Its worker process ended unexpectedly; the file was left as it was."
    return Done(row(str(path), "failed", sentence, False, 0, None), named)
