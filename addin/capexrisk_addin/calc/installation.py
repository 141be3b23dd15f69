"""Installing the extension for the current user, and removing it again.

LibreOffice's own tool for that, unopkg, installs for the whole machine when root runs it. So an unseen LibreOffice does
it, in the user's profile, asked by `deployment` under LibreOffice's Python; the same way for everybody.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from capexrisk.version import VERSION
from capexrisk_addin.calc.extension import FILE_NAME, IDENTIFIER, SETTINGS, packed_extension
from capexrisk_addin.calc.office import Headless, OfficeError, clean_environment, default_profile, find_office

PATIENCE = 120
"""Seconds that LibreOffice may take, its first start in a new profile included."""

AGAIN = "run capexrisk calc install again"


def install(profile: Path | None = None, python: Path | None = None) -> str:
    """Install the functions into LibreOffice for the current user, in place of an earlier version, and try them.

    profile: LibreOffice's profile folder, the user's own by default. python: the interpreter that will compute, which
    must have capexrisk; the running one by default. Gives a sentence for the user; raises OfficeError with one.
    """
    interpreter = python or Path(sys.executable)
    with tempfile.TemporaryDirectory(prefix="capexrisk-") as folder:
        packed = Path(folder, FILE_NAME)
        packed.write_bytes(packed_extension(interpreter))
        _deploy("add", profile, packed.as_uri())
    version = _deploy("try", profile, "=CAPEX_VERSION()")
    if not str(version).startswith(f"capexrisk {VERSION}"):
        raise OfficeError(
            f"The functions were installed but do not work in LibreOffice; CAPEX_VERSION() gives: {version}"
        )
    said = (
        f"The CAPEX_ functions are installed in {find_office()} for this user and work ({version}). "
        f"They are computed by {interpreter}."
    )
    if "VIRTUAL_ENV" in os.environ and find_office().has_system_python:
        said += (
            " Start LibreOffice from the desktop or a shell without a virtual environment: in one it loses its Python."
        )
    return said


def remove(profile: Path | None = None) -> str:
    """Remove the functions from LibreOffice for the current user; gives a sentence, raises OfficeError with one."""
    if not _deploy("remove", profile, IDENTIFIER, FILE_NAME):
        return "The CAPEX_ functions were not installed in LibreOffice for this user; there was nothing to remove."
    return "The CAPEX_ functions are removed from LibreOffice for this user."


def status(profile: Path | None = None) -> str:
    """Say whether the functions are installed for the current user, and whether their Python still computes.

    Gives a sentence for the user; raises OfficeError with one when LibreOffice cannot have them.
    """
    office = find_office()
    found = _installed(profile or default_profile())
    if not found:
        return f"{office} is here; the CAPEX_ functions are not installed in it: run capexrisk calc install."
    settings = json.loads(found.read_text("utf-8"))
    installed, python = settings["version"], settings["python"]
    try:
        asked = [python, "-P", "-c", "import capexrisk_addin.calc.worker, capexrisk.version as v; print(v.VERSION)"]
        tried = subprocess.run(asked, capture_output=True, text=True, timeout=60, cwd=found.parent, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"The CAPEX_ functions are installed in {office}, but {python} does not run ({error}): {AGAIN}."
    computing = tried.stdout.strip()
    if tried.returncode:
        reason = (tried.stderr.strip().splitlines() or ["no reason given"])[-1]
        return f"The CAPEX_ functions are installed in {office}, but {python} cannot compute them ({reason}): {AGAIN}."
    if not installed == computing == VERSION:
        return (
            f"The CAPEX_ functions of capexrisk {installed} are installed in {office} and computed by {python} with "
            f"capexrisk {computing}; this is capexrisk {VERSION}: {AGAIN}."
        )
    return f"The CAPEX_ functions of capexrisk {installed} are installed in {office} and computed by {python}."


def _installed(profile: Path) -> Path | None:
    """Give the settings of the extension that is in force; the files of a removed one stay until the next start."""
    cache = profile / "user" / "uno_packages" / "cache"
    in_force = cache.glob("registry/*.component.PackageRegistryBackend/unorc")
    listed = "".join(path.read_text("utf-8", "replace") for path in in_force)
    found = cache.glob(f"uno_packages/*/{FILE_NAME}/{SETTINGS}")
    return next((path for path in found if f"/{path.parent.parent.name}/{FILE_NAME}/" in listed), None)


def _deploy(action: str, profile: Path | None, *arguments: str) -> Any:
    """Have an unseen LibreOffice do one action of `deployment` in a profile, and give what that gives."""
    office = find_office()
    where = profile or default_profile()
    if (where / ".lock").exists():
        raise OfficeError(
            "LibreOffice is open: close all its windows, the quickstarter too, and try again. "
            f"If it is not open, it was ended hard the last time: delete {where / '.lock'}."
        )
    script = files("capexrisk_addin.calc").joinpath("deployment.py")
    with tempfile.TemporaryFile() as log, as_file(script) as path:
        headless = Headless(office, where, log)
        talk = subprocess.Popen(
            [str(office.python), str(path), headless.pipe, action, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=clean_environment(),
            encoding="utf-8",
        )
        try:
            until = time.monotonic() + PATIENCE
            while talk.poll() is None and headless.is_running() and time.monotonic() < until:
                time.sleep(0.05)
            said, complaints = talk.communicate(timeout=10)
            headless.wait(10)
        except subprocess.TimeoutExpired:
            raise OfficeError(f"{office} did not start or did not answer, in the profile {where}.") from None
        finally:
            talk.kill()
            talk.wait()
            headless.end()
    try:
        answer = json.loads(said)
    except ValueError:
        reason = (complaints.strip().splitlines() or ["no reason given"])[-1]
        raise OfficeError(f"{office} could not be asked to {action} the extension: {reason}.") from None
    if "error" in answer:
        raise OfficeError(f"{office} refused to {action} the extension: {answer['error']}")
    return answer["gives"]
