"""The server as it answers over HTTP, in a process of its own.

xlwings Server is licensed for noncommercial use here (the key "noncommercial"), which is what these tests are.
"""

import http.client
import json
import re
import struct
import time
from xml.etree import ElementTree

import pytest
from review_ranges import REVIEW, ranges
from web import require, serving

import capexrisk
from capexrisk import Reviews, assess
from capexrisk_udfs import FUNCTIONS

INPUTS, CUSTOMERS, SCENARIOS, QUESTIONS = ranges(REVIEW)
CALL, REVIEWED = "/xlwings/custom-functions-call", "/review"
PAGES = ("/", "/health", "/manifest.xml", "/taskpane.html", "/xlwings/custom-functions-meta.json",
         "/xlwings/custom-functions-code.js", "/xlwings/custom-scripts-meta.json", "/static/js/main.js")  # fmt: skip
BAIT = "/etc/passwd"


@pytest.fixture(scope="module")
def server():
    require("server")
    with serving() as running:
        yield running


def ask(server, path, body=None, method=None, **headers):
    """Status, headers and text of an answer; a body that is not bytes is sent as JSON."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    if body is not None:
        headers = {"Content-Type": "application/json", **headers}
        body = body if isinstance(body, (bytes, str)) else json.dumps(body)
    try:
        connection.request(method or ("GET" if body is None else "POST"), path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read().decode("utf-8", "replace")
    finally:
        connection.close()


def sentence(answer):
    """The error of an answer, which must be one readable sentence and nothing of our insides."""
    status, headers, text = answer
    assert headers["Content-Type"] == "application/json"
    assert set(json.loads(text)) == {"error"}
    said = json.loads(text)["error"]
    assert re.fullmatch(r"[A-Z0-9\"'].*[.)]", said, re.DOTALL), said
    assert "Traceback" not in said and 'File "' not in said
    return status, said


def eventually(holds):
    """Whether it holds within a few seconds."""
    until = time.monotonic() + 5
    while not holds() and time.monotonic() < until:
        time.sleep(0.05)
    return holds()


def sent(cells):
    return [["" if cell is None else cell for cell in row] for row in cells]


def call(name, *arguments, **more):
    return {
        "func_name": name,
        "args": list(arguments),
        "version": "0.37.8",
        "runtime": "1.4",
        "client": "Office.js",
        **more,
    }


def review(**changes):
    parts = {
        "Inputs": ("Review!$B$8:$C$90", INPUTS),
        "Customers": ("Customers!B6:J31", CUSTOMERS),
        "Scenarios": ("'My scenarios'!A5:M29", SCENARIOS),
        "Questions": ("Review!B86:H95", QUESTIONS),
    }
    return {name: {"address": address, "values": sent(values)} for name, (address, values) in parts.items()} | changes


def test_every_function_gives_over_http_what_plain_python_gives(server):
    values = {
        "inputs": INPUTS, "customers": CUSTOMERS, "scenarios": SCENARIOS, "questions": QUESTIONS,
        "metric": [["interest_cover"]], "field": [["cash"]], "scenario": [["buyer_pauses"]], "count": [[1.0]],
    }  # fmt: skip
    for name, function in FUNCTIONS.items():
        given = [values[argument.name] for argument in function.arguments]
        status, _, text = ask(server, CALL, call(name, *map(sent, given)))
        expected = function.call(*given)
        assert (status, json.loads(text)) == (200, {"result": expected if function.gives == "table" else [[expected]]})


def test_the_pane_is_told_the_result_of_the_model(server):
    status, _, text = ask(server, REVIEWED, review())
    told = json.loads(text)
    result = assess(Reviews.from_records([REVIEW])).result(0)
    assert status == 200
    assert (told["score"], told["rating"], told["decision"]) == (result.score, result.rating, result.decision)
    assert [check["text"] for check in told["checks"]] == [check.text for check in result.checks.values()]
    assert [each["liquidity"] for each in told["stress"]] == [list(each.liquidity) for each in result.stress]
    assert told["ask"] == result.ask


def test_a_finding_names_the_cell_that_it_is_about(server):
    wrong = [[label, 50.0 if label == "Gross margin" else value] for label, value in INPUTS]
    row = 8 + [label for label, _ in wrong].index("Gross margin")
    body = review(Inputs={"address": "Review!$B$8:$C$90", "values": sent(wrong)})
    (found,) = (item for item in json.loads(ask(server, REVIEWED, body)[2])["findings"] if item["kind"] == "wrong")
    assert (found["sheet"], found["cell"]) == ("Review", f"C{row}")


def test_a_sheet_whose_name_needs_quotes_is_named_without_them(server):
    scenarios = [[*row] for row in SCENARIOS]
    scenarios[1][0] = "#REF!"
    body = review(Scenarios={"address": "'Bob''s scenarios'!AA5:AM29", "values": sent(scenarios)})
    (found,) = (item for item in json.loads(ask(server, REVIEWED, body)[2])["findings"] if item["kind"] == "wrong")
    assert (found["sheet"], found["cell"]) == ("Bob's scenarios", "AA6")


def test_an_error_cell_is_named_as_such(server):
    broken = [[label, "#N/A" if label == "Gross margin" else value] for label, value in INPUTS]
    body = review(Inputs={"address": "Review!B8:C90", "values": sent(broken)})
    assert "Gross margin holds the error #N/A" in ask(server, REVIEWED, body)[2]


def test_an_error_as_excel_sends_it_is_named_as_such(server):
    error = {"type": "Error", "errorType": "NotAvailable", "basicValue": "#N/A", "basicType": "Error"}
    broken = [[label, error if label == "Gross margin" else value] for label, value in INPUTS]
    _, _, text = ask(server, CALL, call("CAPEX_RATING", *map(sent, (broken, CUSTOMERS, SCENARIOS, QUESTIONS))))
    assert "Gross margin holds the error #N/A" in text


RANGE = [["Entity", "Acme"]]
WRONG_CALLS = {
    "no body": (b"", 400, "valid JSON"),
    "no JSON": (b"{", 400, "valid JSON"),
    "no text": (b"\xff\xfe", 400, "valid JSON"),
    "no object": ([], 400, "JSON object"),
    "not a number": (b'{"a": NaN}', 400, "NaN is not a number"),
    "too deep": (b"[" * 100_000, 400, "nested"),
    "too deep in an object": ('{"a":' * 13 + "1" + "}" * 13, 400, "nested more than 12"),
    "no function": ({}, 400, "Function 'None' is not known"),
    "unknown function": (call("CAPEX_SCOR"), 400, "Did you mean 'CAPEX_SCORE'?"),
    "an attribute of the module": (call("logging"), 400, "Function 'logging' is not known"),
    "a list as function": (call(["CAPEX_SCORE"]), 400, "not known"),
    "too few arguments": (call("CAPEX_SCORE", RANGE), 400, "CAPEX_SCORE takes 4 arguments"),
    "too many arguments": (call("CAPEX_TOP_SHARE", *[RANGE] * 4), 400, "CAPEX_TOP_SHARE takes 2 or 3 arguments"),
    "arguments as an object": ({"func_name": "CAPEX_SCORE", "args": {}}, 400, "as a list"),
    "a number as range": (call("CAPEX_PAYBACK", 1, 2), 400, "range inputs must be a list of rows"),
    "an empty range": (call("CAPEX_PAYBACK", [[]], RANGE), 400, "range inputs must be a list of rows"),
    "a ragged range": (call("CAPEX_PAYBACK", [[1, 2], [3]], RANGE), 400, "same number of cells"),
    "a list in a cell": (call("CAPEX_PAYBACK", [[[1]]], RANGE), 400, "something else than a number"),
    "an unreadable data type": (call("CAPEX_PAYBACK", [[{"type": "Entity"}]], RANGE), 400, "something else than"),
    "too many cells": (call("CAPEX_PAYBACK", [[1] * 300] * 300, RANGE), 413, "more than 20,000 cells"),
    "a missing range": (call("CAPEX_PAYBACK", None, RANGE), 400, "The range inputs is missing"),
    "the wrong range": (call("CAPEX_PAYBACK", [["a", "b"]], RANGE), 400, "none of the template's labels"),
    "a huge number": (call("CAPEX_METRIC", [[10**300]], sent(INPUTS), sent(CUSTOMERS)), 400, "Metric"),
    "a range as metric": (call("CAPEX_METRIC", RANGE, sent(INPUTS), sent(CUSTOMERS)), 400, "single cell"),
    "an unknown metric": (call("CAPEX_METRIC", [["leverag"]], sent(INPUTS), sent(CUSTOMERS)), 400, "'leverage'?"),
    "a file name": (call("CAPEX_METRIC", [[BAIT]], sent(INPUTS), sent(CUSTOMERS)), 400, "is not known"),
}
WRONG_REVIEWS = {
    "no JSON": (b"]", 400, "valid JSON"),
    "no ranges": ({}, 400, "The range Inputs is missing"),
    "a text as range": (review(Customers="x"), 400, "The range Customers is missing"),
    "no values": (review(Customers={"address": "A1"}), 400, "range Customers must be a list of rows"),
    "no address": (review(Customers={"values": RANGE}), 400, "The range Customers needs its address"),
    "whole columns": (review(Customers={"address": "Customers!A:D", "values": RANGE}), 400, "needs its address"),
    "two areas": (review(Customers={"address": "\n" * 600, "values": RANGE}), 400, "needs its address"),
    "the wrong range": (review(Customers={"address": "A1:B1", "values": RANGE}), 400, "no header row"),
    "too many cells": (review(Customers={"address": "A1", "values": [[""] * 200] * 200}), 413, "20,000 cells"),
}


@pytest.mark.parametrize("case", WRONG_CALLS)
def test_a_wrong_call_is_a_sentence(server, case):
    body, status, part = WRONG_CALLS[case]
    answered, said = sentence(ask(server, CALL, body))
    assert answered == status and part in said


@pytest.mark.parametrize("case", WRONG_REVIEWS)
def test_a_wrong_review_is_a_sentence(server, case):
    body, status, part = WRONG_REVIEWS[case]
    answered, said = sentence(ask(server, REVIEWED, body))
    assert answered == status and part in said


@pytest.mark.parametrize("path", [CALL, REVIEWED])
def test_a_body_beyond_the_limit_is_refused_before_it_is_read(server, path):
    status, said = sentence(ask(server, path, b"", "POST", **{"Content-Length": "1000001"}))
    assert status == 413 and "larger than 1,000,000 bytes" in said


def test_a_body_of_unsaid_length_is_refused_once_it_passes_the_limit(server):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.putrequest("POST", CALL)
    connection.putheader("Content-Type", "application/json")
    connection.putheader("Transfer-Encoding", "chunked")
    connection.endheaders()
    try:
        for _ in range(300):
            connection.send(b"1000\r\n" + b" " * 4096 + b"\r\n")
    except (BrokenPipeError, ConnectionResetError):
        pass  # it has stopped listening
    answer = connection.getresponse()
    assert answer.status == 413


@pytest.mark.parametrize("path", [CALL, REVIEWED])
@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://localhost:1", "http://localhost.evil.example"]
)
def test_pages_of_other_origins_are_refused(server, path, origin):
    status, said = sentence(ask(server, path, {}, Origin=origin))
    assert status == 403 and origin in said


def test_its_own_pages_are_answered(server):
    body = call("CAPEX_VERSION")
    assert ask(server, CALL, body, Origin=server.url, Host=f"localhost:{server.port}")[0] == 200
    assert ask(server, CALL, body, Origin=f"http://127.0.0.1:{server.port}")[0] == 200


@pytest.mark.parametrize("path", PAGES)
def test_requests_for_another_host_are_refused(server, path):
    status, said = sentence(ask(server, path, Host="rebound.example"))
    assert status == 421 and "rebound.example" in said


def test_a_body_that_is_not_json_by_its_own_account_is_refused(server):
    status, said = sentence(ask(server, CALL, "a=1", **{"Content-Type": "application/x-www-form-urlencoded"}))
    assert status == 415 and "JSON" in said


@pytest.mark.parametrize("path", [*PAGES[:-1], "/static/js/main.js"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_a_page_takes_no_other_method(server, path, method):
    status, said = sentence(ask(server, path, {}, method))
    assert status == 405 and method in said


@pytest.mark.parametrize("path", [CALL, REVIEWED])
def test_a_call_must_be_posted(server, path):
    assert sentence(ask(server, path))[0] == 405


@pytest.mark.parametrize("path", [
    "/nothing", "/static/nothing", "/static/../hosting.py", "/static/..%2f..%2fhosting.py", "/static//etc/passwd",
    "/docs", "/openapi.json", "/xlwings/alert?prompt=a&title=b&buttons=ok&mode=info&callback=c",
    "/xlwings/custom-scripts-call/x", "/manifest", "/manifest/download", "/static/js", "/%00", "/xlwings/pyodide.json",
])  # fmt: skip
def test_nothing_else_is_there(server, path):
    status, said = sentence(ask(server, path))
    assert status == 404 and "There is nothing at" in said


@pytest.mark.parametrize("path", [*PAGES, "/nothing"])
def test_every_answer_says_what_browsers_may_do_with_it(server, path):
    headers = ask(server, path)[1]
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Server"] is None


def test_only_descriptions_may_be_read_from_other_pages(server):
    allowed = {
        path for path in (*PAGES, "/static/js/pane/view.js") if ask(server, path)[1]["Access-Control-Allow-Origin"]
    }
    assert allowed == {"/xlwings/custom-functions-meta.json", "/xlwings/custom-functions-code.js"}


def test_nothing_that_was_sent_is_kept_by_anyone(server):
    assert ask(server, REVIEWED, review())[1]["Cache-Control"] == "no-store"
    assert ask(server, CALL, call("CAPEX_VERSION"))[1]["Cache-Control"] == "no-store"


def test_office_js_is_fetched_once_and_our_scripts_are_never_stale(server):
    page = ask(server, "/taskpane.html")[2]
    (office,) = re.findall(r'src="([^"]*/office\.js)"', page)
    assert "immutable" in ask(server, office)[1]["Cache-Control"]
    first = ask(server, "/static/js/main.js")[1]
    assert first["Cache-Control"] == "no-cache"
    assert ask(server, "/static/js/main.js", **{"If-None-Match": first["ETag"]})[0] == 304


def test_health_computes_an_example_and_names_the_policy(server):
    status, _, text = ask(server, "/health")
    policy = capexrisk.Policy.built_in()
    assert status == 200
    assert json.loads(text) == {
        "status": "ok", "tool": capexrisk.VERSION, "template": "1", "functions": len(FUNCTIONS),
        "policy": {"name": policy.name, "hash": policy.hash},
    }  # fmt: skip


def test_the_functions_have_their_own_names_and_help(server):
    described = json.loads(ask(server, "/xlwings/custom-functions-meta.json")[2])["functions"]
    assert {each["name"]: each["description"] for each in described} == {
        name: one.help for name, one in FUNCTIONS.items()
    }


SCHEMAS = {
    "office": "http://schemas.microsoft.com/office/appforoffice/1.1",
    "over": "http://schemas.microsoft.com/office/taskpaneappversionoverrides",
    "bt": "http://schemas.microsoft.com/office/officeappbasictypes/1.0",
}


@pytest.fixture(scope="module")
def manifest(server):
    return ElementTree.fromstring(ask(server, "/manifest.xml")[2])


def test_the_manifest_has_what_excel_asks_for_in_its_order(manifest):
    names = [child.tag.partition("}")[2] for child in manifest]
    assert names == ["Id", "Version", "ProviderName", "DefaultLocale", "DisplayName", "Description", "IconUrl",
                     "HighResolutionIconUrl", "SupportUrl", "AppDomains", "Hosts", "Requirements", "DefaultSettings",
                     "Permissions", "VersionOverrides"]  # fmt: skip
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", manifest.findtext("office:Id", "", SCHEMAS))
    assert re.fullmatch(r"[1-9]\d*(\.\d+){3}", manifest.findtext("office:Version", "", SCHEMAS))


def test_every_resource_of_the_manifest_exists_and_every_reference_to_one(manifest):
    made = [
        each.get("id") for each in manifest.iter() if each.tag.startswith(f"{{{SCHEMAS['bt']}}}") and each.get("id")
    ]
    used = {each.get("resid") for each in manifest.iter() if each.get("resid")}
    assert len(made) == len(set(made)) and set(made) == used


def test_texts_of_the_manifest_are_as_short_as_excel_demands(manifest):
    longest = {"DisplayName": 125, "Description": 250}
    for element in manifest:
        name = element.tag.partition("}")[2]
        assert len(element.get("DefaultValue", "")) <= longest.get(name, 2048)
    for kind, most in (("ShortStrings", 125), ("LongStrings", 250)):
        texts = manifest.findall(f".//bt:{kind}/bt:String", SCHEMAS)
        assert texts and all(len(text.get("DefaultValue", "")) <= most for text in texts)
    ids = [each.get(name) for each in manifest.iter() for name in ("id", "resid") if each.get(name)]
    assert max(map(len, ids)) <= 32


def test_every_address_in_the_manifest_answers(server, manifest):
    addresses = {each.get("DefaultValue", "") for each in manifest.iter() if "://" in each.get("DefaultValue", "")}
    assert len(addresses) >= 10
    for address in addresses:
        assert address.startswith(f"{server.url}/")
        assert ask(server, address.removeprefix(server.url))[0] == 200


def test_icons_have_the_size_that_their_name_says(server, manifest):
    icons = [each.get("DefaultValue", "") for each in manifest.iter() if each.get("DefaultValue", "").endswith(".png")]
    assert len(icons) == 8
    for icon in icons:
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        connection.request("GET", icon.removeprefix(server.url))
        data = connection.getresponse().read()
        assert data[:8] == b"\x89PNG\r\n\x1a\n"
        size = int(re.findall(r"-(\d+)\.png", icon)[0])
        assert struct.unpack(">II", data[16:24]) == (size, size)


def test_the_manifest_gives_no_namespace(manifest):
    assert not list(manifest.iter(f"{{{SCHEMAS['over']}}}Namespace"))


def test_a_server_behind_a_proxy_is_known_by_its_public_address_only():
    require("server")
    with serving("--url", "https://capex.bank.example") as server:
        manifest = ask(server, "/manifest.xml")
        assert "https://capex.bank.example/taskpane.html" in manifest[2] and "localhost" not in manifest[2]
        body = call("CAPEX_VERSION")
        assert ask(server, CALL, body, Host="capex.bank.example", Origin="https://capex.bank.example")[0] == 200
        assert ask(server, CALL, body, Host="capex.bank.example", Origin="http://capex.bank.example")[0] == 403
        assert ask(server, "/health", Host="capex.bank.example")[1]["Strict-Transport-Security"]


AUTHENTICATION = """
from fastapi import HTTPException
from xlwings_server.models import User
async def validate_token(token_string):
    if token_string != "letmein":
        raise HTTPException(401, "Auth error: unknown token.")
    return User(id="1", name="Ann", roles=["reader"])
