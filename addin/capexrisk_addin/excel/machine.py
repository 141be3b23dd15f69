"""The Windows machine that the add-in is installed on, as far as installing and diagnosing need it.

`Machine.here` reads the real one; tests make one up. Everything that only Windows can answer is a field.
"""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

ELSEWHERE = (
    "The Excel add-in works in Excel for Windows; here there are `capexrisk calc install` for LibreOffice and, for "
    "Excel on the Mac and on the web, `capexrisk serve`. `capexrisk addin build` works everywhere."
)
BITS = {0x14C: 32, 0x8664: 64, 0xAA64: 64}
"""The machine types of Windows programs that can load xlwings' DLL, with their bits; ARM64 runs Excel as ARM64EC."""


@dataclass(frozen=True)
class Machine:
    """A user's profile, the Python that would compute, and Excel.

    profile: the user's folder (USERPROFILE); roaming: the folder for settings (APPDATA).
    python: the interpreter that would compute, as Excel should start it.
    xlwings: the version installed for it, None when it is missing.
    excel: the path of EXCEL.EXE, None when none is found; running: whether Excel is open.
    complaint: tries an interpreter as the add-in would start it, and gives what is wrong with it or "".
    """

    profile: Path
    roaming: Path
    python: Path
    xlwings: str | None
    excel: Path | None
    running: bool
    complaint: Callable[[Path], str]
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def start_folder(self) -> Path:
        """Excel's start folder of this user, whose add-ins Excel trusts and opens."""
        return self.roaming / "Microsoft" / "Excel" / "XLSTART"

    @staticmethod
    def here() -> Machine:
        """Give the machine that this runs on, which must be Windows."""
        from importlib import metadata

        try:
            xlwings = metadata.version("xlwings")
        except metadata.PackageNotFoundError:
            xlwings = None
        home = Path.home()
        return Machine(
            home,
            Path(os.environ.get("APPDATA") or home / "AppData" / "Roaming"),
            windowless(Path(sys.executable)),
            xlwings,
            _excel(),
            _runs("EXCEL.EXE"),
            complaint,
            dict(os.environ),
        )


def windowless(python: Path) -> Path:
    """Give the pythonw.exe beside a python.exe when there is one, so that no console window opens."""
    other = python.with_name("pythonw.exe")
    return other if other.exists() else python


def complaint(python: Path) -> str:
    """Try an interpreter as the add-in would start it; gives the last line that it complained with, or ""."""
    command = [python, "-I", "-B", "-c", "import pythoncom, xlwings, capexrisk_addin.excel.server, capexrisk_udfs"]
    try:
        tried = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    if tried.returncode == 0:
        return ""
    return (tried.stderr.strip().splitlines() or [f"it ended with code {tried.returncode}"])[-1]


def bits_of(program: Path) -> int | None:
    """Give 32 or 64 for a Windows program, None when it cannot be read or is neither."""
    try:
        with program.open("rb") as file:
            if file.read(2) != b"MZ":
                return None
            file.seek(0x3C)
            (at,) = struct.unpack("<I", file.read(4))
            file.seek(at)
            signature, kind = struct.unpack("<4sH", file.read(6))
    except (OSError, struct.error):
        return None
    return BITS.get(kind) if signature == b"PE\0\0" else None


def _excel() -> Path | None:
    if sys.platform != "win32":
        return None
    import winreg

    key = r"SOFTWARE\Microsoft\Windows\CurrentVersion\App Paths\excel.exe"
    for root in (winreg.HKEY_CURRENT_USER, winreg.HKEY_LOCAL_MACHINE):
        try:
            return Path(winreg.QueryValue(root, key))
        except OSError:
            continue
    return None


def _runs(program: str) -> bool:
    """Say whether a program of this user runs."""
    if sys.platform != "win32":
        return False
    system = Path(os.environ.get("SYSTEMROOT", r"C:\Windows"), "System32", "tasklist.exe")
    try:
        said = subprocess.run(
            [system, "/FI", f"IMAGENAME eq {program}", "/NH"], capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return program.casefold() in said.stdout.casefold()
