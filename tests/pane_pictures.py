"""Shows what the task pane looks like: one PNG file a case, from the real server in a real Chromium.

python tests/pane_pictures.py OUTDIR

`top.png` is the picture in docs/server-add-in.md.
"""

from __future__ import annotations

import json
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

from review_ranges import REVIEW
from web import browsing, open_pane, open_workbook, serving


def example(entity: str) -> dict[str, Any]:
    """The first example review of a company."""
    reviews = json.loads(files("capexrisk").joinpath("examples.json").read_text("utf-8"))
    return next(review for review in reviews if review["inputs"]["entity"] == entity)


def cases() -> dict[str, dict[str, Any] | None]:
    """Reviews to look at: a blank one, one that holds, one that breaks, one with wrong inputs, none at all."""
    wrong = {**REVIEW, "inputs": {**REVIEW["inputs"], "gross_margin": 50.0, "cash": None}}
    return {
        "blank": open_workbook(),
        "holds": open_workbook(example("Microsoft")),
        "strained": open_workbook(REVIEW),
        "breaks": open_workbook(example("CoreWeave")),
        "wrong": open_workbook(wrong),
        "not-a-review": {"name": "Book1.xlsx", "names": {}},
    }


def main() -> int:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    with serving() as server, browsing() as browser:
        for name, workbook in cases().items():
            with open_pane(browser, server.url, workbook) as pane:
                pane.page.screenshot(path=folder / f"{name}.png", full_page=True)
                for complaint in pane.complaints:
                    print(f"{name}: {complaint}")
        with open_pane(browser, server.url, cases()["breaks"], height=780) as pane:
            pane.page.screenshot(path=folder / "top.png")
        with open_pane(browser, server.url, cases()["breaks"], width=480) as pane:
            pane.page.screenshot(path=folder / "wide.png", full_page=True)
        page = browser.new_page(viewport={"width": 900, "height": 900})
        page.goto(server.url)
        page.screenshot(path=folder / "index.png", full_page=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
