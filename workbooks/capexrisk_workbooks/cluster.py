"""A batch on the workers of a Dask scheduler: the same work on the same files, which they must see under one path.

Each worker does its files in a process of its own, as a local batch does, so that a file that takes too long is ended
by killing that process and not the worker. When a whole worker is lost, Dask gives its files to another.
"""

from __future__ import annotations

import multiprocessing
import os
import tempfile
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib.resources import files
from multiprocessing.connection import wait
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from capexrisk import VERSION, InputError, Policy
from capexrisk.policy import VARIABLE, configured
from capexrisk_workbooks import pool
from capexrisk_workbooks.job import Done, Job, Numbered
from capexrisk_workbooks.results import row, said_path

if TYPE_CHECKING:
    from distributed import Client

_AHEAD = 4
"""Files that each thread of the cluster has been given ahead, so that none waits for us."""

Answer = tuple[int, Done]


Work = Callable[[list[Numbered]], Iterable[Answer]]
Lost = Callable[[Numbered, bool], Answer]


def run(
    address: str,
    job: Job,
    work: Work,
    lost: Lost,
    tasks: Iterable[Numbered | pool.Ready[Answer]],
    room: Callable[[], bool],
) -> Iterator[Answer]:
    """Give the answer of `work` to each task as it is done; tasks are taken as workers get free, and while there is
    `room`. `lost` answers for a task whose process was lost.

    The policy in force here goes along. Raises InputError when the scheduler cannot be reached, has no workers or is
    lost on the way, or distributed is not installed.
    """
    client = _connected(address)
    try:
        from distributed import as_completed

        guarded = partial(_guarded, job, work, lost, VERSION, _policy_text())
        waiting = iter(tasks)
        threads = sum(client.nthreads().values())  # pyright: ignore[reportAttributeAccessIssue, reportCallIssue]
        flying: dict[Any, Numbered] = {}
        done = as_completed(loop=client.loop)
        while True:
            while len(flying) < _AHEAD * max(1, threads) and (room() or not flying):
                task = next(waiting, None)
                if task is None:
                    break
                if isinstance(task, pool.Ready):
                    yield task.answer
                    continue
                number, (path, named) = task
                future = client.submit(guarded, (number, (path.absolute(), named)), pure=False)
                flying[future.key] = task
                done.add(future)
            if not flying:
                return
            future = next(done)
            task = flying.pop(future.key)
            if future.cancelled():  # by nobody here: whom we asked has forgotten everything
                raise InputError(
                    f"The Dask scheduler at {address} is lost. Every workbook is whole; run again to go on."
                )
            answer = future.result() if future.status == "finished" else lost(task, False)
            answer[1].row["path"] = said_path(task[1][0])
            yield answer
    finally:
        client.close(timeout=1)


def _connected(address: str) -> Client:
    try:
        from distributed import Client
    except ImportError:
        raise InputError(
            "--cluster needs Dask distributed; install it with: pip install 'capexrisk[cluster]'."
        ) from None
    try:
        client = Client(address, timeout=10, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise InputError(f"The Dask scheduler at {address} cannot be reached: {error}.") from None
    if not client.nthreads():
        client.close(timeout=1)
        raise InputError(f"The Dask scheduler at {address} has no workers; start some with `dask worker {address}`.")
    return client


def _policy_text() -> str:
    """The policy in force as text; the workers' own files do not count."""
    Policy.current()
    path = os.environ.get(VARIABLE) or configured("POLICY")
    return (Path(path) if path else files("capexrisk").joinpath("policy.toml")).read_text(encoding="utf-8")


# --- On a worker ---


def _guarded(job: Job, work: Work, lost: Lost, version: str, policy: str, task: Numbered) -> Answer:
    """Do one task in a process that can be killed, under the policy of whoever asks."""
    number, (path, named) = task
    if version != VERSION:
        sentence = f"A worker of the cluster runs capexrisk {VERSION}, not {version}; install the same everywhere."
        return number, Done(row(str(path), "failed", sentence), named)
    if getattr(_here, "key", None) != (job, policy):
        _here.key = (job, policy)
        _here.worker = _Process(job, work, lost, policy)
    return _here.worker.do(task)


_here = threading.local()


class _Process:
    """The process of one thread of a worker, with the policy in a file of its own."""

    def __init__(self, job: Job, work: Work, lost: Lost, policy: str) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="capexrisk-policy-")
        path = Path(self._folder.name, "policy.toml")
        path.write_text(policy, encoding="utf-8")
        self._worker = pool.Worker(partial(_under, work, str(path)), job.limit, lost)
        weakref.finalize(self, _ended, self._worker)

    def do(self, task: Numbered) -> Answer:
        """Do one task."""
        with _children_allowed():
            self._worker.begin([task])
        wait([self._worker.pipe], max(0.0, self._worker.deadline - monotonic()))
        answer = self._worker.answer()
        assert answer is not None  # with one task in hand there is always one
        return answer


def _ended(worker: pool.Worker[Numbered, Answer]) -> None:
    worker.kill()


@contextmanager
def _children_allowed() -> Iterator[None]:
    """Let a worker start a process: its nanny marks it as a daemon, and multiprocessing allows daemons no children."""
    config: dict[str, Any] = getattr(multiprocessing.current_process(), "_config", {})
    daemon = config.pop("daemon", None)
    try:
        yield
    finally:
        if daemon is not None:
            config["daemon"] = daemon


def _under(work: Work, policy: str, tasks: list[Numbered]) -> Iterable[Answer]:
    os.environ[VARIABLE] = policy
    return work(tasks)
