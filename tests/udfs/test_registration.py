"""The functions as xlwings registers them, with xlwings' own code of both hosts, each in a process of its own.

The server's code is licensed for noncommercial use here (key "noncommercial"); the classic host's runs without
pywin32, of which three empty modules stand in because nothing in these tests calls them.
"""

import json
import os
import subprocess
import sys

import pytest
from review_ranges import REVIEW, ranges

from capexrisk_udfs import FUNCTIONS

SERVER = """
import asyncio, json, sys
import xlwings
from xlwings.server import custom_functions_call, custom_functions_meta
import capexrisk_udfs.registration as registration
def call(name, args):
    data = {"client": "Office.js", "func_name": name, "args": args, "caller_address": "[Book1]Sheet1!A1",
            "version": xlwings.__version__, "runtime": "1.4"}
    try:
        return {"gives": asyncio.run(custom_functions_call(data, registration))}
    except xlwings.XlwingsError as error:
        return {"error": str(error)}
calls = json.load(sys.stdin)
json.dump({"meta": custom_functions_meta(registration), "calls": [call(*each) for each in calls]}, sys.stdout)
"""

CLASSIC = """
import io, json, sys, types
for name in ("pythoncom", "pywintypes", "win32com", "win32com.client"):
    sys.modules[name] = types.ModuleType(name)
sys.modules["pythoncom"].CoInitialize = sys.modules["win32com.client"].Dispatch = lambda *args: None
import xlwings
from xlwings import udfs
xlwings.func = udfs.xlfunc
import capexrisk_udfs.registration as registration
written = io.StringIO()
udfs.generate_vba_wrapper("capexrisk_udfs.registration", registration, written, types.SimpleNamespace(Name="a.xlam"))
known = {name: vars(registration)[name].__xlfunc__ for name in vars(registration) if name.startswith("CAPEX_")}
facts = {
    name: {"category": one["category"], "help": one["ret"]["doc"], "wizard": one["call_in_wizard"],
           "volatile": one["volatile"],
           "arguments": [[arg["name"], arg["doc"], arg["options"].get("ndim"), arg["options"]["err_to_str"],
                          "optional" in arg] for arg in one["args"]]}
    for name, one in known.items()
}
json.dump({"vba": written.getvalue(), "facts": facts}, sys.stdout)
"""


def ran(code, given="", **environment):
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=given,
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def as_sent(value):
    """A range as the server's client sends it: blank is "", a single value a range of one cell."""
    if isinstance(value, list):
        return [["" if cell is None else cell for cell in row] for row in value]
    return [[value]]


INPUTS, CUSTOMERS, SCENARIOS, QUESTIONS = ranges(REVIEW)
BY_NAME = {
    "inputs": INPUTS,
    "customers": CUSTOMERS,
    "scenarios": SCENARIOS,
    "questions": QUESTIONS,
    "metric": "interest_cover",
    "field": "cash",
    "scenario": "buyer_pauses",
    "count": 1.0,
}
CALLS = {name: [BY_NAME[argument.name] for argument in function.arguments] for name, function in FUNCTIONS.items()}


def with_error(cells, label, error):
    return [[row[0], error if row[0] == label else row[1]] for row in cells]


@pytest.fixture(scope="module")
def server():
    error = {"type": "Error", "errorType": "NotAvailable", "basicValue": "#N/A", "basicType": "Error"}
    broken = with_error(INPUTS, "Cash and liquid investments", error)
    calls = [(name, [as_sent(value) for value in given]) for name, given in CALLS.items()]
    calls += [
        ("CAPEX_TOP_SHARE", [as_sent(INPUTS), as_sent(CUSTOMERS), None]),
        ("CAPEX_METRIC", [[["leverag"]], as_sent(INPUTS), as_sent(CUSTOMERS)]),
        ("CAPEX_RATING", [as_sent(part) for part in (broken, CUSTOMERS, SCENARIOS, QUESTIONS)]),
    ]
    return ran(SERVER, json.dumps(calls), XLWINGS_ON_SERVER="true", XLWINGS_LICENSE_KEY="noncommercial")


@pytest.fixture(scope="module")
def classic():
    return ran(CLASSIC)


def test_the_server_offers_every_function_with_its_help(server):
    offered = {each["name"]: each for each in server["meta"]["functions"]}
    assert set(offered) == set(FUNCTIONS)
    for name, function in FUNCTIONS.items():
        assert offered[name]["description"] == function.help
        parameters = [(each["name"], each["description"]) for each in offered[name]["parameters"]]
        assert parameters == [(argument.name, argument.help) for argument in function.arguments]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_server_gives_what_plain_python_gives(server, name):
    value = FUNCTIONS[name].call(*CALLS[name])
    given = server["calls"][list(FUNCTIONS).index(name)]["gives"]
    assert given == (value if FUNCTIONS[name].gives == "table" else [[value]])


def test_the_server_leaves_out_an_optional_argument(server):
    (value,) = server["calls"][-3]["gives"]
    assert value == [FUNCTIONS["CAPEX_TOP_SHARE"].call(INPUTS, CUSTOMERS)]


def test_the_server_shows_the_sentence_of_a_wrong_call(server):
    assert server["calls"][-2]["error"].startswith("Metric 'leverag' is not known. Did you mean 'leverage'?")


def test_an_error_cell_reaches_the_function_through_the_server(server):
    ((text,),) = server["calls"][-1]["gives"]
    assert "Cash and liquid investments holds the error #N/A" in text


def test_the_classic_host_writes_a_wrapper_for_every_function(classic):
    for name, function in FUNCTIONS.items():
        arguments = [f"{'Optional ' if each.optional else ''}{each.name}" for each in function.arguments]
        assert f"Function {name}({', '.join(arguments)})" in classic["vba"]


def test_the_classic_host_knows_help_category_and_how_to_read_arguments(classic):
    assert set(classic["facts"]) == set(FUNCTIONS)
    for name, function in FUNCTIONS.items():
        facts = classic["facts"][name]
        assert (facts["help"], facts["category"]) == (function.help, function.category)
        assert (facts["wizard"], facts["volatile"]) == (True, False)
        assert facts["arguments"] == [
            [each.name, each.help, 2 if each.kind == "range" else None, True, each.optional]
            for each in function.arguments
        ]


def test_a_failure_of_our_own_is_a_sentence_and_goes_to_the_log():
    code = """
import json, logging, sys
import capexrisk, xlwings
import capexrisk_udfs.registration as registration
logging.basicConfig(stream=sys.stderr)
capexrisk.assess = None
try:
    registration.CAPEX_PAYBACK([["Cash and liquid investments", 1.0]], [["Customer", "Kind", "Revenue"]])
except xlwings.XlwingsError as error:
    json.dump(str(error), sys.stdout)
"""
    assert ran(code) == "CAPEX_PAYBACK failed for a reason of its own; the log says more."


def test_the_module_imports_without_a_host():
    code = "import json, sys, capexrisk_udfs.registration as r; json.dump(r.CAPEX_VERSION(), sys.stdout)"
    assert ran(code, XLWINGS_ON_SERVER="") == FUNCTIONS["CAPEX_VERSION"].call()


def test_nothing_but_the_functions_is_registered(classic):
    assert classic["vba"].count("End Function") == len(FUNCTIONS)
    assert "Sub " not in classic["vba"]
