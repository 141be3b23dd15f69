"""Draws the add-in's icons as Excel wants them, PNG files of fixed sizes, from the SVG files beside them.

python tests/draw_icons.py
"""

from pathlib import Path

from web import browsing

from capexrisk_addin.server.hosting import PROJECT

ICONS = PROJECT / "static" / "images" / "icons"
SIZES = {"capexrisk": (16, 32, 64, 80), "recalculate": (16, 32, 80)}


def main() -> None:
    with browsing() as browser:
        for name, sizes in SIZES.items():
            for size in sizes:
                _draw(browser, ICONS / f"{name}.svg", size, ICONS / f"{name}-{size}.png")
        _draw(browser, ICONS / "capexrisk.svg", 32, PROJECT / "static" / "images" / "favicon.png")


def _draw(browser: object, svg: Path, size: int, png: Path) -> None:
    page = browser.new_page(viewport={"width": size, "height": size})  # pyright: ignore[reportAttributeAccessIssue]
    drawing = svg.read_text("utf-8").replace("<svg ", f'<svg style="display:block" width="{size}" height="{size}" ', 1)
    page.set_content(f'<body style="margin:0;background:transparent">{drawing}')
    page.screenshot(path=png, omit_background=True)
    page.close()


if __name__ == "__main__":
    main()
