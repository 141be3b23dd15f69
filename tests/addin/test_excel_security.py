"""No workbook, nothing beside one and no current folder decides which interpreter or code runs."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import pywin32
from basic import Basic, without_conditions
from conftest import require_calc

from capexrisk_addin.excel import vba
from capexrisk_addin.excel.build import build
from capexrisk_addin.excel.vendor import Vendor
from capexrisk_udfs import FUNCTIONS

PYTHON = r"C:\Users\Ann\venv\Scripts\pythonw.exe"


@pytest.fixture(scope="module")
def texts():
    return vba.modules(Vendor.installed())


def code(text):
    """VBA without its comments."""
    return "\n".join(re.sub(r"(?:^|\s)'.*$", "", line) for line in text.splitlines())


def test_no_module_looks_at_a_workbook_or_its_folder(texts):
    for name, text in texts.items():
        for word in (
            "ActiveWorkbook",
            "ActiveSheet",
            "Worksheets",
            "Sheets(",
            "FullName",
            ".Path",
            "CurDir",
            "ChDir",
            "Workbooks",
            "CustomDocumentProperties",
            "GetConfigFromSheet",
            "SheetExists",
            "Range(",
        ):
            assert word not in code(text), f"{word} in {name}"


def test_no_module_starts_anything_but_the_interpreter(texts):
    for name, text in texts.items():
        for word in (
            "Shell",
            "CreateObject",
            "GetObject",
            "cmd.exe",
            "Application.Run",
            "ExecuteExcel4Macro",
            "WScript",
            "Evaluate",
            "AppActivate",
            "MacScript(",
            "Eval",
            "Exec ",
        ):
            assert word not in code(text), f"{word} in {name}"


def test_only_the_functions_can_be_called_from_a_cell(texts):
    callable_from_cells = []
    for name, kind in vba.MODULES.items():
        if kind != "standard" or "Option Private Module" in texts[name]:
            continue
        callable_from_cells += re.findall(r"^(?:Public )?(?:Function|Sub) (\w+)", texts[name], re.M)
    assert sorted(callable_from_cells) == sorted([*FUNCTIONS, "CAPEX_WHY"])


def test_everything_that_reaches_the_dll_is_private_in_a_class(texts):
    server = texts["CapexRiskServer"]
    assert vba.MODULES["CapexRiskServer"] == "class"
    assert re.findall(r"^Public \w+ (\w+)", server, re.M) == ["Connection", "Disconnect"]
    assert not re.findall(r"^\s*(?:Public )?Declare", server, re.M)
    assert not re.findall(r"^(?:Function|Sub|Const)", server, re.M)


def test_wrappers_hand_over_three_things_and_never_a_workbook(texts):
    calls = re.findall(r"XLPy\.CallUDF\((.*)\)$", texts["CapexRiskFunctions"], re.M)
    assert len(calls) == len(FUNCTIONS)
    for call in calls:
        assert re.fullmatch(r'"capexrisk_udfs\.registration", "CAPEX_[A-Z_]+", Array\([a-z, ]*\)', call)


def test_the_command_has_no_part_that_differs_between_workbooks(texts):
    command = re.search(r"Private Function XLPyCommand.*?End Function", texts["CapexRiskServer"], re.DOTALL)
    assert command
    assert code(command[0]).count("&") == 3
    assert " -I -B -c " in command[0]


# Executed: the module itself, with Windows' files and xlwings' DLL answered for by the test.

BENCH = """
Option VBASupport 1
Public other As Object
Public loaded As String
Public started As String
Function Connect(peer)
    Dim server As New CapexRiskServer
    Set other = peer
    loaded = "" : started = ""
    On Error GoTo failed
    server.Connection
    Connect = Array("", loaded, started)
    Exit Function
failed:
    Connect = Array(Err.Description, loaded, started)
End Function
"""
ACTIVATE = """
Private Function XLPy()
    Dim made
    XLPyLoadDLL
    If 0 <> XLPyDLLActivateAuto(made, XLPyCommand, 1) Then Err.Raise 1000
    Set XLPy = made
End Function
"""
DLL = """
Private Function LoadLibrary(ByVal name As String) As Long
    loaded = name
    LoadLibrary = 1
End Function
Private Function XLPyDLLActivateAuto(Result, Config, mode) As Long
    started = Config
    Set Result = other
