"""What recalculating workbooks costs, against peers on the same files in the same run.

    python tests/benchmarks/recalc.py [FILES]

Stale files of our own template, one process, start-up excluded: a few files are done in every way in turn, each on a
fresh copy, so that a machine whose speed drifts is fair to all. Ratios are of medians. The floor reads the file,
puts values known before into the same cells, deflates, flushes to the disk and renames; it evaluates nothing.
"""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import tempfile
import warnings
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Any

import formualizer
import openpyxl

sys.path.append(str(Path(__file__).parents[1]))

import calc
from random_reviews import random_review

from capexrisk import Reviews, assess
from capexrisk_addin.calc.extension import write_extension
from capexrisk_udfs import CallError, runs
from capexrisk_workbooks.batch import TOGETHER, batch_work
from capexrisk_workbooks.blank import template_bytes
from capexrisk_workbooks.evaluation import shortcut
from capexrisk_workbooks.job import Job
from capexrisk_workbooks.ledger import Ledger
from capexrisk_workbooks.ooxml import package
from capexrisk_workbooks.ooxml.book import Book
from capexrisk_workbooks.ooxml.package import Package
from capexrisk_workbooks.ooxml.spelling import Edit
from capexrisk_workbooks.recalc import ENGINE_FUNCTIONS, recalculate, recalculated

Way = Callable[[list[Path]], object]

OWN = (
    "risk_score*2",
    'IF(risk_score="","none",ROUND(risk_score,1))',
    "SUM(Scorecard!$C$7:$C$11)",
    "COUNTA(Stress!$B$7:$B$30)",
    'INDEX(Stress!$D$7:$D$30,MATCH("base",Stress!$B$7:$B$30,0))',
    'COUNTIF(Stress!$D$7:$D$30,"Breaks")',
    "cash/total_debt",
    "AVERAGE(Scorecard!$D$26:$D$43)",
    "B200+1",
    'IF(B201="none",0,B200*B202)',
)
"""Formulas as an analyst adds them, from About!B200 downwards."""

BATCH = f"{TOGETHER} together, as the batch"
LIBREOFFICE = 8
"""Files that LibreOffice recalculates; it takes its time."""


def stale(count: int, folder: Path, own: tuple[str, ...] = ()) -> list[Path]:
    """Make finished reviews whose cash was changed by a hundredth since, with formulas of the user's own."""
    made: list[Path] = []
    for seed in range(10_000):
        record = random_review(Random(seed))
        if len(made) == count:
            break
        if not assess(Reviews.from_records([record])).complete[0]:
            continue
        book = Book.read(recalculated(Book.read(template_bytes(record))).data)
        names = {name.name: name.text for name in book.names}
        row = int(names["cash"].rpartition("$")[2])
        sheet = book.sheet("Review")
        old = sheet.values().get((row, 3))
        value = old * 1.01 if isinstance(old, float) and old else 1.0
        sheets = {"Review": sheet.edited({(row, 3): Edit(value=value)})}
        if own:
            added = {(200 + at, 2): Edit(formula=text, value=0.0) for at, text in enumerate(own)}
            about = book.sheet("About").edited(added)
            sheets["About"] = about.replace(b'<dimension ref="A1:D135"/>', b'<dimension ref="A1:D220"/>')
        path = folder / f"{seed}.xlsx"
        path.write_bytes(book.rewritten(sheets))
        made.append(path)
    return made


# --- The ways ---


def together(files: list[Path]) -> None:
    """As a worker of a batch does it."""
    done = list(batch_work(Job(), [(at, (path, True)) for at, path in enumerate(files)]))
    assert all(answer.status in ("recalculated", "unchanged") for _, answer in done)


def one_by_one(files: list[Path]) -> None:
    for path in files:
        recalculate(path)


def by_engine(files: list[Path]) -> None:
    """The engine evaluates every formula, the template's too."""
    short, shortcut.evaluate = shortcut.evaluate, lambda *_: None
    try:
        one_by_one(files)
    finally:
        shortcut.evaluate = short


def peer(files: list[Path]) -> None:
    for path in files:
        formualizer.recalculate_xlsx_file(str(path))


def resaved(files: list[Path]) -> None:
    for path in files:
        openpyxl.load_workbook(path).save(path)


