"""The VBA of the add-in, module by module: our own texts, xlwings' pieces, and what is derived from `FUNCTIONS`."""

from __future__ import annotations

from importlib.resources import files

from capexrisk_addin.excel import wrappers
from capexrisk_addin.excel.vendor import BuildError, Vendor
from capexrisk_addin.excel.wrappers import quoted
from capexrisk_udfs import FUNCTIONS
from capexrisk_udfs.functions import CATEGORY

MODULES = {
    "CapexRiskServer": "class",
    "CapexRiskErrors": "class",
    "CapexRiskFunctions": "standard",
    "CapexRiskRegistration": "standard",
    "CapexRiskRibbon": "standard",
    "ThisWorkbook": "document",
}
"""Every module that holds code, and its kind."""

CODE_PAGE = "cp1252"
LONGEST_LINE = 1000
"""VBA takes 1,023 characters."""

WHY_HELP = "Why a CAPEX_ function in a cell gives an error value, in one sentence; only in Excel for Windows."
WHY_ARGUMENT = "The one cell that shows the error value."

REGISTRATION = """\
' Tells Excel's function wizard what every function and argument means. A missing help text is no reason to stop.
Option Explicit
Option Private Module

Public Sub CapexRiskRegister()
    Dim place As String
    On Error Resume Next
    place = "'" & ThisWorkbook.Name & "'!"
{calls}
    ThisWorkbook.Saved = True
End Sub
"""


def modules(vendor: Vendor) -> dict[str, str]:
    """Give the text of every module of `MODULES`, lines ending in LF; raises BuildError."""
    texts = {name: _own(name, kind) for name, kind in MODULES.items() if name != "CapexRiskRegistration"}
    texts["CapexRiskServer"] = _after_declarations(texts["CapexRiskServer"], vendor)
    texts["CapexRiskFunctions"] += wrappers.patched(wrappers.generated())
    texts["CapexRiskRegistration"] = registration()
    for name, text in texts.items():
        _check(name, text)
    return texts


def registration() -> str:
    """Give the module that registers help texts with Excel's function wizard."""
    calls = [
        _registered(function.name, function.help, function.category, [argument.help for argument in function.arguments])
        for function in FUNCTIONS.values()
    ]
    calls.append(_registered("CAPEX_WHY", WHY_HELP, CATEGORY, [WHY_ARGUMENT]))
    return REGISTRATION.format(calls="\n".join(calls))


def _registered(name: str, help: str, category: str, arguments: list[str]) -> str:
    described = f", ArgumentDescriptions:=Array({', '.join(map(quoted, arguments))})" if arguments else ""
    return (
        f'    Application.MacroOptions Macro:=place & "{name}", Description:={quoted(help)}, _\n'
        f"        Category:={quoted(category)}{described}"
    )


def _own(name: str, kind: str) -> str:
    ending = "bas" if kind == "standard" else "cls"
    return files("capexrisk_addin.excel").joinpath("vba", f"{name}.{ending}").read_text("utf-8")


def _after_declarations(own: str, vendor: Vendor) -> str:
    """Put xlwings' licence and declarations first, as VBA demands, and its procedures last."""
    licence, declarations, *procedures = vendor.code
    head, mark, body = own.partition("Option Explicit\n")
    if not mark:
        raise BuildError("The module CapexRiskServer has no Option Explicit: reinstall capexrisk.")
    return "\n".join([head + mark, licence, declarations + body, *(text + "\n" for text in procedures)])


def _check(name: str, text: str) -> None:
    try:
        text.encode(CODE_PAGE)
    except UnicodeEncodeError as error:
        raise BuildError(f"Module {name} has a sign that VBA cannot hold: {error.object[error.start]!r}.") from None
    if too_long := next((line for line in text.splitlines() if len(line) > LONGEST_LINE), None):
        raise BuildError(f"Module {name} has a line of {len(too_long)} characters; VBA takes {LONGEST_LINE}.")
