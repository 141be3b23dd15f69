# pyright: reportMissingImports=false, reportAttributeAccessIssue=false, reportOptionalMemberAccess=false
# ruff: noqa: D102, N802 - methods of LibreOffice's interfaces
"""The add-in inside LibreOffice, run by LibreOffice's own Python; copied into the extension, never imported here.

Needs the standard library and `uno` only. Every method of the interface in `types.idl` is one function; it hands its
arguments to the worker, a process of the Python that the extension's own settings name, and gives back what that says.
No workbook has a say in what is started.
"""

import contextlib
import json
import os
import struct
import subprocess
import tempfile
import threading
import time

import unohelper
from com.sun.star.lang import XServiceInfo, XServiceName

from capexrisk.calc import XFunctions

SERVICE = "capexrisk.calc.Functions"
FOLDER = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(FOLDER, "capexrisk.json"), encoding="utf-8") as settings_file:
    SETTINGS = json.load(settings_file)

ERROR_CODES = {"#NULL!": 521, "#DIV/0!": 532, "#VALUE!": 519, "#REF!": 524, "#NAME?": 525, "#NUM!": 503, "#N/A": 32767}
ERROR_NAMES = {code: name for name, code in ERROR_CODES.items()}
LOGICAL_FORMAT, FORMATS_OF_A_LANGUAGE = 99, 10000  # how Calc numbers its format for TRUE and FALSE in every language
MANY_CELLS = 20000
PATIENCE, PAUSE = 60, 5  # seconds for an answer, and before a worker that did not start is tried again


class WorkerError(Exception):
    """The worker cannot be asked; the text is a sentence."""


class Worker:
    """A running process that computes."""

    def __init__(self):
        self.complaints = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115
        # LibreOffice sets PYTHON… for its own Python; with -P no module that lies about is found.
        self.process = subprocess.Popen(
            [SETTINGS["python"], "-P", "-m", "capexrisk_addin.calc.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.complaints,
            env={key: value for key, value in os.environ.items() if not key.startswith("PYTHON")},
            encoding="utf-8",
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )

    def ask(self, request):
        """Give the reply to a request; raises WorkerError when there is none in time."""
        patience = threading.Timer(PATIENCE, self.process.kill)
        patience.start()
        try:
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
            return json.loads(self.process.stdout.readline())
        except (OSError, ValueError):
            raise WorkerError(self.end() or "it gave no answer") from None
        finally:
            patience.cancel()

    def end(self):
        """End the process and give the last line that it complained with."""
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError):
                stream.close()
        with self.complaints:
            self.complaints.seek(0)
            return self.complaints.read().strip().rpartition("\n")[2]


class Desk:
    """Passes requests to one worker, which it starts with the first of them, and again after it has ended."""

    def __init__(self):
        self.lock = threading.Lock()
        self.worker = None
        self.closed, self.closed_until = "", 0.0

    def ask(self, request):
        """Give the worker's reply; a worker that cannot be asked is a failure, and left alone for a while."""
        with self.lock:
            if time.monotonic() < self.closed_until:
                return {"failed": self.closed}
            try:
                if self.worker is None or self.worker.process.poll() is not None:
                    self.worker = Worker()
                return self.worker.ask(request)
            except (OSError, WorkerError) as error:
                self.worker = None
                self.closed_until = time.monotonic() + PAUSE
                self.closed = f"{SETTINGS['python']} cannot compute ({error}): run capexrisk calc install again."
                return {"failed": self.closed}


DESK = Desk()


def error_value(name):
    """Give the number that Calc shows as this error: not a number, with Calc's own code in its low bits."""
    return struct.unpack("<d", struct.pack("<Q", 0x7FF8000000000000 | ERROR_CODES.get(name, ERROR_CODES["#VALUE!"])))[0]


def rows_of(area):
    """Give a range of cells as the worker wants it; what lies behind the sheet's last used cell is left out."""
    address = area.RangeAddress
    rows, columns = address.EndRow - address.StartRow, address.EndColumn - address.StartColumn
    if (rows + 1) * (columns + 1) > MANY_CELLS:
        used = area.Spreadsheet.createCursor()
        used.gotoEndOfUsedArea(False)
        end = used.RangeAddress
        rows = max(0, min(rows, end.EndRow - address.StartRow))
        columns = max(0, min(columns, end.EndColumn - address.StartColumn))
        area = area.getCellRangeByPosition(0, 0, columns, rows)
    return [[cell_of(area, r, c, item) for c, item in enumerate(row)] for r, row in enumerate(area.getDataArray())]


def cell_of(area, row, column, item):
    """Give one cell as it is: an error arrives as None, TRUE as 1.0. A blank cell is "", which the functions know."""
    if item is None:
        code = area.getCellByPosition(column, row).getError()
        return {"error": ERROR_NAMES.get(code, "#VALUE!")}
    if item in (0.0, 1.0):
        number_format = area.getCellByPosition(column, row).NumberFormat
        return bool(item) if number_format % FORMATS_OF_A_LANGUAGE == LOGICAL_FORMAT else item
    return item


def shown(item):
    """Give one value of a result as Calc takes it."""
    if item is None:
        return ""
    if isinstance(item, bool):
        return float(item)
    if isinstance(item, (int, float)):
        return float(item) if abs(item) < float("inf") else error_value("#NUM!")
    return item


def call(function, arguments):
    """Give what a cell gets for a call: a value, rows of values, or an error value; never an exception."""
    is_table = function["gives"] == "table"
    pairs = zip(arguments, function["ranges"])  # noqa: B905 - Pythons before 3.10
    prepared = [rows_of(given) if is_range else given for given, is_range in pairs]
    reply = DESK.ask({"function": function["name"], "arguments": prepared})
    if "gives" in reply:
        given = reply["gives"]
        return tuple(tuple(map(shown, row)) for row in given) if is_table else shown(given)
    if is_table:
        return ((error_value("#VALUE!"),),)  # Calc fills the whole block with it
    if "failed" in reply and function["gives"] == "text":
        return reply["failed"]
    return error_value("#VALUE!")


def method_of(function):
    """Give the add-in's method for a function."""

    def method(self, *arguments):
        return call(function, arguments)

    return method


class Functions(unohelper.Base, XFunctions, XServiceName, XServiceInfo):
    """The add-in as Calc knows it; its functions are added below."""

    def __init__(self, context):
        self.context = context

    def getServiceName(self):
        return SERVICE

    def getImplementationName(self):
        return SERVICE

    def supportsService(self, name):
        return name in self.getSupportedServiceNames()

    def getSupportedServiceNames(self):
        return ("com.sun.star.sheet.AddIn", SERVICE)


for method_name, described in SETTINGS["functions"].items():
    setattr(Functions, method_name, method_of(described))

g_ImplementationHelper = unohelper.ImplementationHelper()  # noqa: N816 - the name that LibreOffice looks for
g_ImplementationHelper.addImplementation(Functions, SERVICE, ("com.sun.star.sheet.AddIn", SERVICE))
