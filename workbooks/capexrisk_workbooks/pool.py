"""Worker processes that can be killed: a file that takes too long, or takes its worker down, costs only itself."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from time import monotonic
from typing import Any, Generic, TypeVar

Task = TypeVar("Task")
Answer = TypeVar("Answer")

_CONTEXT = multiprocessing.get_context("spawn")  # the same on every system, and safe beside threads
_START = 60.0
"""Seconds a new worker may take to import what it needs, beyond the limit of its first task."""


@dataclass
class _Worker(Generic[Task]):
    process: BaseProcess
    pipe: Connection
    task: Task | None = None
    deadline: float = 0.0

    def kill(self) -> None:
        self.process.kill()
        self.process.join()
        self.pipe.close()


def run(
    work: Callable[[Task], Answer],
    tasks: Iterable[Task],
    workers: int,
    limit: float,
    lost: Callable[[Task, bool], Answer],
) -> Iterator[Answer]:
    """Give `work(task)` of each task, in the order in which they are done.

    A worker that takes more than `limit` seconds is killed; `lost(task, timed_out)` answers for its task, and for one
    whose worker died. `work` must be importable and its answers picklable. When the iterator is closed, or on Ctrl-C,
    the workers end after the file in hand, or are killed within two seconds.
    """
    waiting = iter(tasks)
    pool: list[_Worker[Task]] = []
    try:
        for task in waiting:
            pool.append(_started(work))
            _assign(pool[-1], task, limit + _START)
            if len(pool) == workers:
                break
        while pool:
            patience = max(0.0, min(worker.deadline for worker in pool) - monotonic())
            ready = set(wait([worker.pipe for worker in pool], patience))
            for at, worker in enumerate(pool):
                if worker.pipe in ready:
                    answer = _answer(worker, lost)
                elif monotonic() > worker.deadline:
                    assert worker.task is not None
                    answer = lost(worker.task, True)
                    worker.kill()
                else:
                    continue
                task = next(waiting, None)
                if task is not None:
                    fresh = not worker.process.is_alive()
                    if fresh:
                        pool[at] = worker = _started(work)
                    _assign(worker, task, limit + (_START if fresh else 0))
                else:
                    worker.task = None
                yield answer
            pool = [worker for worker in pool if worker.task is not None or _ended(worker)]
    finally:
        _end(pool)


def _started(work: Callable[[Any], Any]) -> _Worker[Any]:
    ours, theirs = _CONTEXT.Pipe()
    process = _CONTEXT.Process(target=_serve, args=(work, theirs), daemon=True)
    process.start()
    theirs.close()
    return _Worker(process, ours)


def _assign(worker: _Worker[Any], task: object, seconds: float) -> None:
    worker.task, worker.deadline = task, monotonic() + seconds
    try:
        worker.pipe.send(task)
    except OSError:
        worker.deadline = 0.0  # it died between two tasks; the next look finds that out


def _answer(worker: _Worker[Any], lost: Callable[[Any, bool], Any]) -> Any:
    try:
        return worker.pipe.recv()
    except (EOFError, OSError):
        worker.kill()
        return lost(worker.task, False)


def _ended(worker: _Worker[Any]) -> bool:
    """Let a worker without a task go; always False, so that it leaves the pool."""
    worker.pipe.close()
    return False


def _end(pool: list[_Worker[Any]]) -> None:
    for worker in pool:
        worker.pipe.close()  # a worker ends when it finds the pipe closed
    until = monotonic() + 1.5
    for worker in pool:
        worker.process.join(max(0.0, until - monotonic()))
        if worker.process.is_alive():
            worker.process.kill()
            worker.process.join()


def _serve(work: Callable[[Any], Any], pipe: Connection) -> None:
    """Work until the other end of the pipe is closed; Ctrl-C is the parent's business."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        try:
            task = pipe.recv()
        except (EOFError, OSError):
            return
        answer = work(task)
        try:
            pipe.send(answer)
        except OSError:
            return
