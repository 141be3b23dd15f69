"""Long work behind a button: a thread does it, Excel asks now and then how far it is, and Esc stops it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from typing import Any

PATIENCE = 0.3
"""Seconds for which Excel waits at a time; between them it looks for Esc and repaints."""


class Work:
    """Steps that say how far they are, and what to do in Excel when they have ended.

    steps: a generator that yields a sentence for the status bar now and then. It runs in a thread of its own, so it
        must not touch Excel; when it is stopped, it is closed at its next yield.
    finish: called in Excel's thread with the app and whether the steps were stopped; gives the closing sentence.
    """

    def __init__(self, steps: Generator[str, None, None], finish: Callable[[Any, bool], str]) -> None:
        self.said = "starting…"
        self._steps, self._finish = steps, finish
        self._stop = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def go_on(self, stop: bool, app: Any) -> str | None:
        """Wait a moment; give None while there is more to do, else the closing sentence. Raises what a step raised."""
        if stop:
            self._stop.set()
            self.said = "stopping…"
        self._thread.join(PATIENCE)
        if self._thread.is_alive():
            return None
        if self._failure is not None:
            raise self._failure
        return self._finish(app, self._stop.is_set())

    def _run(self) -> None:
        try:
            for said in self._steps:
                if self._stop.is_set():
                    break
                self.said = said
        except BaseException as error:
            self._failure = error
        finally:
            self._steps.close()
