"""The user's own configuration file, the only one that the add-in reads: lines of "KEY","VALUE" in the ANSI code page.

VBA reads it, and Python the key POLICY of it; no file beside a workbook and no sheet is ever looked at.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

from capexrisk.policy import CONFIGURATION

INTERPRETER = "INTERPRETER_WIN"
"""The key of the python.exe that computes."""

ADDIN = "ADDIN"
"""The key of the place where `install` put the add-in, so that `doctor` sees when it is gone."""


def read(profile: Path) -> dict[str, str]:
    """Give the values of the file below a profile folder by their keys in capitals; {} when there is none."""
    try:
        text = (profile / CONFIGURATION).read_text(encoding=_code_page(), errors="surrogateescape")
    except OSError:
        return {}
    rows = csv.reader(io.StringIO(text))
    return {row[0].strip().upper(): row[1].strip() for row in rows if len(row) == 2}


def write(profile: Path, values: dict[str, str]) -> Path:
    """Write values into the file, those of other keys kept, and give its path; the same values, the same bytes."""
    path = profile / CONFIGURATION
    merged = {key: value for key, value in (read(profile) | values).items() if value}
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = "".join(f'"{key}","{value}"\r\n' for key, value in sorted(merged.items()))
    path.write_bytes(lines.encode(_code_page(), errors="surrogateescape"))
    return path


def remove(profile: Path) -> bool:
    """Take our keys out; a file that holds nothing else goes. Gives whether there was anything."""
    kept = {key: value for key, value in read(profile).items() if key not in (INTERPRETER, ADDIN)}
    path = profile / CONFIGURATION
    existed = path.exists()
    path.unlink(missing_ok=True)
    if kept:
        write(profile, kept)
    return existed


def readable(text: str) -> bool:
    """Say whether VBA can read a text from the file: every character is in the machine's ANSI code page."""
    try:
        return text.encode(_code_page()).decode(_code_page()) == text
    except UnicodeEncodeError:
        return False


def _code_page() -> str:
    """Windows' own ANSI code page; elsewhere, in tests, Western European."""
    try:
        "".encode("mbcs")
    except LookupError:
        return "cp1252"
    return "mbcs"
