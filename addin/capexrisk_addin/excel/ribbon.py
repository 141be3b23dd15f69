"""What the ribbon's VBA asks: `press` a button, and `go_on` while there is work to do.

Both answer "working " and how far the work is, or "" when they have told the user what there was to tell: here and not
in VBA, whose message box knows only the letters of one code page. No error leaves this module: every failure is a
sentence, and what nobody foresaw is in the log.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from capexrisk_addin.excel.buttons import BUTTONS
from capexrisk_addin.excel.log import log_file
from capexrisk_addin.excel.work import Work

WORKING = "working "
TITLE = "Capex Review"

_log = logging.getLogger(__name__)
_work: Work | None = None


def press(button: str, application: Any) -> str:
    """Do what a button says; `application` is Excel's own object."""
    return _answered(button, application, lambda app: BUTTONS[button](app))


def go_on(stop: bool, application: Any) -> str:
    """Go on with the work that a button began, or stop it."""
    work = _work
    return "" if work is None else _answered("work", application, lambda app: _went_on(work, stop, app))


def _went_on(work: Work, stop: bool, app: Any) -> str | Work:
    closing = work.go_on(stop, app)
    return work if closing is None else closing


def _answered(name: str, application: Any, action: Callable[[Any], str | Work]) -> str:
    global _work
    _work = None
    app = _app(application)
    mode = "info"
    try:
        done = action(app)
    except Exception as error:
        done, mode = _sentence(name, error), "critical"
    if isinstance(done, Work):
        _work = done
        return WORKING + done.said
    if done:
        app.alert(done, TITLE, "ok", mode)
    return ""


def _sentence(name: str, error: Exception) -> str:
    from capexrisk_addin.commands.common import sentence_of

    sentence = sentence_of(error)
    if sentence is None:
        _log.error("%s failed", name, exc_info=error)
        return f"This failed for a reason that nobody foresaw; the log says more: {log_file()}"
    return sentence


def _app(application: Any) -> Any:
    """Excel's application as xlwings' object."""
    import xlwings

    return xlwings.App(impl=xlwings._xlwindows.App(xl=application))  # pyright: ignore
