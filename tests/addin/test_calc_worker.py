"""The process that computes for Calc, spoken to as the component inside LibreOffice does."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from review_ranges import REVIEW, ranges

import capexrisk
from capexrisk_addin.calc import worker
from capexrisk_udfs import FUNCTIONS, runs

RANGES = ranges(REVIEW)
Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Give a function that sends a request to a new process of this Python and gives the reply."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    command = [sys.executable, "-P", "-m", "capexrisk_addin.calc.worker"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8") as process:
        assert process.stdin and process.stdout
        stdin, stdout = process.stdin, process.stdout

        def send(function: str, *arguments: Any) -> dict[str, Any]:
            stdin.write(json.dumps({"function": function, "arguments": arguments}) + "\n")
            stdin.flush()
            return json.loads(stdout.readline())

        yield send
        stdin.close()
        assert process.wait(10) == 0


def test_values_and_tables_come_back(ask: Ask):
    assert ask("CAPEX_SCORE", *RANGES) == {"gives": FUNCTIONS["CAPEX_SCORE"].call(*RANGES)}
    assert ask("CAPEX_CHECKS", *RANGES) == {"gives": FUNCTIONS["CAPEX_CHECKS"].call(*RANGES)}


def test_a_wrong_call_is_refused_with_its_sentence_and_the_next_is_answered(ask: Ask):
    assert ask("CAPEX_METRIC", "nonsense", *RANGES[:2])["refused"].startswith("Metric 'nonsense' is not known")
    assert "gives" in ask("CAPEX_VERSION")


def test_a_function_that_is_not_there_says_to_install_again(ask: Ask):
    assert ask("CAPEX_OTHER") == {"failed": "This capexrisk has no CAPEX_OTHER: run capexrisk calc install again."}


def test_a_failure_is_a_sentence_and_its_reason_stands_in_the_log(ask: Ask, tmp_path: Path):
    log = tmp_path / "capexrisk" / "log" / "calc.log"
    failed = {"failed": f"CAPEX_VERSION failed for a reason of its own; {log} says more."}
    assert ask("CAPEX_VERSION", 1) == failed
    assert "Traceback" in log.read_text("utf-8")


def test_error_cells_arrive_as_error_values_not_as_text(ask: Ask):
    inputs = [[label, {"error": "#N/A"} if value == 900.0 else value] for label, value in RANGES[0]]
    said = ask("CAPEX_DECISION", inputs, *RANGES[1:])["gives"]
    assert said.startswith("Incomplete, sheet Review: ") and "#N/A" in said


def test_functions_over_the_same_ranges_compute_the_model_once(monkeypatch: pytest.MonkeyPatch):
    runs.forget()
    computed = []

    def counted(*arguments: Any) -> Any:
        computed.append(arguments)
        return assess(*arguments)

    assess = capexrisk.assess
    monkeypatch.setattr(capexrisk, "assess", counted)
    for name in ("CAPEX_SCORE", "CAPEX_RATING", "CAPEX_CHECKS"):
        line = json.dumps({"function": name, "arguments": RANGES})
        worker.answer(json.loads(line))
    assert len(computed) == 1
