"""What keeps the add-in from working: one check for each failure that is known, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from capexrisk_addin.excel import configuration
from capexrisk_addin.excel.build import FILE_NAME, versions
from capexrisk_addin.excel.installation import AGAIN, status
from capexrisk_addin.excel.machine import Machine, bits_of


@dataclass(frozen=True)
class Check:
    """One check: what was looked at, whether it is well, and a sentence; `ok` is None where there is only a hint."""

    name: str
    ok: bool | None
    sentence: str


def examine(machine: Machine, workbook: str | None = None) -> list[Check]:
    """Run every check; `workbook` is the path or URL of a workbook in which something does not work."""
    found = [Check(name, *check(machine)) for name, check in CHECKS.items()]
    if workbook is not None:
        found.append(Check("workbook", *_workbook(workbook)))
    return found


Answer = tuple[bool | None, str]


def _start_folder(machine: Machine) -> Answer:
    folder = machine.start_folder
    if not folder.is_dir():
        return False, f"Excel's start folder {folder} is missing: run capexrisk addin install, which makes it."
    return True, f"Excel's start folder is {folder}."


def _file(machine: Machine) -> Answer:
    path = machine.start_folder / FILE_NAME
    installed = configuration.read(machine.profile).get(configuration.ADDIN)
    if path.exists():
        if _from_the_net(path):
            return False, f"Windows marks {path} as coming from the internet, and Excel blocks it: {AGAIN}."
        return True, f"The add-in is there: {path}."
    if installed:
        return False, (
            f"{installed} was installed and is gone; usually antivirus has put it into quarantine. Have IT allow the "
            f"file {FILE_NAME}, then {AGAIN}."
        )
    return False, "The add-in is not installed: run capexrisk addin install."


def _versions(machine: Machine) -> Answer:
    path = machine.start_folder / FILE_NAME
    try:
        built = versions(path.read_bytes()).get("xlwings")
    except OSError:
        return None, "There is no add-in to compare versions with."
    return built == machine.xlwings, status(machine)


def _dll(machine: Machine) -> Answer:
    python = Path(configuration.read(machine.profile).get(configuration.INTERPRETER) or machine.python)
    bits = bits_of(machine.excel) if machine.excel else None
    wanted = [f"xlwings{size}-{machine.xlwings}.dll" for size in ((bits,) if bits else (32, 64))]
    folders = (python.parent, python.parent.parent)
    missing = [name for name in wanted if not any((folder / name).is_file() for folder in folders)]
    if missing:
        return False, (
            f"{' and '.join(missing)} is in neither {folders[0]} nor {folders[1]}. `pip install --user` puts it "
            f"elsewhere: install capexrisk into a virtual environment (python -m venv), as a uv tool or with conda, "
            f"then {AGAIN}."
        )
    return True, f"xlwings' DLL is where the add-in looks for it ({', '.join(wanted)})."


def _interpreter(machine: Machine) -> Answer:
    named = configuration.read(machine.profile).get(configuration.INTERPRETER)
    if not named:
        return False, "The configuration names no interpreter: run capexrisk addin install."
    python = Path(named)
    if not python.is_file():
        return False, f"The interpreter {python} is gone; it was moved or removed: {AGAIN}."
    if reason := machine.complaint(python):
        return False, f"{python} cannot compute ({reason}): install capexrisk for it anew, then {AGAIN}."
    return True, f"{python} computes."


def _bitness(machine: Machine) -> Answer:
    if machine.excel is None:
        return False, "Excel was not found on this machine: install the desktop version of Microsoft 365 or Office."
    bits = bits_of(machine.excel)
    if bits is None:
        return None, f"{machine.excel} cannot be read, so whether it has 32 or 64 bits is not known."
    return True, f"Excel has {bits} bits; Python may have others, it runs beside Excel and not in it."


def _store(machine: Machine) -> Answer:
    if machine.excel is not None and "windowsapps" in str(machine.excel).casefold():
        return False, (
            "This Excel comes from the Microsoft Store and may not start other programs: have it replaced by the one "
            "from office.com (Account > Install apps)."
        )
    return True, "Excel does not come from the Microsoft Store."


def _python_home(machine: Machine) -> Answer:
    found = [name for name in ("PYTHONHOME", "PYTHONPATH") if machine.environment.get(name)]
    if found:
        return None, (
            f"{' and '.join(found)} is set on this machine. The add-in ignores it, but other programs' Python may fail "
            "over it; ask IT what it is for."
        )
    return True, "Neither PYTHONHOME nor PYTHONPATH is set."


def _letters(machine: Machine) -> Answer:
    named = configuration.read(machine.profile).get(configuration.INTERPRETER)
    for path in (named or str(machine.python), str(machine.start_folder), str(machine.profile)):
        if not configuration.readable(path) or "\ufffd" in path or any("\udc80" <= mark <= "\udcff" for mark in path):
            return False, (
                f"{path!a} has letters that VBA cannot read on this machine: install capexrisk in a folder whose path "
                f"has plain letters only, such as C:\\capexrisk, then {AGAIN}."
            )
        if '"' in path or "$(" in path:
            return False, f"{path} has signs that cannot stand in a command: install capexrisk in another folder."
    return True, "VBA can read every path."


def _cloud(machine: Machine) -> Answer:
    found = [name for name in ("OneDriveCommercial", "OneDrive") if machine.environment.get(name)]
    if found:
        return None, (
            f"OneDrive keeps files of this user in {machine.environment[found[0]]}. Excel gives workbooks there a URL "
            "for a path: functions and Check this review work, Recalculate folder… works on the folder on this disk."
        )
    return True, "No OneDrive folder."


def _workbook(workbook: str) -> Answer:
    if urlsplit(workbook).scheme in ("http", "https"):
        return None, (
            f"{workbook} is a URL: the functions work in it; to recalculate it without Excel, name the file in the "
            "folder that OneDrive or SharePoint keeps on this disk, or save a copy there."
        )
    if not Path(workbook).is_file():
        return False, f"{workbook} is not there."
    return True, f"{workbook} is a file on this disk."


CHECKS: dict[str, Callable[[Machine], Answer]] = {
    "start folder": _start_folder,
    "add-in": _file,
    "versions": _versions,
    "DLL": _dll,
    "interpreter": _interpreter,
    "Excel": _bitness,
    "Store": _store,
    "environment": _python_home,
    "letters": _letters,
    "OneDrive": _cloud,
}
"""Every check by its name."""


def _from_the_net(path: Path) -> bool:
    """Whether Windows keeps a note beside the file that it came from another machine."""
    try:
        with open(f"{path}:Zone.Identifier", encoding="utf-8", errors="replace") as note:
            return "ZoneId=3" in note.read().replace(" ", "")
    except OSError:
        return False
