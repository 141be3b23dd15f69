"""The buttons of the ribbon, written against xlwings' object model: what a button does with the app in front.

Each takes the `xlwings.App` and gives a sentence for the user, "" when there is nothing to say, or `Work` to wait for.
What is computed comes from the same functions as the commands of the same names.
"""

from __future__ import annotations

import os
import sys
import tempfile
import webbrowser
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from capexrisk import InputError
from capexrisk_addin.excel.log import log_file
from capexrisk_addin.excel.refresh import refreshed
from capexrisk_addin.excel.work import Work

FOLDER_PICKER = 4  # msoFileDialogFolderPicker
WORKBOOK_FILTER = "Excel workbook (*.xlsx), *.xlsx"
MOST_NAMED = 8


def new_review(app: Any) -> str:
    """Make a blank review, save it where the user says, and open it."""
    from capexrisk_workbooks.fresh import file_name, new_workbook
    from capexrisk_workbooks.ooxml.replace import create

    chosen = app.api.GetSaveAsFilename(file_name(None), WORKBOOK_FILTER, 1, "New review: where to save it")
    if not isinstance(chosen, str):
        return ""
    path = Path(chosen).with_suffix(".xlsx")
    create(path, new_workbook())
    app.books.open(str(path))
    return ""


def check_review(app: Any) -> str:
    """Say what is missing, wrong or assumed in the workbook in front, as it stands on the screen; changes nothing."""
    from capexrisk_workbooks.recalc import inspect

    book = _book(app)
    with tempfile.TemporaryDirectory(prefix="capexrisk-") as folder:
        # A copy has what is not saved yet, and a path where the workbook itself may have a URL.
        copy = Path(folder, book.name if Path(book.name).suffix else f"{book.name}.xlsx")
        book.api.SaveCopyAs(str(copy))
        outcome = inspect(copy)
    if outcome.result is None or outcome.read is None:
        return f"{book.name}: {outcome.sentence}"
    findings = outcome.result.as_json(outcome.read.cells)["findings"]
    if not findings:
        return f"{book.name}: nothing is missing or wrong."
    if findings[0]["cell"]:
        _show(book, findings[0]["cell"])
    said = ", ".join(f"{count} {kind}" for kind, count in Counter(item["kind"] for item in findings).items())
    state = "complete" if outcome.result.complete else "incomplete"
    lines = [f"{item['cell'] or item['label']}: {item['text']}" for item in findings[:MOST_NAMED]]
    more = len(findings) - len(lines)
    return "\n".join([f"{book.name} is {state}; {said}.", "", *lines, *([f"and {more} more"] if more else [])])


def recalculate_folder(app: Any) -> str | Work:
    """Recalculate every review in a folder that the user chooses, in place."""
    folder = _folder(app, "Recalculate every review in this folder")
    if folder is None:
        return ""
    done: list[Any] = []

    def finish(app: Any, stopped: bool) -> str:
        return _told(done, "Stopped; what was done stays done. " if stopped else "")

    return _batch(folder, done, finish, dry_run=False)


def portfolio_summary(app: Any) -> str | Work:
    """Rank the reviews of a folder that the user chooses in a new workbook beside them, and open it."""
    folder = _folder(app, "Rank the reviews in this folder")
    if folder is None:
        return ""
    done: list[Any] = []

    def finish(app: Any, stopped: bool) -> str:
        from capexrisk_workbooks.ooxml.replace import create
        from capexrisk_workbooks.portfolio import summary_bytes

        if stopped:
            return "Stopped; no summary was written."
        path = _free(folder / "portfolio.xlsx")
        create(path, summary_bytes(done))
        app.books.open(str(path))
        return _told(done, f"The summary is {path}. ")

    return _batch(folder, done, finish, dry_run=True)


def refresh_functions(app: Any) -> str:
    """Enter the CAPEX_ formulas of the workbook in front again, and repair links to another person's add-in."""
    return refreshed(_book(app))


def help(app: Any) -> str:
    """Show a page with every function and button in the browser."""
    from capexrisk_addin.excel.help_page import help_page

    path = log_file().with_name("help.html")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(help_page(), encoding="utf-8")
    if not webbrowser.open(path.as_uri()):
        return f"The browser did not open. The help is {path}"
    return ""


def about(app: Any) -> str:
    """Say versions, the policy in force and where the log is."""
    import xlwings

    from capexrisk import Policy, PolicyError, template
    from capexrisk.version import VERSION

    try:
        policy = Policy.current()
        in_force = f"Policy: {policy.name}, hash {policy.hash}"
    except PolicyError as error:
        in_force = f"Policy: none can be used. {error}"
    return "\n".join(
        [
            f"capexrisk {VERSION}, template {template.TEMPLATE_VERSION}. Not a credit rating.",
            in_force,
            f"xlwings {xlwings.__version__}, Python {sys.version.split()[0]} at {sys.executable}",
            f"Excel {app.version}",
            f"Log: {log_file()}",
        ]
    )


BUTTONS: dict[str, Callable[[Any], str | Work]] = {
    button.__name__: button
    for button in (
        new_review,
        check_review,
        recalculate_folder,
        portfolio_summary,
        refresh_functions,
        help,
        about,
    )
}
"""Every button by its name in the ribbon."""


def _batch(folder: Path, done: list[Any], finish: Callable[[Any, bool], str], dry_run: bool) -> str | Work:
    from capexrisk_workbooks.batch import batch
    from capexrisk_workbooks.files import find
    from capexrisk_workbooks.job import Job

    files = list(find([folder]))
    if not files:
        return f"There is no .xlsx or .xlsm workbook in {folder}."

    def steps() -> Generator[str, None, None]:
        found = batch(files, Job(dry_run=dry_run), min(os.cpu_count() or 1, len(files)))
        with closing(found):  # pyright: ignore[reportArgumentType]
            for item in found:
                done.append(item)
                yield f"{len(done):,} of {len(files):,} workbooks; Esc stops"

    return Work(steps(), finish)


def _told(done: list[Any], first: str) -> str:
    counts = Counter(item.status for item in done)
    said = ", ".join(f"{count:,} {status.replace('_', ' ')}" for status, count in counts.most_common()) or "none done"
    lines = [f"{Path(item.row['path']).name}: {item.row['sentence']}" for item in done if item.failed]
    more = len(lines) - MOST_NAMED
    return "\n".join(
        [f"{first}{len(done):,} workbooks: {said}.", *lines[:MOST_NAMED], *([f"and {more} more"] if more > 0 else [])]
    )


def _book(app: Any) -> Any:
    book = app.books.active if len(app.books) else None
    if book is None:
        raise InputError("No workbook is open: open a review first.")
    return book


def _folder(app: Any, title: str) -> Path | None:
    dialog = app.api.FileDialog(FOLDER_PICKER)
    dialog.Title = title
    if not dialog.Show():
        return None
    return Path(str(dialog.SelectedItems.Item(1)))


def _free(path: Path) -> Path:
    """The path itself, or with a number when a file stands there."""
    found, count = path, 1
    while found.exists():
        count += 1
        found = path.with_name(f"{path.stem} ({count}){path.suffix}")
    return found


def _show(book: Any, cell: str) -> None:
    """Go to a cell; a hidden sheet is no reason to say nothing."""
    sheet, _, address = cell.rpartition("!")
    with suppress(Exception):
        book.sheets[sheet.strip("'")].activate()
        book.sheets[sheet.strip("'")].range(address).select()
