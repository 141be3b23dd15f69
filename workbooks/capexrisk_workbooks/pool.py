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
_PATIENCE = 1.0
"""Seconds that workers get to end the file in hand when a run is stopped."""


@dataclass(frozen=True)
class Ready(Generic[Answer]):
    """An answer that is known already: it stands among the tasks and is handed through."""

    answer: Answer


class Worker(Generic[Task, Answer]):
    """One process that works on one task at a time and is killed when that takes too long or is lost.

    `work` must be importable and its answers picklable. `lost(task, timed_out)` answers for a task that was lost.
    """

    def __init__(self, work: Callable[[Task], Answer], limit: float, lost: Callable[[Task, bool], Answer]) -> None:
        self._work, self._limit, self._lost = work, limit, lost
        self._process: BaseProcess | None = None
        self.task: Task | None = None
        self.deadline = 0.0

    def begin(self, task: Task) -> None:
        """Take a task, in a new process if there is none."""
        fresh = self._process is None or not self._process.is_alive()
        if fresh:
            self.pipe, theirs = _CONTEXT.Pipe()
            self._process = _CONTEXT.Process(target=_serve, args=(self._work, theirs), daemon=True)
            self._process.start()
            theirs.close()
        self.task, self.deadline = task, monotonic() + self._limit + (_START if fresh else 0.0)
        try:
            self.pipe.send(task)
        except OSError:
            self.deadline = 0.0  # it died between two tasks; the next look finds that out

    def answer(self) -> Answer:
        """Give the answer that is there, or that of `lost` when the process has died or the deadline has passed."""
        task, self.task = self.task, None
        assert task is not None
        try:
            if self.pipe.poll():
                return self.pipe.recv()
            timed_out = self._process is not None and self._process.is_alive()
        except (EOFError, OSError):
            timed_out = False
        self.kill()
        return self._lost(task, timed_out)

    def kill(self) -> None:
        """End the process at once."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process = None
            self.pipe.close()

    def release(self) -> None:
        """Let the process end after the task in hand."""
        if self._process is not None:
            self.pipe.close()

    def end(self, until: float) -> None:
        """Wait for a released process, and kill it when it does not end in time."""
        if self._process is not None:
            self._process.join(max(0.0, until - monotonic()))
            if self._process.is_alive():
                self._process.kill()
                self._process.join()


def run(
    work: Callable[[Task], Answer],
    tasks: Iterable[Task | Ready[Answer]],
    workers: int,
    limit: float,
    lost: Callable[[Task, bool], Answer],
    room: Callable[[], bool] = lambda: True,
) -> Iterator[Answer]:
    """Give `work(task)` of each task, in the order in which they are done; tasks are taken as workers get free.

    A worker that takes more than `limit` seconds is killed. While there is no `room`, no task is taken beyond those in
    hand. When the iterator is closed, or on Ctrl-C, the workers end after the file in hand, or are killed within two
    seconds.
    """
    waiting = iter(tasks)
    idle: list[Worker[Task, Answer]] = [Worker(work, limit, lost) for _ in range(workers)]
    busy: list[Worker[Task, Answer]] = []
    answers: list[Answer] = []
    try:
        while True:
            while idle and (room() or not (busy or answers)) and (task := next(waiting, _END)) is not _END:
                if isinstance(task, Ready):
                    yield task.answer
                else:
                    idle[-1].begin(task)  # pyright: ignore[reportArgumentType]
                    busy.append(idle.pop())
            if answers:
                yield from answers  # after the workers have something to do again
                answers = []
            elif not busy:
                return
            if not busy:
                continue
            patience = min(worker.deadline for worker in busy) - monotonic()
            found = set(wait([worker.pipe for worker in busy], max(0.0, patience)))
            for worker in [worker for worker in busy if worker.pipe in found or monotonic() > worker.deadline]:
                busy.remove(worker)
                answers.append(worker.answer())
                idle.append(worker)
    finally:
        for worker in (*busy, *idle):
            worker.release()
        until = monotonic() + _PATIENCE
        for worker in (*busy, *idle):
            worker.end(until)


_END: Any = object()


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
