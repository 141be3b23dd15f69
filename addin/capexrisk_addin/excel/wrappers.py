"""The function wrappers, written by xlwings' own generator and freed of the workbook that they would hand over.

xlwings' generator belongs to a module that imports pywin32, which is on Windows only, and it needs decorators that
xlwings picks at import. So it runs in a process of its own, where empty modules stand in for pywin32 if it is missing.
"""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cache

from capexrisk_addin.excel.vendor import BuildError
from capexrisk_udfs import FUNCTIONS

MODULE = "capexrisk_udfs.registration"

GENERATE = f"""
import io, sys, types
try:
    import pythoncom, pywintypes, win32com.client
except ImportError:
    for name in ("pythoncom", "pywintypes", "win32com", "win32com.client"):
        sys.modules[name] = types.ModuleType(name)
    sys.modules["pythoncom"].CoInitialize = sys.modules["win32com.client"].Dispatch = lambda *args: None
import xlwings
from xlwings import udfs
xlwings.func = udfs.xlfunc
import {MODULE} as module
written = io.StringIO()
udfs.generate_vba_wrapper("{MODULE}", module, written, types.SimpleNamespace(Name="capexrisk.xlam"))
sys.stdout.buffer.write(written.getvalue().encode())
"""

WRITTEN = re.compile(
    r"Function (?P<name>\w+)\((?P<parameters>[^()\n]*)\)\n"
    r'    #If App = "Microsoft Excel" Then\n'
    r"        (?P<trap>If TypeOf Application\.Caller Is Range Then On Error GoTo failed)\n"
    rf'        (?P=name) = (?P<call>XLPy\.CallUDF\("{MODULE}", "(?P=name)", Array\([^()\n]*\)), '
    r"ActiveWorkbook, Application\.Caller\)\n"
    r"        Exit Function\n"
    r"    #Else\n"
    rf'        (?P=name) = XLPy\.CallUDF\("{MODULE}", "(?P=name)", Array\([^()\n]*\)\)\n'
    r"        Exit Function\n"
    r"    #End If\n"
    r"failed:\n"
    r"    (?P=name) = Err\.Description\n"
    r"End Function\n+"
)
"""One function as xlwings writes it."""

KEPT = """\
Function {name}({parameters})
Attribute {name}.VB_Description = {help}
    {trap}
    {name} = {call})
    Exit Function
failed:
    {name} = failures.Note(Err.Description)
End Function
"""
"""The same as the add-in has it: no workbook, no caller, its help, and a true error value instead of the traceback."""


@cache
def generated() -> str:
    """Give the wrappers of every function as xlwings' generator writes them."""
    done = subprocess.run(
        [sys.executable, "-I", "-c", GENERATE], capture_output=True, encoding="utf-8", timeout=120, check=False
    )
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise BuildError(f"xlwings cannot write the functions' wrappers ({reason}): install capexrisk anew.")
    return done.stdout.replace("\r\n", "\n")


def patched(text: str) -> str:
    """Give wrappers as the add-in has them; raises BuildError when the text is not as xlwings wrote it before."""
    left = WRITTEN.sub("", text).strip()
    if left or not text.strip():
        raise BuildError(
            f"xlwings writes the functions' wrappers in another form than the add-in was made for, from {left[:60]!r} "
            "on: install the xlwings that capexrisk asks for."
        )
    return "\n".join(
        KEPT.format(**found.groupdict(), help=quoted(FUNCTIONS[found["name"]].help)) for found in WRITTEN.finditer(text)
    )


def quoted(text: str) -> str:
    """Give a text as VBA writes it."""
    doubled = text.replace('"', '""')
    return f'"{doubled}"'
