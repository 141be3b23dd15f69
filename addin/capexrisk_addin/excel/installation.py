"""Putting the add-in into Excel's start folder of the current user, and taking it out again.

That folder is a trusted location: no administrator rights, no COM and no trust in the VBA project are needed.
"""

from __future__ import annotations

from pathlib import Path

from capexrisk.version import VERSION
from capexrisk_addin.excel import configuration
from capexrisk_addin.excel.build import FILE_NAME, build, versions
from capexrisk_addin.excel.machine import Machine

CLOSE = "Excel is open: close all its windows, then run this again."
AGAIN = "run capexrisk addin install again"


class InstallationError(Exception):
    """The add-in cannot be installed or removed; the text is a sentence that says why and what to do."""


def install(machine: Machine) -> str:
    """Install the add-in, in place of an earlier one, and write the configuration; gives a sentence.

    Raises InstallationError or BuildError with one. Doing it twice changes nothing the second time.
    """
    for what, path in (("The interpreter", machine.python), ("Excel's start folder", machine.start_folder)):
        if not configuration.readable(str(path)):
            raise InstallationError(
                f"{what} {path} has letters that VBA cannot read on this machine: install capexrisk in a folder whose "
                "path has plain letters only, such as C:\\capexrisk."
            )
    data = build()
    path = machine.start_folder / FILE_NAME
    same = _bytes(path) == data
    if not same:
        if machine.running:
            raise InstallationError(CLOSE)
        _write(path, data)
    values = {configuration.INTERPRETER: str(machine.python), configuration.ADDIN: str(path)}
    try:
        written = configuration.write(machine.profile, values)
    except OSError as error:
        raise InstallationError(f"The configuration cannot be written: {error.filename}: {error.strerror}.") from None
    state = "was installed already" if same else "is installed"
    return (
        f"The add-in {state}: {path}, computed by {machine.python} ({written}). Start Excel: the ribbon has the tab "
        "Capex Review, and =CAPEX_VERSION() in a cell gives the version."
    )


def remove(machine: Machine) -> str:
    """Remove the add-in and its configuration, the policy's key kept; gives a sentence, raises InstallationError."""
    path = machine.start_folder / FILE_NAME
    if path.exists():
        if machine.running:
            raise InstallationError(CLOSE)
        try:
            path.unlink()
        except OSError as error:
            raise InstallationError(_refused(path, error)) from None
        configuration.remove(machine.profile)
        return f"The add-in is removed from {path.parent}."
    if configuration.remove(machine.profile):
        return "The add-in was not there any more; its configuration is removed."
    return "The add-in was not installed; there was nothing to remove."


def status(machine: Machine) -> str:
    """Say whether the add-in is installed and whether its versions are those of what is installed here."""
    path = machine.start_folder / FILE_NAME
    data = _bytes(path)
    if data is None:
        return f"The add-in is not installed in {path.parent}: run capexrisk addin install."
    found = versions(data)
    if not found:
        return f"{path} is not an add-in that capexrisk built: {AGAIN}."
    interpreter = configuration.read(machine.profile).get(configuration.INTERPRETER)
    if not interpreter:
        return f"The add-in is in {path.parent}, but the configuration names no interpreter: {AGAIN}."
    if found["xlwings"] != machine.xlwings:
        return (
            f"The add-in was built with xlwings {found['xlwings']}, but {machine.xlwings or 'none'} is installed, and "
            f"it finds only the DLL of its own version: {AGAIN}."
        )
    if found["capexrisk"] != VERSION:
        return f"The add-in is of capexrisk {found['capexrisk']}; this is {VERSION}: {AGAIN}."
    if Path(interpreter) != machine.python:
        return (
            f"The add-in is computed by {interpreter}, not by this Python, {machine.python}: to change that, {AGAIN}."
        )
    return (
        f"The add-in of capexrisk {VERSION}, xlwings {machine.xlwings}, is installed in {path.parent}, "
        f"computed by {interpreter}."
    )


def _write(path: Path, data: bytes) -> None:
    """Write the add-in whole or not at all."""
    temporary = path.with_name(f"{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(data)
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise InstallationError(_refused(path, error)) from None


def _refused(path: Path, error: OSError) -> str:
    if isinstance(error, PermissionError):
        return f"{path} is in use or write-protected: close all windows of Excel, then run this again."
    return f"{path} cannot be changed: {error.strerror}."


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None
