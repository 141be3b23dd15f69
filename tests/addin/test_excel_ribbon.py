"""The Python behind the ribbon, through xlwings' shipped COM server and object model; Excel itself is recorded."""

import time

import openpyxl
import pytest
import pywin32
from excel import Book, Excel, pressed
from review_ranges import REVIEW

from capexrisk_addin.excel import buttons, log, ribbon
from capexrisk_addin.excel.work import Work
from capexrisk_udfs import FUNCTIONS
from capexrisk_workbooks.blank import template_bytes
from capexrisk_workbooks.fresh import new_workbook
from capexrisk_workbooks.recalc import inspect

MODULE = "capexrisk_addin.excel.ribbon"


@pytest.fixture
def classic():
    with pywin32.installed() as host:
        yield host


@pytest.fixture(autouse=True)
def folder_of_the_log(monkeypatch, tmp_path):
    monkeypatch.setattr(log, "log_file", lambda: tmp_path / "log" / "excel-add-in.log")
    monkeypatch.setattr(buttons, "log_file", log.log_file)
    monkeypatch.setattr(ribbon, "log_file", log.log_file)


def review(path, **inputs):
    path.write_bytes(new_workbook({**REVIEW, "inputs": {**REVIEW["inputs"], **inputs}}))
    return path


def test_new_review_saves_a_blank_one_and_opens_it(classic, tmp_path):
    excel = Excel()
    excel.save_as = str(tmp_path / "Acme.xlsx")
    pressed(classic, excel, "new_review")
    assert inspect(tmp_path / "Acme.xlsx").status == "incomplete"
    assert [book.FullName for book in excel.open] == [str(tmp_path / "Acme.xlsx")]
    assert classic.said == []


def test_new_review_does_nothing_when_the_dialog_is_cancelled(classic):
    excel = Excel()
    pressed(classic, excel, "new_review")
    assert (excel.open, classic.said) == ([], [])


def test_new_review_overwrites_nothing(classic, tmp_path):
    excel = Excel()
    excel.save_as = str(tmp_path / "Acme.xlsx")
    (tmp_path / "Acme.xlsx").write_text("mine")
    pressed(classic, excel, "new_review")
    ((title, said),) = classic.said
    assert title == "Capex Review"
    assert "Acme.xlsx" in said and "exists" in said
    assert (tmp_path / "Acme.xlsx").read_text() == "mine"


def test_check_reads_what_is_on_the_screen_even_of_a_workbook_with_a_url(classic, tmp_path):
    source = review(tmp_path / "screen.xlsx", cash=None)
    excel = Excel(Book("https://bank.sharepoint.com/sites/risk/Acme.xlsx", source))
    before = source.read_bytes()
    pressed(classic, excel, "check_review")
    ((_, said),) = classic.said
    assert said.startswith("Acme.xlsx is incomplete; ")
    assert "Review!C" in said and "Cash and liquid investments" in said
    assert source.read_bytes() == before


def test_check_of_a_workbook_that_is_no_review_says_so(classic, tmp_path):
    source = tmp_path / "other.xlsx"
    openpyxl.Workbook().save(source)
    pressed(classic, Excel(Book("Book1", source)), "check_review")
    ((_, said),) = classic.said
    assert said.startswith("Book1: ")
    assert "not a review" in said or "review" in said


def test_check_without_a_workbook_says_so(classic):
    pressed(classic, Excel(), "check_review")
    assert classic.said == [("Capex Review", "No workbook is open: open a review first.")]


def test_recalculate_folder_shows_progress_and_says_what_became_of_every_file(classic, tmp_path):
    review(tmp_path / "a.xlsx")
    review(tmp_path / "b.xlsx", cash=None)
    (tmp_path / "c.xlsx").write_bytes(b"PK\x03\x04 and no more")
    excel = Excel()
    excel.folder = tmp_path
    shown = pressed(classic, excel, "recalculate_folder")
    assert shown and all(text.endswith("Esc stops") or "…" in text for text in shown)
    ((_, said),) = classic.said
    assert said.startswith("3 workbooks: ")
    assert "1 unchanged" in said and "1 incomplete" in said
    assert "c.xlsx: " in said


def test_an_empty_folder_is_a_sentence(classic, tmp_path):
    excel = Excel()
    excel.folder = tmp_path
    pressed(classic, excel, "recalculate_folder")
    assert classic.said == [("Capex Review", f"There is no .xlsx or .xlsm workbook in {tmp_path}.")]


def test_no_folder_chosen_is_nothing_to_say(classic):
    pressed(classic, Excel(), "portfolio_summary")
    assert classic.said == []


