"""LibreOffice on this machine: where it is, which version, its Python and the user's profile; and running it unseen."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO

OLDEST = (25, 2)
"""The first LibreOffice that finds the functions under their own names in an Excel workbook."""

RESTART = 81  # soffice asks to be started again once it has set up a new profile

PLACES = (
    "/usr/lib/libreoffice/program/soffice",
    "/opt/libreoffice*/program/soffice",
    "/Applications/LibreOffice.app/Contents/MacOS/soffice",
    "C:/Program Files/LibreOffice/program/soffice.exe",
)
"""Where LibreOffice is when it is not on the PATH."""


class OfficeError(Exception):
    """LibreOffice cannot be used; the text is a sentence that says why and what to do."""


@dataclass(frozen=True)
class Office:
    """An installed LibreOffice: its `soffice`, its version as in (25, 2), and a Python that has its `uno` module."""

    program: Path
    version: tuple[int, int]
    python: Path

    @property
    def has_system_python(self) -> bool:
        """Whether it uses the system's Python rather than one that came with it."""
        return self.program.parent.parent not in self.python.parents

    def __str__(self) -> str:
        return f"LibreOffice {self.version[0]}.{self.version[1]}"


@cache
def find_office() -> Office:
    """Find a LibreOffice that can have the functions; raises OfficeError when there is none."""
    on_path = shutil.which("soffice") or shutil.which("libreoffice")
    found = [Path(on_path)] if on_path else []
    for place in PLACES:
        anchor = Path(place).anchor
        if anchor:
            found += sorted(Path(anchor).glob(place[len(anchor) :]), reverse=True)
    if not found:
        raise OfficeError("LibreOffice was not found: install version 25.2 or newer, or put its soffice on the PATH.")
    versions = {program: _version(program) for program in dict.fromkeys(path.resolve() for path in found)}
    for program, version in versions.items():
        if version >= OLDEST:
            return Office(program, version, _python(program))
    program, version = next(iter(versions.items()))
    raise OfficeError(
        f"LibreOffice {version[0]}.{version[1]} at {program} is too old: it does not find the functions of an Excel "
        f"workbook under their names. Version {OLDEST[0]}.{OLDEST[1]} or newer is needed."
    )


def _version(program: Path) -> tuple[int, int]:
    try:
        said = subprocess.run(
            [program, "--version"], capture_output=True, text=True, timeout=60, env=clean_environment(), check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired) as error:
        raise OfficeError(f"{program} does not start: {error}.") from None
    version = re.search(r"(\d+)\.(\d+)", said)
    if not version:
        raise OfficeError(f"{program} does not say which version it is.")
    return int(version[1]), int(version[2])


def _python(program: Path) -> Path:
    """Find LibreOffice's own Python where it brings one, else the system's."""
    candidates = [program.with_name("python"), program.with_name("python.exe")]
    candidates += [program.parent.parent / "Resources" / "python", Path("/usr/bin/python3")]
    for candidate in filter(Path.exists, candidates):
        tried = [candidate, "-c", "import uno"]
        if subprocess.run(tried, capture_output=True, env=clean_environment(), check=False).returncode == 0:
            return candidate
    raise OfficeError(
        f"LibreOffice at {program} cannot run extensions written in Python: install its Python support "
        "(on Debian and Ubuntu the package python3-uno)."
    )


def clean_environment() -> dict[str, str]:
    """Give the environment without what leads LibreOffice's Python to the modules of the one that runs this.

    An embedded Python looks for itself on the PATH too: behind a virtual environment it starts with foreign modules,
    finds no `uno`, and every function of an extension in Python is missing without a word.
    """
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VIRTUAL_ENV"))}
    if os.name == "posix":
        kept["PATH"] = "/usr/local/bin:/usr/bin:/bin"
    return kept


def default_profile() -> Path:
    """Give the folder where LibreOffice keeps the current user's settings and extensions."""
    if sys.platform == "win32":
        return Path(os.environ.get("APPDATA") or Path.home() / "AppData" / "Roaming") / "LibreOffice" / "4"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "LibreOffice" / "4"
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "libreoffice" / "4"


class Headless:
    """A LibreOffice without windows that listens on the named pipe `pipe` for programs of the same user.

    profile: the profile folder to run in.
    bundled: a folder of unpacked extensions, loaded for this process only.
    log: an open binary file that takes what it prints.
    """

    def __init__(self, office: Office, profile: Path, log: IO[bytes], bundled: Path | None = None) -> None:
        self.pipe = f"capexrisk-{secrets.token_hex(8)}"
        self._log = log
        self._command = [str(office.program), "--headless", "--norestore", "--nologo", "--nodefault"]
        self._command += [
            f"--accept=pipe,name={self.pipe};urp;",
            f"-env:UserInstallation={profile.absolute().as_uri()}",
        ]
        if bundled:
            self._command.append(f"-env:BUNDLED_EXTENSIONS={bundled.absolute().as_uri()}")
        self._process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self._command,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            env=clean_environment(),
            start_new_session=True,
        )

    @property
    def number(self) -> int:
        """The number of its process."""
        return self._process.pid

    def is_running(self) -> bool:
        """Say whether it runs, after starting it again if it asked for that; False when it handed over to another."""
        code = self._process.poll()
        if code == RESTART:
            self._process = self._start()
        return code in (None, RESTART)

    def wait(self, seconds: float) -> None:
        """Wait until it has left, at most so long."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)

    def end(self) -> None:
        """End it at once, with the processes it started."""
        if os.name == "posix":
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        else:
            self._process.kill()
        self._process.wait()
