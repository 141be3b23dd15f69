"""Text of strangers stays text: no output of ours makes a formula, a link, markup or terminal control of it."""

import csv
import io
import json
import re
import subprocess
import sys
import zipfile
from copy import deepcopy
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from capexrisk.examples import examples
from capexrisk_addin import cli
from capexrisk_addin.terminal import harmless, harmless_json
from capexrisk_workbooks.fresh import new_workbook
from capexrisk_workbooks.ooxml.book import Book

HOSTILE = [
    '=HYPERLINK("http://evil.example","Click")',
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(1,1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    '"=1+1',
    "'=1+1",
    '","=1+1","',
    "＝1+1",
    "http://evil.example/a",
    "mailto:a@evil.example",
    "file:///etc/passwd",
    "\\\\evil.example\\share",
    "[bold red]red[/bold red]",
    "[link=http://evil.example]here[/link]",
    "[/]",
    "[/no such style]",
    ":warning: :skull:",
    "\x1b[31mred\x1b[0m",
    "\x1b]8;;http://evil.example\x07here\x1b]8;;\x07",
    "\x1b]0;title\x07",
    "\x1b[2J\x1b[H",
    "\x9b31m",
    "\x07\x08\x7f",
    "safe\u202etxt.exe",
    "\u2066hidden\u2069",
    "a\u2028b",
    "<script>alert(1)</script>",
    "<b>&amp;</b>]]>",
    "&lt;!ENTITY x SYSTEM 'file:///etc/passwd'>",
    "{{7*7}}${7*7}%s%n{0}",
    "_x000D_=1+1",
    "A" * 5_000,
]
STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
NAMED = ("entity", "scope", "prepared_by")


def poisoned(texts: list[str], number: int = 10) -> dict:
    """A complete review with those texts wherever one may type text."""
    record = deepcopy(examples()[number])
    for at, key in enumerate(NAMED):
        record["inputs"][key] = texts[at % len(texts)]
    for at, customer in enumerate(record["customers"]):
        customer["customer"] = texts[at % len(texts)] + f" {at}"
    for at, question in enumerate(record["questions"]):
        question["answer"] = question["source"] = texts[at % len(texts)]
    record["scenarios"] = [{"scenario": "own case", "label": texts[0], "volume": -0.1}]
    record["inputs"]["cash"] = {"value": 161.0, "source": texts[0]}
    return record


def chunks() -> list[list[str]]:
    return [HOSTILE[at : at + 4] for at in range(0, len(HOSTILE), 4)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Reviews that hold every hostile string, and files that are named after some."""
    made = tmp_path_factory.mktemp("hostile")
    for number, texts in enumerate(chunks()):
        (made / f"{number}.xlsx").write_bytes(new_workbook(poisoned(texts)))
    whole = (made / "0.xlsx").read_bytes()
    for text in HOSTILE:
        name = text.replace("/", "").replace("\0", "")[:60]
        (made / f"{name}.xlsx").write_bytes(whole)
        (made / f"{name} broken.xlsx").write_bytes(whole[:-50])
    return made


def run(*arguments: object, colours: bool = False) -> tuple[int, str, str]:
    environment = {"FORCE_COLOR": "1", "TERM": "xterm-256color", "COLUMNS": "200"} if colours else {"COLUMNS": "200"}
    done = CliRunner(env=environment).invoke(cli.app, [str(item) for item in arguments])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        sentence = cli.sentence_of(done.exception)  # what `main` does with it
        assert sentence is not None, repr(done.exception)
    return done.exit_code, done.stdout, done.stderr


def steers(text: str) -> list[str]:
    return [text[max(0, found.start() - 30) : found.end() + 10] for found in STEERING.finditer(COLOUR.sub("", text))]


# The terminal.


@pytest.mark.parametrize("colours", [False, True], ids=["plain", "coloured"])
@pytest.mark.parametrize("command", ["show", "verify", "check", "compare", "recalc"])
def test_pages_of_the_terminal_show_text_as_text(command: str, colours: bool, folder: Path, tmp_path: Path):
    for number in range(len(chunks())):
        path = folder / f"{number}.xlsx"
        arguments: list[object] = {
            "compare": [folder / "0.xlsx", path],
            "recalc": [path, "--dry-run", "--workers", 1],
        }.get(command, [path])
        if command == "recalc" and number:
            continue  # starts a process of its own; the folder follows below
        _, out, errors = run(command, *arguments, colours=colours)
        assert steers(out) == [] and steers(errors) == []
        assert "\x1b]" not in out
    if command == "show":
        shown = run("show", folder / "4.xlsx")[1]
        assert "[bold red]red[/bold red]" in shown


def test_a_whole_folder_with_hostile_names_is_told_harmlessly(folder: Path, tmp_path: Path):
    options = ("--ledger", tmp_path / "ledger.sqlite", "--workers", 1)
    code, out, errors = run("recalc", folder, "--dry-run", *options, colours=True)
    assert code == 1  # the broken ones
    assert "unreadable" in out
    assert steers(out) == [] and steers(errors) == []
    assert "\x1b]" not in out
    assert steers("".join(run("check", folder)[1:])) == []


@pytest.mark.parametrize("command", ["recalc", "check", "contagion"])
def test_no_name_of_a_file_or_payer_begins_a_line_of_its_own(command: str, tmp_path: Path):
    record = poisoned(["Payer\nFORGED"])
    record["inputs"]["entity"] = "Acme\nFORGED"
    record["inputs"]["annual_capex"] = -1  # something to be said about it
    (tmp_path / "typed\nFORGED.xlsx").write_bytes(new_workbook(record))
    (tmp_path / "standing.xlsx").write_bytes(new_workbook(poisoned(["Payer\nFORGED"])))
    (tmp_path / "broken\nFORGED.xlsx").write_bytes(new_workbook(record)[:-50])
    _, out, errors = run(command, tmp_path, "--workers", 1) if command != "check" else run(command, tmp_path)
    assert "FORGED" in out
    assert not [line for line in (out + errors).splitlines() if line.lstrip(" ").startswith("FORGED")]


def test_the_history_of_an_entity_shows_text_as_text(tmp_path: Path):
    told = [text for text in HOSTILE if text.strip() and len(text) < 100]
    for number, text in enumerate(told):
        record = poisoned([text])
        record["inputs"]["period_end"] = "[/]\x1b[31m\nFORGED"
        (tmp_path / f"{number}.xlsx").write_bytes(new_workbook(record))
    run("recalc", tmp_path, "--workers", 1, "--ledger", tmp_path / "ledger.sqlite")
    for number, text in enumerate(told):
        colours = number % 2 == 0
        code, out, errors = run("history", "--ledger", tmp_path / "ledger.sqlite", "--", text, colours=colours)
        assert code == 0, (text, errors)
        assert "FORGED" in out
        assert steers(out) == []
        assert not [line for line in out.splitlines() if line.lstrip(" ").startswith("FORGED")]


def test_an_error_that_names_a_file_steers_nothing():
    name = "".join(text for text in HOSTILE if "/" not in text and len(text) < 20)[:200] + ".xlsx"
    command = [sys.executable, "-m", "capexrisk_addin.cli", "show", "--", name]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "no such file" in done.stderr
    assert steers(done.stderr) == []


def test_what_is_left_out_is_only_what_steers():
    assert harmless("Größe 見直し\n\ttab – ok [x]") == "Größe 見直し\n\ttab – ok [x]"
    assert harmless("a\x1b[31mb\x9bc\udce9") == "a[31mbc?"


# JSON.


@pytest.mark.parametrize("command", ["show", "verify", "check", "compare", "assess"])
def test_json_says_the_same_and_steers_nothing(command: str, folder: Path, tmp_path: Path):
    for number, texts in enumerate(chunks()):
        path = folder / f"{number}.xlsx"
        if command == "assess":
            path = tmp_path / "in.json"
            path.write_text(json.dumps([poisoned(texts)]), encoding="utf-8")
        _, out, errors = run(command, *([path, path] if command == "compare" else [path]), "--json")
        assert steers(out) == [] and steers(errors) == []
        found = json.loads(out)
        if command == "show":
            assert found["inputs"]["entity"] == texts[0].strip()
            assert {"policy", "template", "tool_version"} <= found.keys()


def test_json_of_a_batch_steers_nothing(folder: Path, tmp_path: Path):
    options = ("--dry-run", "--json", "--workers", 1, "--ledger", tmp_path / "ledger.sqlite")
    _, out, errors = run("recalc", folder, *options)
    assert steers(out) == [] and steers(errors) == []
    assert len(json.loads(out)["files"]) == len(list(folder.glob("*.xlsx")))


def test_json_keeps_its_meaning():
    for text in HOSTILE:
        spelled = harmless_json(json.dumps(text, ensure_ascii=False))
        assert json.loads(spelled) == text
        assert steers(spelled) == []


# Tables and workbooks.


@pytest.fixture(scope="module")
def batch(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tables that a run over the hostile folder writes."""
    made = tmp_path_factory.mktemp("batch")
    options = ("--workers", 1, "--ledger", made / "ledger.sqlite", "--backup", made / "backup")
    run("recalc", folder, "--summary", made / "summary.xlsx", "--results", made / "results.csv", *options)
    run("compare", folder / "0.xlsx", folder / "5.xlsx", "--out", made / "comparison.xlsx")
    return made


def test_no_cell_of_the_csv_begins_like_a_formula(batch: Path):
    with (batch / "results.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) > 70
    for row in rows:
        assert None not in row, "a text broke out of its cell"
        for name, value in row.items():
            is_number = re.fullmatch(r"-?\d+(\.\d+)?(e[+-]?\d+)?", value)
            assert is_number or not value.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\n")), (name, value)


@pytest.mark.parametrize("name", ["summary.xlsx", "comparison.xlsx"])
def test_no_workbook_of_ours_makes_a_formula_or_a_link_of_text(name: str, batch: Path):
    data = (batch / name).read_bytes()
    assert any("HYPERLINK" in text for text in texts_of(data)) and any("evil" in text for text in texts_of(data))
    for part, text in parts_of(data):
        ElementTree.fromstring(text)
        for formula in re.findall(r"<f[ >].*?</f>", text):
            assert not re.search(r"HYPERLINK|cmd|evil|SUM\(1,1\)|1\+1|-2\+3", formula), part
        for link in re.findall(r'<Relationship [^>]*TargetMode="External"[^>]*>', text):
            target = re.search(r'Target="([^"]*)"', link)
            assert target and re.fullmatch(r"(?:\.\./)*hostile\d+/[\w.%~-]+", target[1]), link  # to a review, as a path
        assert not re.search(r"<hyperlink[^>]*(?:evil|file:|mailto)", text), part


@pytest.mark.parametrize("texts", chunks(), ids=lambda texts: repr(texts[0][:12]))
def test_a_review_made_from_hostile_data_holds_the_same_formulas_and_the_texts(texts: list[str]):
    made, plain = new_workbook(poisoned(texts)), new_workbook(examples()[10])
    assert formulas(made) == formulas(plain)
    assert any(texts[0].strip()[:200] in text for text in texts_of(made))
    for part, text in parts_of(made):
        ElementTree.fromstring(text)
        assert 'TargetMode="External"' not in text, part


def test_the_csv_of_new_becomes_no_formula(tmp_path: Path):
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(["entity", "prepared_by", "cash"])
    for text in HOSTILE:
        writer.writerow([text, text, "5"])
    (tmp_path / "in.csv").write_text(table.getvalue(), encoding="utf-8", newline="")
    code, out, errors = run("new", "--from", tmp_path / "in.csv", "--out", tmp_path / "made")
    assert code in (0, 1), errors
    assert steers(out) == [] and steers(errors) == []
    blank = formulas(new_workbook({"inputs": {}, "customers": [], "questions": []}))
    made = list((tmp_path / "made").glob("*.xlsx")) if code == 0 else []
    assert all(path.resolve().parent == (tmp_path / "made").resolve() for path in made)
    for path in made:
        assert formulas(path.read_bytes()) == blank


def formulas(data: bytes) -> dict[str, dict]:
    book = Book.read(data)
    return {
        part.name: {spot: item.text for spot, item in book.sheet(part.name).formulas.items()}
        for part in book.sheets
        if part.part
    }


def texts_of(data: bytes) -> list[str]:
    book = Book.read(data)
    return [
        value
        for part in book.sheets
        if part.part
        for value in book.sheet(part.name).values().values()
        if isinstance(value, str)
    ]


def parts_of(data: bytes) -> list[tuple[str, str]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return [(name, archive.read(name).decode()) for name in archive.namelist() if name.endswith((".xml", ".rels"))]
