"""The Python process that Excel's add-in starts: xlwings' COM server with our log."""

from __future__ import annotations

import logging
import sys


def serve(clsid: str) -> None:
    """Serve Excel until it leaves; `clsid` is the class that the add-in waits for."""
    from capexrisk_addin.excel.log import start_log

    start_log()
    import xlwings

    from capexrisk.version import VERSION

    log = logging.getLogger(__name__)
    log.info("capexrisk %s with xlwings %s on %s", VERSION, xlwings.__version__, sys.executable)
    try:
        xlwings.serve(clsid)  # pyright: ignore[reportCallIssue]
    except Exception:
        log.exception("the server ended")
        raise
