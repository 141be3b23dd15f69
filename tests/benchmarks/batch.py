"""What a portfolio costs: time, memory and disk of a whole run, at several sizes, to see where it stops being linear.

    python tests/benchmarks/batch.py [SIZE ...]

For each size it makes that many stale reviews, each with figures and payers of its own, and runs the command line over
them as a user would: stale files, the same again with the ledger knowing them, the same without it, and the summary.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from random import Random
from time import perf_counter

sys.path.append(str(Path(__file__).parents[1]))

from portfolio_files import record

from capexrisk_workbooks.blank import make
from capexrisk_workbooks.ooxml.book import Book
from capexrisk_workbooks.ooxml.spelling import Edit
from capexrisk_workbooks.reading import read_review

BASES = 12
MOST_ALONE = 5_000
"""Files beyond which one worker alone is not waited for."""

KEYS = ("entity", "cash")
POPULAR = ("OpenAI", "Microsoft", "Meta", "Anthropic", "Amazon", "Google", "Oracle", "xAI")

RUN = """
import resource, sys, time
from capexrisk_addin import cli
begun = time.perf_counter()
code = 0
try:
    cli.app(sys.argv[1:], standalone_mode=False)
except SystemExit as error:
    code = error.code
used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
cpu = sum(item.ru_utime + item.ru_stime for item in used)
print(f"\\n@{time.perf_counter() - begun} {cpu} {used[0].ru_maxrss // 1024} {used[1].ru_maxrss // 1024} {code}")
"""


class Base:
    """A finished review whose entity, cash and first payer are typed over in one go."""

    def __init__(self, at: int) -> None:
        rng = Random(at)
        payers = tuple((name, rng.uniform(3, 30)) for name in rng.sample(POPULAR, 3))
        made = make(record(f"Base {at}", payers, cash=rng.uniform(0, 60), total_debt=rng.uniform(0, 120)))
        self._book = Book.read(made)
        names = {name.name: int(name.text.rpartition("$")[2]) for name in self._book.names if name.name in KEYS}
        self._spots = {key: (names[key], 3) for key in KEYS}
        self._sheet, area = read_review(self._book).areas["Customers"]
        self._payer = (area.top + 1, area.left)

    def typed(self, entity: str, cash: float, payer: str) -> bytes:
        """Give it with these typed in, its results now stale."""
        typed = {self._spots["entity"]: Edit(value=entity), self._spots["cash"]: Edit(value=cash)}
        changes = {"Review": typed, self._sheet: {self._payer: Edit(value=payer)}}
        return self._book.rewritten({name: self._book.sheet(name).edited(cells) for name, cells in changes.items()})


def make_reviews(count: int, folder: Path) -> None:
    """Make stale reviews in folders of a thousand."""
    bases = [Base(at) for at in range(BASES)]
    for at in range(count):
        rng = Random(at)
        payer = f"Firm {rng.randrange(count):06}" if rng.random() < 0.3 else f"{rng.choice(POPULAR)} Cloud"
        path = folder / f"{at // 1000:03}" / f"{at:06}.xlsx"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bases[at % BASES].typed(f"Firm {at:06}", rng.uniform(0, 60), payer))


def run(*arguments: object) -> tuple[float, float, int, int]:
    """Run the program; gives its seconds, those of the processors, and the megabytes of it and its largest worker."""
    done = subprocess.run(
        [sys.executable, "-c", RUN, *map(str, arguments)], capture_output=True, text=True, check=True
    ).stdout
    seconds, cpu, own, worker, code = done.rpartition("@")[2].split()
    assert code == "0", done
    return float(seconds), float(cpu), int(own), int(worker)


def measure(count: int, folder: Path) -> dict[str, object]:
    """Measure one size."""
    os.environ["CAPEXRISK_LEDGER"] = str(folder / "ledger.sqlite")
    begun = perf_counter()
    make_reviews(count, folder / "reviews")
    reviews, results = folder / "reviews", folder / "results.parquet"
    found: dict[str, object] = {"files": count, "made in s": round(perf_counter() - begun)}
    steps = {
        "stale, 2 workers": ("recalc", reviews, "--workers", 2, "--results", results),
        "known": ("recalc", reviews, "--workers", 2, "--results", results),
        "unchanged, no ledger, 1 worker": ("recalc", reviews, "--workers", 1, "--fresh", "--results", results),
        "unchanged, no ledger, 2 workers": ("recalc", reviews, "--workers", 2, "--fresh", "--results", results),
        "known, with summary": ("recalc", reviews, "--results", results, "--summary", folder / "portfolio.xlsx"),
    }
    if count > MOST_ALONE:
        del steps["unchanged, no ledger, 1 worker"]
    for name, arguments in steps.items():
        seconds, cpu, own, worker = run(*arguments)
        found[name] = {
            "s": round(seconds, 1), "ms a file": round(1000 * seconds / count, 2),
            "processor ms a file": round(1000 * cpu / count, 2), "MB": own, "MB of a worker": worker,
        }  # fmt: skip
        print(f"{count:,} {name}: {found[name]}", flush=True)
    for name in ("ledger.sqlite", "results.parquet", "portfolio.xlsx"):
        found[name] = f"{(folder / name).stat().st_size / 1e6:.1f} MB"
    return found


def main() -> None:
    sizes = [int(size) for size in sys.argv[1:]] or [500, 2_000]
    for size in sizes:
        folder = Path(tempfile.mkdtemp(prefix="capexrisk-batch-"))
        try:
            print(json.dumps(measure(size, folder), indent=1), flush=True)
        finally:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