"""


def test_users_are_asked_who_they_are_where_the_administrator_says_so(tmp_path):
    require("server")
    package = tmp_path / "auth" / "bank"
    package.mkdir(parents=True)
    package.joinpath("__init__.py").write_text(AUTHENTICATION)
    environment = {"XLWINGS_AUTH_PROVIDERS": '["bank"]', "PYTHONPATH": str(tmp_path)}
    with serving(environment=environment) as server:
        for path, body in ((CALL, call("CAPEX_VERSION")), (REVIEWED, review())):
            assert sentence(ask(server, path, body)) == (401, "Auth error: unknown token.")
            assert ask(server, path, body, Authorization="letmein")[0] == 200
        assert ask(server, "/health")[0] == 200
    with serving(environment={**environment, "XLWINGS_AUTH_REQUIRED_ROLES": '["writer"]'}) as server:
        status, said = sentence(ask(server, CALL, call("CAPEX_VERSION"), Authorization="letmein"))
        assert status == 403 and "writer" in said


def test_a_policy_that_cannot_be_used_is_said_everywhere(tmp_path):
    require("server")
    policy = tmp_path / "bank.toml"
    policy.write_text("name = 'Bank'\n[nonsense]\na = 1\n")
    with serving(environment={"CAPEXRISK_POLICY": str(policy)}) as server:
        status, _, text = ask(server, "/health")
        assert status == 503 and "nonsense" in json.loads(text)["error"]
        status, said = sentence(ask(server, CALL, call("CAPEX_VERSION")))
        assert status == 400 and "nonsense" in said


def test_a_failure_of_its_own_is_a_sentence_and_the_reason_is_in_the_log(tmp_path):
    require("server")
    tmp_path.joinpath("sitecustomize.py").write_text(
        "import capexrisk_addin.server.pane as pane\ndef review(data): raise RuntimeError('the secret reason')\n"
        "pane.review = review\n"
    )
    with serving(environment={"PYTHONPATH": str(tmp_path)}) as server:
        assert sentence(ask(server, REVIEWED, review())) == (
            500,
            "The server failed for a reason of its own; its log says more.",
        )
        assert eventually(lambda: "the secret reason" in server.log)


def test_two_workers_answer_as_one():
    require("server")
    with serving("--workers", "2") as server:
        answers = {ask(server, CALL, call("CAPEX_VERSION"))[2] for _ in range(20)}
        assert len(answers) == 1 and capexrisk.VERSION in answers.pop()


def test_xlwings_searches_for_no_module_while_it_computes(tmp_path):
    """It would try to import pyodide.ffi for every cell, 0.2 ms each."""
    require("server")
    tmp_path.joinpath("sitecustomize.py").write_text(
        "import sys\nclass Searches:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.startswith('pyodide'): print('searched for', name, flush=True)\n"
        "sys.meta_path.insert(0, Searches())\n"
    )
    with serving(environment={"PYTHONPATH": str(tmp_path)}) as server:
        assert ask(server, CALL, call("CAPEX_PAYBACK", sent(INPUTS), sent(CUSTOMERS)))[0] == 200
        assert "searched for" not in server.log
