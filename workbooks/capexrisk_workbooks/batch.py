"""Whole portfolios of workbooks, recalculated or read by worker processes; every file ends with exactly one status."""

from __future__ import annotations

import contextlib
import gc
import os
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from capexrisk import Policy
from capexrisk_workbooks import pool
from capexrisk_workbooks.job import Done, Job, Numbered, Task
from capexrisk_workbooks.results import row

if TYPE_CHECKING:
    from capexrisk_workbooks.ledger import Ledger
    from capexrisk_workbooks.recalc import Outcome

TOGETHER = 32
"""Files that a worker is given at a time, for the model to compute at once; with more the gain is little."""

AHEAD = 2_000
"""Files that may be done before one that stands in front of them; it bounds the memory that keeping the order takes."""


def batch(
    files: Iterable[Task],
    job: Job,
    workers: int = 1,
    *,
    cluster: str | None = None,
    ledger: Ledger | None = None,
    fresh: bool = False,
) -> Iterator[Done]:
    """Recalculate files in place, each in a worker process, and give each in the order of `files`, as soon as can be.

    Numbers and bytes do not depend on how many workers there are, nor on whether they are processes here or, with
    `cluster`, workers of the Dask scheduler at that address, which must see the files under the same paths. What
    `ledger` knows with the same bytes, policy, template and tool is not done again unless `fresh`; what is done is
    recorded in it, unless the job is a dry run or reads only. Raises PolicyError, before any file is opened, when the
    policy in force cannot be used, and InputError when the cluster cannot.
    """
    Policy.current()
    use = None if job.reviews or fresh else ledger
    ahead: dict[int, Done] = {}

    def tasks() -> Iterator[Numbered | pool.Ready[tuple[int, Done]]]:
        for number, task in enumerate(files):
            known = use.known(*task) if use is not None else None
            yield (number, task) if known is None else pool.Ready((number, known))

    def room() -> bool:
        return len(ahead) < AHEAD

    work, lost = partial(batch_work, job), partial(batch_lost, job)
    if cluster is None:
        answers = pool.run(work, tasks(), max(1, workers), job.limit, lost, room, TOGETHER)
    else:
        from capexrisk_workbooks import cluster as dask

        answers = dask.run(cluster, job, work, lost, tasks(), room)
    following = 0
    for number, done in answers:
        ahead[number] = done
        while (done := ahead.pop(following, None)) is not None:
            following += 1
            if ledger is not None and not (job.dry_run or job.read_only):
                ledger.record(done)
            yield done


def batch_work(job: Job, tasks: list[Numbered]) -> Iterator[tuple[int, Done]]:
    """Do some files of a batch, in a worker process."""
    gc.disable()  # nothing here holds itself in a circle, and looking for circles takes a twentieth of the time
    try:
        yield from _worked(job, tasks)
    finally:
        gc.enable()


def _worked(job: Job, tasks: list[Numbered]) -> Iterator[tuple[int, Done]]:
    from capexrisk_workbooks.recalc import inspect, recalculate_all

    def outcomes(paths: list[Path]) -> Iterator[Outcome]:
        if job.read_only:
            return map(inspect, paths)
        return recalculate_all(paths, dry_run=job.dry_run, backup=job.backup, even_signed=job.even_signed)

    waiting = [(number, path, named, _modified(path)) for number, (path, named) in tasks]
    together = len(waiting)
    while waiting:
        try:
            for outcome in outcomes([path for _, path, _, _ in waiting[:together]]):
                number, _, named, modified = waiting[0]
                done = _done(job, named, outcome, modified)
                del waiting[0]
                yield number, done
            together = len(waiting)
        except Exception as error:  # a fault of ours costs one file, not the run
            if together == 1:
                number, path, named, modified = waiting.pop(0)
                sentence = f"Something went wrong inside the tool ({type(error).__name__}: {error}). {_LEFT}"
                yield number, Done(row(str(path), "failed", sentence, modified=modified), named)
            together = 1


def _modified(path: Path) -> float | None:
    with contextlib.suppress(OSError, ValueError):  # what is wrong with the path is said by whoever opens it
        return os.stat(path).st_mtime
    return None


def _done(job: Job, named: bool, outcome: Outcome, modified: float | None) -> Done:
    review = None
    if job.reviews and outcome.result is not None and outcome.read is not None:
        review = outcome.result.as_json(outcome.read.cells)
    kept = tuple(map(str, outcome.kept))
    found = row(
        str(outcome.path), outcome.status, outcome.sentence, outcome.changed, len(kept), outcome.result, modified
    )
    return Done(found, named, review, kept, outcome.digest, outcome.lasting)


def batch_lost(job: Job, task: Numbered, timed_out: bool) -> tuple[int, Done]:
    """Answer for a file whose worker was killed at the time limit, or died."""
    number, (path, named) = task
    if timed_out:
        return number, Done(row(str(path), "timed_out", f"It took more than {job.limit:g} seconds. {_LEFT}"), named)
    return number, Done(row(str(path), "failed", f"Its worker process ended unexpectedly. {_LEFT}"), named)


_LEFT = "The file is whole: as it was, or with its new values when they were written already."
