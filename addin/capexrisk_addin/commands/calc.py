"""`capexrisk calc install`, `remove` and `status`: the functions in LibreOffice Calc."""

from __future__ import annotations

import typer

from capexrisk_addin.commands.common import FAILED, stop

group = typer.Typer(name="calc", help="The functions in LibreOffice Calc.", no_args_is_help=True)


def _say(action: str) -> None:
    from capexrisk_addin import calc

    try:
        print(getattr(calc, action)())
    except calc.OfficeError as error:
        stop(str(error), FAILED)


@group.command(epilog="Example: capexrisk calc install")
def install() -> None:
    """Install the functions in LibreOffice Calc for the current user; needs LibreOffice 25.2 or newer."""
    _say("install")


@group.command(epilog="Example: capexrisk calc remove")
def remove() -> None:
    """Remove the functions from LibreOffice Calc."""
    _say("remove")


@group.command(epilog="Example: capexrisk calc status")
def status() -> None:
    """Say whether the functions are installed in LibreOffice Calc, and with which Python they compute."""
    _say("status")
