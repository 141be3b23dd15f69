"""The process that computes for Calc: one JSON object a line in, one a line out, until its input ends.

In: {"function": name, "arguments": [...]}, a range as rows of cells, a cell as null, number, text, true, false or
{"error": "#N/A"}. Out: {"gives": value or rows}, or {"refused": sentence} for a call that is wrong in itself, or
{"failed": sentence}.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from contextlib import suppress
from logging.handlers import RotatingFileHandler
from typing import Any

import platformdirs

from capexrisk import ErrorCell
from capexrisk_addin.terminal import HarmlessFormatter
from capexrisk_udfs import FUNCTIONS, CallError

LOG = platformdirs.user_log_path("capexrisk", appauthor=False) / "calc.log"
"""Where the reason of a failure stands; a megabyte at most, and the one before it."""

_log = logging.getLogger(__name__)


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Give the reply to one request."""
    name = request["function"]
    function = FUNCTIONS.get(name)
    if function is None:
        return {"failed": f"This capexrisk has no {name}: run capexrisk calc install again."}
    try:
        return {"gives": function.call(*request["arguments"])}
    except CallError as error:
        return {"refused": str(error)}
    except Exception:  # a traceback would end the process and reach the user as a missing function
        _log.exception("%s failed", name)
        return {"failed": f"{name} failed for a reason of its own; {LOG} says more."}


def _cell(found: dict[str, Any]) -> Any:
    return ErrorCell(found["error"]) if found.keys() == {"error"} else found


def main() -> None:
    """Answer the requests of standard input on standard output; what anything prints goes to standard error."""
    with suppress(OSError):  # without a log there is no reason to read, but the functions still work
        LOG.parent.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(LOG, maxBytes=1_000_000, backupCount=1, encoding="utf-8", delay=True)
        handler.setFormatter(HarmlessFormatter("%(asctime)s %(levelname)s %(message)s"))
        logging.basicConfig(handlers=[handler])
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for line in sys.stdin.buffer:
        print(json.dumps(answer(json.loads(line, object_hook=_cell))), file=replies, flush=True)


if __name__ == "__main__":
    main()
