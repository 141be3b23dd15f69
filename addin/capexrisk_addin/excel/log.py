"""The add-in's log: a few rotating files in the user's own log folder, for what no cell or message box can say."""

from __future__ import annotations

import logging
from logging.handlers import RotatingFileHandler
from pathlib import Path

from capexrisk_addin.terminal import HarmlessFormatter

LARGEST, KEPT = 1_000_000, 3
"""Bytes of one file, and how many older ones are kept."""


def log_file() -> Path:
    """Give the path of the log file, which About shows."""
    from platformdirs import user_log_path

    return user_log_path("capexrisk", appauthor=False) / "excel-add-in.log"


def start_log() -> Path:
    """Send what is logged in this process to the log file and give its path; nowhere when it cannot be written."""
    path = log_file()
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler: logging.Handler = RotatingFileHandler(path, maxBytes=LARGEST, backupCount=KEPT, encoding="utf-8")
    except OSError:
        handler = logging.NullHandler()  # without any handler xlwings would print, and there is no console
    handler.setFormatter(HarmlessFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root.addHandler(handler)
    return path
