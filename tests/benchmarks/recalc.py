"""What recalculating workbooks costs, against peers on the same files in the same run.

    python tests/benchmarks/recalc.py [FILES]

Stale files of our own template, one process, start-up excluded: for each file every way is timed in turn on a fresh
copy, so that a machine whose speed drifts is fair to all. Ratios are of medians. The floor reads the file, patches the
same sheets with values known before, deflates, flushes to the disk and renames; it evaluates nothing.
"""

import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from random import Random
from time import perf_counter

import formualizer
import openpyxl

sys.path.append(str(Path(__file__).parents[1]))

from random_reviews import random_review

from capexrisk import Reviews, assess
from capexrisk_udfs import runs
from capexrisk_workbooks.blank import template_bytes
from capexrisk_workbooks.evaluation import shortcut
from capexrisk_workbooks.ooxml.book import Book
from capexrisk_workbooks.ooxml.package import Package
from capexrisk_workbooks.ooxml.spelling import Edit
from capexrisk_workbooks.recalc import recalculate, recalculated


def stale(seeds: int, folder: Path) -> list[Path]:
    """Make finished reviews whose booked revenue was changed by a hundredth since."""
    made: list[Path] = []
    for seed in range(10_000):
        record = random_review(Random(seed))
        if len(made) == seeds:
            break
        if not assess(Reviews.from_records([record])).complete[0]:
            continue
        book = Book.read(recalculated(Book.read(template_bytes(record))).data)
        names = {name.name: name.text for name in book.names}
        row = int(names["cash"].rpartition("$")[2])
        sheet = book.sheet("Review")
        old = sheet.values().get((row, 3))
        value = old * 1.01 if isinstance(old, float) and old else 1.0
        path = folder / f"{seed}.xlsx"
        path.write_bytes(book.rewritten({"Review": sheet.edited({(row, 3): Edit(value=value)})}))
        made.append(path)
    return made


def general(path: Path) -> None:
    """Our general way: the engine evaluates every formula."""
    known, shortcut._known = shortcut._known, lambda contents: False
    try:
        recalculate(path)
    finally:
        shortcut._known = known


def floor(path: Path, sheets: dict[str, bytes]) -> None:
    """Read, patch, deflate, flush, rename; nothing is evaluated."""
    package = Package.read(path)
    package.original.replace(package.rewritten(sheets))


def resave(path: Path) -> None:
    """Load and save with openpyxl."""
    openpyxl.load_workbook(path).save(path)


def patched(path: Path, copy: Path) -> dict[str, bytes]:
    """The sheets that a recalculation changes, as it leaves them."""
    shutil.copy(path, copy)
    recalculate(copy)
    old, new = Package.read(path), Package.read(copy)
    return {name: new.data(name) for name in old.names if old.crc(name) != new.crc(name)}


def main() -> None:
    """Measure and print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    times: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = stale(count, folder)
        copy = folder / "copy.xlsx"
        for path in [*files[:3], *files]:  # the first three warm everything up
            sheets = patched(path, copy)
            ways: dict[str, Callable[[Path], object]] = {
                "shorter way": recalculate,
                "general way": general,
                "formualizer recalculate_xlsx_file": lambda file: formualizer.recalculate_xlsx_file(str(file)),
                "openpyxl load and save": resave,
                "floor": lambda file, sheets=sheets: floor(file, sheets),
                "unchanged, shorter way": recalculate,
            }
            for way, call in ways.items():
                if way != "unchanged, shorter way":
                    shutil.copy(path, copy)
                else:
                    recalculate(copy)
                runs.forget()
                start = perf_counter()
                call(copy)
                times.setdefault(way, []).append(perf_counter() - start)
    median = {way: statistics.median(taken[3:]) for way, taken in times.items()}
    peer, least = median["formualizer recalculate_xlsx_file"], median["floor"]
    print(f"{len(files)} stale reviews of our template, one process, start-up excluded")
    print(f"{'':36}{'median ms':>10}{'of formualizer':>16}{'of the floor':>14}{'of openpyxl':>13}")
    for way, taken in median.items():
        ratio = taken / median["openpyxl load and save"]
        print(f"{way:36}{taken * 1e3:10.1f}{taken / peer:16.2f}{taken / least:14.1f}{ratio:13.3f}")


if __name__ == "__main__":
    main()
