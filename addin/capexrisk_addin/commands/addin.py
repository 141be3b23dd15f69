"""`capexrisk addin build`, `install`, `status`, `doctor` and `remove`: the functions in Excel for Windows."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from capexrisk_addin.commands.common import FAILED, USAGE, stop

if TYPE_CHECKING:
    from capexrisk_addin.excel.machine import Machine

group = typer.Typer(
    name="addin", help="The CAPEX_ functions and the ribbon in Excel for Windows.", no_args_is_help=True
)


@group.command(epilog="Example: capexrisk addin build --out capexrisk.xlam")
def build(
    out: Annotated[Path, typer.Option("--out", metavar="FILE.xlam", help="Where to write the add-in.")],
) -> None:
    """Build the add-in without Excel, from the installed xlwings; the same inputs give the same bytes."""
    from capexrisk_addin.excel.build import build as build_addin
    from capexrisk_addin.excel.vendor import BuildError
    from capexrisk_workbooks.ooxml.replace import create

    if out.suffix.lower() != ".xlam":
        stop(f"--out is {out.name}; its name must end in .xlam.", USAGE)
    try:
        create(out, build_addin(), force=True)
    except BuildError as error:
        stop(str(error), FAILED)
    print(out)


@group.command(epilog="Example: capexrisk addin install")
def install() -> None:
    """Put the add-in into Excel's start folder and write the configuration; no administrator rights needed."""
    from capexrisk_addin.excel.installation import install as install_addin

    _say(install_addin)


@group.command(epilog="Example: capexrisk addin status")
def status() -> None:
    """Say whether the add-in is installed and fits the installed xlwings."""
    from capexrisk_addin.excel.installation import status as status_of

    _say(status_of)


@group.command(epilog="Example: capexrisk addin remove")
def remove() -> None:
    """Take the add-in and its configuration out again; workbooks keep their last values."""
    from capexrisk_addin.excel.installation import remove as remove_addin

    _say(remove_addin)


@group.command(epilog="Example: capexrisk addin doctor")
def doctor(
    workbook: Annotated[str | None, typer.Argument(help="Path or URL of a workbook that does not work.")] = None,
) -> None:
    """Look for every known reason why the add-in does not work, and say what to do."""
    from rich.text import Text

    from capexrisk_addin.excel.doctor import examine
    from capexrisk_addin.terminal import console

    screen = console()
    bad = False
    for check in examine(_machine(), workbook):
        bad |= check.ok is False
        mark = {True: "well", False: "BAD ", None: "note"}[check.ok]
        screen.print(Text(f"{mark}  {check.name}: {check.sentence}"))
    if bad:
        raise typer.Exit(FAILED)


def _say(action: Callable[[Machine], str]) -> None:
    from capexrisk_addin.excel.installation import InstallationError
    from capexrisk_addin.excel.vendor import BuildError

    try:
        print(action(_machine()))
    except (InstallationError, BuildError) as error:
        stop(str(error), FAILED)


def _machine() -> Machine:
    from capexrisk_addin.excel.machine import ELSEWHERE, Machine

    if sys.platform != "win32":
        stop(ELSEWHERE, FAILED)
    return Machine.here()