class Floor:
    """Read, put known values into the cells, deflate, flush, rename; nothing is evaluated.

    `library` deflates with zlib as Python brings it.
    """

    def __init__(self, library: bool = False) -> None:
        self.values: dict[str, dict[str, Any]] = {}
        self.library = library

    def learn(self, path: Path) -> None:
        """Keep the values that a recalculation gives a file."""
        found = shortcut.evaluate(Book.read(path), ENGINE_FUNCTIONS, CallError)
        assert found is not None
        self.values[path.name] = found.values

    def __call__(self, files: list[Path]) -> None:
        before = package.deflating, package._LEVEL
        if self.library:
            package.deflating, package._LEVEL = zlib, 6
        try:
            for path in files:
                book = Book(Package.read(path))
                sheets = {name: book.sheet(name).spliced(values) for name, values in self.values[path.name].items()}
                assert book.package.original is not None
                book.package.original.replace(book.rewritten(sheets))
        finally:
            package.deflating, package._LEVEL = before


@contextmanager
def libreoffice() -> Iterator[Way | None]:
    """LibreOffice over UNO, with our functions: open, calculate all, store; None where it is not installed."""
    if calc.missing():
        yield None
        return
    with tempfile.TemporaryDirectory() as folder, calc.Calc(write_extension(Path(folder, "capexrisk.oxt"))) as office:

        def way(files: list[Path]) -> None:
            for path in files:
                with office.open(path) as document:
                    document.recalculate()
                    document.save(path.with_suffix(".out.xlsx"))

        yield way


# --- Measuring ---


def measure(files: list[Path], ways: dict[str, Way], again: dict[str, Way], folder: Path) -> dict[str, float]:
    """Give the median seconds a file of each way; those of `again` get files that were recalculated before."""
    times: dict[str, list[float]] = {}
    copies = folder / "copies"
    bundles = [files[at : at + TOGETHER] for at in range(0, len(files), TOGETHER)]
    for bundle in [bundles[0], *bundles]:  # the first warms everything up
        for name, way in {**ways, **again}.items():
            shutil.rmtree(copies, ignore_errors=True)
            copies.mkdir()
            given = [Path(shutil.copy(path, copies)) for path in bundle]
            if name in again:
                together(given)
            os.sync()
            runs.forget()
            start = perf_counter()
            way(given)
            times.setdefault(name, []).append((perf_counter() - start) / len(bundle))
    return {name: statistics.median(taken[1:]) for name, taken in times.items()}


def show(title: str, median: dict[str, float], peers: tuple[str, ...]) -> None:
    """Print a table: milliseconds a file, and the ratio to each peer."""
    print(f"\n{title}\n{'':42}{'ms a file':>10}" + "".join(f"{'of ' + name.split()[0]:>16}" for name in peers))
    for way, taken in median.items():
        print(f"{way:42}{taken * 1e3:10.2f}" + "".join(f"{taken / median[name]:16.3f}" for name in peers))


def main() -> None:
    """Measure and print."""
    warnings.simplefilter("ignore")  # openpyxl says what it drops
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["CAPEXRISK_LEDGER"] = str(folder / "ledger.sqlite")
        plain, own = folder / "plain", folder / "own"
        plain.mkdir()
        own.mkdir()
        files = stale(count, plain)
        floor, library = Floor(), Floor(library=True)
        for path in files:
            floor.learn(path)
        library.values = floor.values
        peers: dict[str, Way] = {"formualizer recalculate_xlsx_file": peer, "openpyxl load and save": resaved}
        ways: dict[str, Way] = {BATCH: together, "one by one": one_by_one, **peers}
        with Ledger(folder / "ledger.sqlite") as ledger:

            def known(given: list[Path]) -> None:
                assert all(ledger.known(path, True) for path in given)

            def recorded(given: list[Path]) -> None:
                for _, done in batch_work(Job(), [(at, (path, True)) for at, path in enumerate(given)]):
                    ledger.record(done)
                ledger.flush()

            again: dict[str, Way] = {"unchanged, together": together, "unchanged, seen first": recorded,
                                     "unchanged, known to the ledger": known}  # fmt: skip
            first = measure(files, {**ways, "floor": floor, "floor with Python's own zlib": library}, again, folder)
        show(f"{count} stale reviews of our template, one process, start-up excluded", first, (*peers, "floor"))

        files = stale(count, own, OWN)
        everything: dict[str, Way] = {**ways, "the engine for every formula": by_engine}
        del everything["openpyxl load and save"]
        median = measure(files, everything, {}, folder)
        show(f"The same with {len(OWN)} formulas of the user's own (the general way)", median, tuple(peers)[:1])

        with libreoffice() as office:
            if office is not None:
                taken = measure(sorted(plain.iterdir())[:LIBREOFFICE], {"LibreOffice": office}, {}, folder)[
                    "LibreOffice"
                ]
                print(f"\nLibreOffice over UNO, with our functions: {taken * 1e3:.0f} ms a file; the batch takes")
                print(f"{first[BATCH] / taken:.4f} of it, {median[BATCH] / taken:.4f} with formulas of the user's own")


if __name__ == "__main__":
    main()