End Function
"""


@pytest.fixture(scope="module")
def basic(texts, tmp_path_factory):
    require_calc()
    home = tmp_path_factory.mktemp("home")
    patch = pytest.MonkeyPatch()
    patch.setenv("USERPROFILE", str(home))
    patch.chdir(tmp_path_factory.mktemp("beside"))
    with Basic(build(), lambda *_: None) as running:
        server = without_conditions(texts["CapexRiskServer"])
        server = re.sub(r"^\s*Private Declare.*\n", "", server, flags=re.M) + DLL
        # LibreOffice cannot hand over a function's own name by reference, as xlwings' XLPy does.
        server = re.sub(r"Private Function XLPy\(\).*?End Function", ACTIVATE, server, flags=re.DOTALL)
        server = server.replace(r'"\.capexrisk\capexrisk.conf"', '"/.capexrisk/capexrisk.conf"')
        # Every interpreter is there but one, so that a refusal is for its name and not because it is missing here.
        files = 'IsFile = FileExists(path) Or (InStr(path, "conf") = 0 And InStr(path, "gone") = 0)'
        server = server.replace("IsFile = (GetAttr(path) And vbDirectory) = 0", files)
        running.replace("CapexRiskServer", "Option VBASupport 1\nOption ClassModule\n" + server)
        running.replace("Bench", BENCH)
        running.home = home
        yield running
    patch.undo()


def configured(basic, *lines):
    path = basic.home / ".capexrisk" / "capexrisk.conf"
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(f'"{key}","{value}"\r\n' for key, value in lines), "cp1252", newline="")


@pytest.mark.libreoffice
def test_the_configured_interpreter_is_started_isolated(basic):
    configured(basic, ("POLICY", r"C:\bank.toml"), ("INTERPRETER_WIN", PYTHON))
    complaint, loaded, started = basic.run("Bench.Connect")
    assert complaint == ""
    assert loaded == r"C:\Users\Ann\venv\Scripts\xlwings64-0.37.8.dll"
    command = "from capexrisk_addin.excel.server import serve; serve('$(CLSID)')"
    assert started == f'"{PYTHON}" -I -B -c "{command}"'
    assert len(started) < 2048, "the DLL takes no longer command"


@pytest.mark.libreoffice
@pytest.mark.parametrize(
    "interpreter",
    ["pythonw", "python.exe", r"Scripts\python.exe", r"C:python.exe", r"C:\evil\calc.exe", r"C:\a $(x)\python.exe",
     r".\python.exe", "/usr/bin/python3", ""],
)  # fmt: skip
def test_anything_but_the_full_path_of_a_python_is_refused_before_a_library_is_loaded(basic, interpreter):
    configured(basic, ("INTERPRETER_WIN", interpreter))
    complaint, loaded, started = basic.run("Bench.Connect")
    assert (loaded, started) == ("", "")
    assert "is not the full path of a python.exe" in complaint or "has signs that cannot be used" in complaint
    assert "capexrisk addin install" in complaint


@pytest.mark.libreoffice
def test_an_interpreter_that_is_gone_is_said(basic):
    configured(basic, ("INTERPRETER_WIN", r"C:\Users\Ann\gone\pythonw.exe"))
    assert "is gone" in basic.run("Bench.Connect")[0]


@pytest.mark.libreoffice
def test_files_in_the_current_folder_do_not_count(basic):
    (basic.home / ".capexrisk" / "capexrisk.conf").unlink(missing_ok=True)
    Path("capexrisk.conf").write_text(f'"INTERPRETER_WIN","{PYTHON}"\r\n')
    Path(".capexrisk").mkdir(exist_ok=True)
    Path(".capexrisk", "capexrisk.conf").write_text(f'"INTERPRETER_WIN","{PYTHON}"\r\n')
    complaint, loaded, started = basic.run("Bench.Connect")
    assert "There is no" in complaint
    assert (loaded, started) == ("", "")


def test_the_interpreter_takes_no_module_from_the_current_folder(tmp_path):
    """What `-I` is for, with the very command that the add-in gives, up to the server's start."""
    (tmp_path / "xlwings.py").write_text("raise SystemExit('planted')")
    (tmp_path / "capexrisk_addin.py").write_text("raise SystemExit('planted')")
    command = [
        sys.executable,
        "-I",
        "-B",
        "-c",
        "import capexrisk_addin.excel.server, xlwings; print(xlwings.__file__)",
    ]
    done = subprocess.run(
        command, cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert str(tmp_path) not in done.stdout
    unsafe = [sys.executable, *command[2:]]
    done = subprocess.run(unsafe, cwd=tmp_path, env={}, capture_output=True, text=True, check=False)
    assert "planted" in done.stderr


def test_code_sheets_of_a_workbook_are_not_reached(monkeypatch):
    """xlwings looks for sheets named *.py in the workbook that it is given; the wrappers give none."""
    with pywin32.installed() as classic:
        from xlwings import udfs

        def looked(*_):
            raise AssertionError("a workbook was looked at")

        monkeypatch.setattr(udfs, "Book", looked)
        monkeypatch.setattr(udfs, "Dispatch", looked)
        assert classic.call("CAPEX_VERSION", []).startswith("capexrisk")
        udfs.udf_modules.clear()
        with pytest.raises(AssertionError):
            classic.server.CallUDF("capexrisk_udfs.registration", "CAPEX_VERSION", (), pywin32.Com())