def test_portfolio_summary_leaves_the_reviews_alone_and_opens_a_new_workbook(classic, tmp_path):
    path = tmp_path / "a.xlsx"
    path.write_bytes(template_bytes(REVIEW))  # its results are not there yet: recalculating would write them
    (tmp_path / "portfolio.xlsx").write_bytes(b"an earlier one")
    before = path.read_bytes()
    excel = Excel()
    excel.folder = tmp_path
    pressed(classic, excel, "portfolio_summary")
    assert [book.Name for book in excel.open] == ["portfolio (2).xlsx"]
    summary = openpyxl.load_workbook(tmp_path / "portfolio (2).xlsx")
    assert "Northwind Compute" in [cell.value for sheet in summary for row in sheet for cell in row]
    assert (tmp_path / "portfolio.xlsx").read_bytes() == b"an earlier one"
    assert path.read_bytes() == before


def slow():
    for number in range(1000):
        time.sleep(0.05)
        yield f"{number} of 1000"


def test_esc_stops_long_work_and_says_so(classic, monkeypatch):
    closed = []

    def steps():
        try:
            yield from slow()
        finally:
            closed.append(True)

    monkeypatch.setitem(buttons.BUTTONS, "about", lambda app: Work(steps(), lambda app, stopped: f"stopped: {stopped}"))
    excel = Excel()
    assert classic.ask(MODULE, "press", "about", excel).startswith("working ")
    assert classic.ask(MODULE, "go_on", False, excel).startswith("working ")
    answer = classic.ask(MODULE, "go_on", True, excel)
    while answer:
        answer = classic.ask(MODULE, "go_on", False, excel)
    assert classic.said == [("Capex Review", "stopped: True")]
    assert closed == [True]


def test_asking_on_when_nothing_goes_on_is_nothing(classic):
    assert classic.ask(MODULE, "go_on", True, Excel()) == ""


def test_a_failure_that_nobody_foresaw_is_a_sentence_and_in_the_log(classic, monkeypatch, caplog):
    def broken(app):
        raise ZeroDivisionError("a fault of ours")

    monkeypatch.setitem(buttons.BUTTONS, "about", broken)
    pressed(classic, Excel(), "about")
    ((_, said),) = classic.said
    assert "excel-add-in.log" in said
    assert "ZeroDivision" not in said and "Traceback" not in said
    assert "a fault of ours" in caplog.text


def test_a_failure_in_long_work_is_a_sentence_too(classic, monkeypatch):
    def steps():
        yield "1 of 2"
        raise PermissionError(13, "Permission denied", "C:\\reviews")

    monkeypatch.setitem(buttons.BUTTONS, "about", lambda app: Work(steps(), lambda app, stopped: "done"))
    pressed(classic, Excel(), "about")
    assert classic.said == [("Capex Review", "C:\\reviews: Permission denied.")]


def test_about_shows_versions_policy_and_where_the_log_is(classic, tmp_path):
    pressed(classic, Excel(), "about")
    ((_, said),) = classic.said
    for word in (
        "capexrisk ",
        "xlwings 0.37",
        "Policy: ",
        "hash ",
        "Excel 16",
        str(tmp_path / "log"),
        "Not a credit rating",
    ):
        assert word in said


def test_help_lists_every_function_and_button(classic, monkeypatch, tmp_path):
    opened = []
    monkeypatch.setattr(buttons.webbrowser, "open", lambda url: opened.append(url) or True)
    pressed(classic, Excel(), "help")
    page = (tmp_path / "log" / "help.html").read_text("utf-8")
    assert opened == [(tmp_path / "log" / "help.html").as_uri()]
    assert all(f"{name}(" in page for name in FUNCTIONS)
    assert "Recalculate folder…" in page
    assert classic.said == []


def test_help_says_where_the_page_is_when_no_browser_opens(classic, monkeypatch):
    monkeypatch.setattr(buttons.webbrowser, "open", lambda url: False)
    pressed(classic, Excel(), "help")
    assert "help.html" in classic.said[0][1]


def test_the_log_rotates_and_says_where_it_is(monkeypatch, tmp_path):
    import logging

    monkeypatch.setattr(log, "LARGEST", 2000)
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    try:
        path = log.start_log()
        for number in range(200):
            logging.getLogger("capexrisk").warning("line %s with some words in it", number)
    finally:
        for handler in set(root.handlers) - set(before):
            root.removeHandler(handler)
            handler.close()
        root.setLevel(level)
    kept = sorted(item.name for item in path.parent.iterdir())
    assert kept == ["excel-add-in.log", *(f"excel-add-in.log.{n}" for n in (1, 2, 3))]
    assert all(item.stat().st_size <= 2000 for item in path.parent.iterdir())


def test_a_log_that_cannot_be_written_stops_nothing(monkeypatch, tmp_path):
    import logging

    (tmp_path / "log").write_text("a file where the folder should be")
    before = list(logging.getLogger().handlers)
    log.start_log()
    (added,) = set(logging.getLogger().handlers) - set(before)
    logging.getLogger().removeHandler(added)
    assert isinstance(added, logging.NullHandler)
