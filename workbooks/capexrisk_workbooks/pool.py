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
    """One process that works on a few tasks at a time and is killed when that takes too long or is lost.

    `work` takes tasks and gives the answer to each in turn; it must be importable and its answers picklable.
    `lost(task, timed_out)` answers for a task that was lost.
    """

    def __init__(
        self, work: Callable[[list[Task]], Iterable[Answer]], limit: float, lost: Callable[[Task, bool], Answer]
    ) -> None:
        self._work, self._limit, self._lost = work, limit, lost
        self._process: BaseProcess | None = None
        self.tasks: list[Task] = []
        """Those in hand, without those that are answered."""
        self.deadline = 0.0

    def begin(self, tasks: list[Task]) -> None:
        """Take tasks, in a new process if there is none."""
        fresh = self._process is None or not self._process.is_alive()
        if fresh:
            self.pipe, theirs = _CONTEXT.Pipe()
            self._process = _CONTEXT.Process(target=_serve, args=(self._work, theirs), daemon=True)
            self._process.start()
            theirs.close()
        self.tasks, self.deadline = tasks.copy(), monotonic() + self._limit + (_START if fresh else 0.0)
        try:
            self.pipe.send(tasks)
        except OSError:
            self.deadline = 0.0  # it died between two tasks; the next look finds that out

    def answer(self) -> Answer | None:
        """Give the next answer that is there; that of `lost` when a single task's process has died or is too late.

        A process that dies or is too late with several tasks in hand is ended, and None given: one of them is to blame,
        and each should be begun again by itself.
        """
        timed_out = False
        try:
            if self.pipe.poll():
                answer = self.pipe.recv()
                self.deadline = monotonic() + self._limit
                del self.tasks[0]
                return answer
            timed_out = self._process is not None and self._process.is_alive()
        except (EOFError, OSError):
            pass
        self.kill()
        return self._lost(self.tasks.pop(), timed_out) if len(self.tasks) == 1 else None

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


def each(work: Callable[[Task], Answer], tasks: list[Task]) -> Iterator[Answer]:
    """Give `work` of each task: what does one at a time, as work for `run`."""
    return map(work, tasks)


def run(
    work: Callable[[list[Task]], Iterable[Answer]],
    tasks: Iterable[Task | Ready[Answer]],
    workers: int,
    limit: float,
    lost: Callable[[Task, bool], Answer],
    room: Callable[[], bool] = lambda: True,
    together: int = 1,
) -> Iterator[Answer]:
    """Give the answer of `work` to each task, in the order in which they are done; tasks are taken as workers get free.

    A worker gets up to `together` tasks at a time, fewer at the beginning so that all have something to do. One that
    takes more than `limit` seconds is killed, and what it had in hand begun again one by one. While there is no `room`,
    no task is taken beyond those in hand. When the iterator is closed, or on Ctrl-C, the workers end after the file in
    hand, or are killed within two seconds.
    """
    waiting, begun = iter(tasks), 0
    again: list[Task] = []
    idle: list[Worker[Task, Answer]] = [Worker(work, limit, lost) for _ in range(workers)]
    busy: list[Worker[Task, Answer]] = []
    answers: list[Answer] = []
    try:
        while True:
            while idle and again:
                idle[-1].begin([again.pop(0)])
                busy.append(idle.pop())
            task: Any = None
            while idle and task is not _END and (room() or not (busy or answers)):
                size = max(1, min(together, begun // (2 * workers)))
                bundle: list[Task] = []
                while len(bundle) < size and (task := next(waiting, _END)) is not _END and type(task) is not Ready:
                    bundle.append(task)
                if bundle:
                    begun += len(bundle)
                    idle[-1].begin(bundle)
                    busy.append(idle.pop())
                if type(task) is Ready:
                    yield task.answer
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
                if (answer := worker.answer()) is not None:
                    answers.append(answer)
                else:
                    again += worker.tasks
                    worker.tasks = []
                if not worker.tasks:
                    busy.remove(worker)
                    idle.append(worker)
    finally:
        for worker in (*busy, *idle):
            worker.release()
        until = monotonic() + _PATIENCE
        for worker in (*busy, *idle):
            worker.end(until)


_END: Any = object()


def _serve(work: Callable[[list[Any]], Iterable[Any]], pipe: Connection) -> None:
    """Work until the other end of the pipe is closed; Ctrl-C is the parent's business."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        try:
            for answer in work(pipe.recv()):
                pipe.send(answer)
        except (EOFError, OSError):
            return
