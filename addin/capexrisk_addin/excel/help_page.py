"""The page that the button Help shows: every function with its arguments, every button, where to turn."""

from __future__ import annotations

from html import escape
from importlib.resources import files

from capexrisk.version import VERSION
from capexrisk_addin.excel.vba import WHY_HELP
from capexrisk_udfs import FUNCTIONS

PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Capex Review: help</title>
<style>body{{font:16px/1.5 Calibri,Carlito,sans-serif;max-width:60em;margin:2em auto;padding:0 1em}}
td,th{{text-align:left;vertical-align:top;padding:.2em 1em .2em 0}}code{{white-space:nowrap}}</style>
<h1>Capex Review {version}</h1>
<p>Blue cells on light yellow are yours to fill in; everything else is computed. Not a credit rating.</p>
<h2>Buttons</h2><table>{buttons}</table>
<h2>Functions</h2><table>{functions}</table>
<h2>When something does not work</h2>
<p>#NAME? or #REF! in every cell: the button Refresh functions. #VALUE! in one cell: <code>=CAPEX_WHY(cell)</code> says
why. Anything else: close Excel and run <code>capexrisk addin doctor</code>.</p>
</html>
"""


def help_page() -> str:
    """Give the page as HTML."""
    from defusedxml.ElementTree import fromstring

    ribbon = fromstring(files("capexrisk_addin.excel").joinpath("ribbon.xml").read_bytes())
    buttons = [(item.get("label", ""), item.get("supertip", "")) for item in ribbon.iter() if item.get("onAction")]
    functions = [
        (f"{name}({', '.join(argument.name for argument in function.arguments)})", function.help)
        for name, function in FUNCTIONS.items()
    ]
    return PAGE.format(
        version=escape(VERSION),
        buttons="".join(_row(escape(name), text) for name, text in buttons),
        functions="".join(
            _row(f"<code>{escape(name)}</code>", text) for name, text in [*functions, ("CAPEX_WHY(cell)", WHY_HELP)]
        ),
    )


def _row(name: str, text: str) -> str:
    return f"<tr><th>{name}</th><td>{escape(text)}</td></tr>\n"
