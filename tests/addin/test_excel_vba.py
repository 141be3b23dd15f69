"""The add-in's VBA run in LibreOffice's Basic: what failing calls leave, and how the buttons wait for Python."""

import re

import pytest
from basic import Basic, as_in_vba, standin
from conftest import require_calc
from xlwings import XlwingsError

from capexrisk_addin.excel import vba
from capexrisk_addin.excel.build import build
from capexrisk_addin.excel.vendor import Vendor


@pytest.fixture(scope="module")
def basic():
    require_calc()
    with Basic(build(), lambda *_: None) as running:
        running.replace("Kept", KEPT)
        yield running


KEPT = """
Option VBASupport 1
Function Kept(peer, address, description)
    Dim errors As New CapexRiskErrors
    Kept = Array(IsError(errors.Keep(address, description)), errors.Sentence(address), errors.Sentence("elsewhere"))
End Function
Function Many(peer, count)
    Dim errors As New CapexRiskErrors
    Dim n As Long
    For n = 1 To count
        errors.Keep "A" & n, "reason " & n
    Next n
    Many = Array(errors.Sentence("A1"), errors.Sentence("A" & count))
End Function
"""


@pytest.mark.libreoffice
def test_a_failing_call_keeps_its_sentence_for_its_cell(basic):
    description = as_in_vba(ValueError("x")).replace("builtins.ValueError: x", "xlwings.XlwingsError: Say −5, not 5.")
    assert basic.run("Kept.Kept", "[a]b!$A$1", description) == [True, "Say −5, not 5.", ""]


@pytest.mark.libreoffice
def test_sentences_do_not_pile_up(basic):
    assert basic.run("Kept.Many", 1002) == ["", "reason 1002"]


@pytest.mark.libreoffice
def test_a_failure_of_the_dll_is_one_line(basic):
    said = "Could not create Python process.\r\nError message: The system cannot find the file specified."
    assert basic.run("Kept.Kept", "A1", said)[1] == "Could not create Python process."


RIBBON = """
Option VBASupport 1
Public other As Object
Function Pressed(peer, button)
    Dim server As New StandinServer
    Dim host As New StandinHost
    Set other = peer
    host.Meet peer
    Pressed = Worked(button, host, server)
End Function
"""


@pytest.fixture(scope="module")
def ribbon():
    require_calc()
    texts = vba.modules(Vendor.installed())
    asked, replies = [], []

    def answer(name, method, arguments):
        asked.append((name, method, arguments))
        if (name, method) == ("python", "CallUp"):
            reply = replies.pop(0)
            if isinstance(reply, Exception):
                raise reply
            return reply
        if (name, method) == ("python", "AsText"):
            return arguments[0]
        return arguments[0] if arguments else None

    with Basic(build(), answer) as running:
        text = re.sub(r"Public Sub CapexRiskPress.*?End Sub\n", "", texts["CapexRiskRibbon"], flags=re.DOTALL)
        # An object of Basic cannot cross the bridge, so the host is handed over by its name.
        text = text.replace("python.Tuple(what, host)", 'python.Tuple(what, "excel")')
        # LibreOffice's Basic cannot define methods that are called like its own words.
        text = text.replace("python.Str(", "python.AsText(").replace("python.Call(", "python.CallUp(")
        running.replace(
            "CapexRiskRibbon", "Option VBASupport 1\n" + text.replace("Private Function Worked", "Function Worked")
        )
        running.replace("StandinPython", standin("python", {"AsText": 1, "CallUp": 3, "Module": 1, "Tuple": 2}))
        running.replace("StandinHost", standin("host", {}, ("StatusBar", "EnableCancelKey")))
        connect = "Public Function Connection() As Object\nDim made As New StandinPython\nmade.Meet other\n"
        running.replace(
            "StandinServer",
            f"Option VBASupport 1\nOption ClassModule\n{connect}Set Connection = made\nEnd Function",
        )
        running.replace("Bench", RIBBON)
        yield running, asked, replies


def host_of(asked):
    return [(method, arguments[0]) for name, method, arguments in asked if name == "host"]


@pytest.mark.libreoffice
def test_a_button_asks_python_until_it_is_done(ribbon):
    basic, asked, replies = ribbon
    asked.clear()
    replies[:] = ["working 1 of 2", "working 2 of 2", ""]
    assert basic.run("Bench.Pressed", "recalculate_folder") == ""
    calls = [arguments[1] for name, method, arguments in asked if method == "CallUp"]
    assert calls == ["press", "go_on", "go_on"]
    given = [arguments for name, method, arguments in asked if method == "Tuple"]
    assert given == [["recalculate_folder", "excel"], [False, "excel"], [False, "excel"]]
    assert next(a for name, method, a in asked if method == "Module") == ["capexrisk_addin.excel.ribbon"]
    assert host_of(asked) == [
        ("EnableCancelKey", 2), ("StatusBar", "1 of 2"), ("StatusBar", "2 of 2"),
        ("StatusBar", False), ("EnableCancelKey", 1),
    ]  # fmt: skip


@pytest.mark.libreoffice
def test_a_button_whose_python_does_not_start_says_so_and_what_to_do(ribbon):
    basic, asked, replies = ribbon
    asked.clear()
    replies[:] = [XlwingsError("the server is gone")]
    said = basic.run("Bench.Pressed", "about")
    assert "the server is gone" in said
    assert "capexrisk addin doctor" in said
    assert host_of(asked)[-2:] == [("StatusBar", False), ("EnableCancelKey", 1)]
