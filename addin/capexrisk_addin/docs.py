"""The parts of the documentation that follow from code and data, written by `make docs`; a test finds stale ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from capexrisk import Policy, template
from capexrisk.findings import allowed
from capexrisk_udfs import FUNCTIONS


def commands() -> str:
    """Give the help of every command."""
    import typer
    from rich.text import Text

    from capexrisk_addin.cli import app

    def pages(command: Any, path: str) -> Iterator[str]:
        context = typer.Context(command, info_name=path, max_content_width=100, terminal_width=100)
        if hasattr(command, "commands"):
            for name, child in sorted(command.commands.items()):
                yield from pages(child, f"{path} {name}")
            return
        yield f"## {path}\n\n{command.help}\n"
        yield "```\n" + Text.from_ansi(" ".join(command.get_usage(context).split())).plain + "\n```\n"
        rows = [record for parameter in command.params if (record := parameter.get_help_record(context))]
        if rows:
            yield "| option | meaning |\n|---|---|\n" + "".join(
                f"| `{_cell(name)}` | {_cell(text)} |\n" for name, text in rows
            )
        yield f"{command.epilog}\n"

    group = typer.main.get_command(app)
    return _page("Commands", app.info.help or "", *pages(group, "capexrisk"))


def functions() -> str:
    """Give the table of functions with their arguments and help."""
    rows = [
        f"| `{name}({', '.join(_argument(argument) for argument in function.arguments)})` | {_cell(function.help)} |"
        for name, function in FUNCTIONS.items()
    ]
    arguments = {argument.name: argument.help for function in FUNCTIONS.values() for argument in function.arguments}
    return _page(
        "Functions",
        "The functions by the names they have in cells. Table functions are entered as array formulas over the range "
        "that the workbook gives them.",
        "| function | gives |\n|---|---|\n" + "\n".join(rows) + "\n",
        "## Arguments\n\n| argument | what it takes |\n|---|---|\n"
        + "\n".join(f"| `{name}` | {_cell(text)} |" for name, text in arguments.items())
        + "\n",
    )


def inputs() -> str:
    """Give every input with its key, bounds, default, and where a filing has it."""
    parts: list[str] = []
    titles = {"identity": "The review", **{section.key: section.title for section in template.SECTIONS}}
    for section, title in titles.items():
        rows = [_input(item) for item in template.FIELDS if item.section == section]
        if rows:
            header = "| key | label | unit | allowed | blank | help | where |\n|---|---|---|---|---|---|---|\n"
            parts.append(f"## {title}\n\n{header}" + "\n".join(rows) + "\n")
    for title, table in (("Customers", template.CUSTOMER_FIELDS), ("Scenarios: shocks", template.SHOCKS)):
        header = "| key | label | unit | allowed | blank | help | where |\n|---|---|---|---|---|---|---|\n"
        parts.append(f"## {title}\n\n{header}" + "\n".join(_input(item) for item in table) + "\n")
    return _page("Inputs", "Keys are those of JSON and CSV; labels are those of the workbook.", *parts)


def policy() -> str:
    """Give the built-in policy, table by table, with its sources."""
    built_in = Policy.built_in()
    parts: list[str] = []

    def add(tables: dict[str, Any], path: str) -> None:
        for key, value in tables.items():
            if isinstance(value, dict):
                where = f"{path}.{key}" if path else key
                plain = {name: item for name, item in value.items() if not isinstance(item, dict) and name != "source"}
                if plain or "source" in value:
                    lines = "".join(f"| `{name}` | {_cell(str(item))} |\n" for name, item in plain.items())
                    table = f"| key | value |\n|---|---|\n{lines}\n" if lines else ""
                    parts.append(f"## {where}\n\n{table}Source: {value.get('source', '')}.\n")
                add(value, where)  # pyright: ignore[reportUnknownArgumentType]

    add(built_in.data, "")
    return _page(
        f"The policy: {built_in.name}",
        "Every threshold, weight, shock and limit with its source. A firm's own file holds what differs, a name and a "
        "source for each table it changes; `capexrisk policy check FILE` checks it. Not a credit rating.",
        *parts,
    )


def results() -> str:
    """Give every column of the tables of results, and how to read them."""
    from capexrisk_workbooks.results import COLUMNS, STATUSES

    rows = [
        f"| `{column.name}` | {column.kind.replace('_no', '/no')} | {_cell(column.unit)} | {_cell(column.meaning)} |"
        for column in COLUMNS
    ]
    return _page(
        "Tables of results",
        "`capexrisk recalc PATH ... --results FILE` writes one row for each file it met, as Parquet or CSV by the "
        "file's ending, in the order in which the files were found. Names and units of columns are stable; new "
        "columns come between old ones. Numbers are unrounded, amounts in the review's own currency and unit, "
        "shares fractions. A cell is empty where a review is Incomplete, where a number is not one (no debt to "
        "cover: `show --json` says each such case in words), or where the file could not be done. Parquet files "
        "carry each column's unit and meaning in its metadata. In CSV an apostrophe stands before text that a "
        "spreadsheet program would take for a formula; `read_results` takes it away.",
        "```python\n"
        "from capexrisk_workbooks import read_results\n\n"
        'frame = read_results("results.parquet")  # a pandas frame; frame.attrs["units"] has the units\n'
        'done = frame[frame["score"].notna()]\n'
        'print(done.nlargest(10, "score")[["entity", "score", "decision", "breaks_first"]])\n'
        'print(done.groupby("decision")["section_payers"].describe())\n'
        "```\n",
        f"A status is one of {', '.join(f'`{status}`' for status in STATUSES)}.\n",
        "| column | holds | unit | meaning |\n|---|---|---|---|\n" + "\n".join(rows) + "\n",
    )


def template_formulas() -> str:
    """Give the shapes by which formulas are known as the template's."""
    from capexrisk_workbooks.blank import template_bytes
    from capexrisk_workbooks.evaluation.shortcut import shapes
    from capexrisk_workbooks.ooxml.book import Book

    return "\n".join(shapes(Book.read(template_bytes()))) + "\n"


PAGES: dict[str, Callable[[], str]] = {
    "docs/commands.md": commands,
    "docs/functions.md": functions,
    "docs/inputs.md": inputs,
    "docs/policy.md": policy,
    "docs/results.md": results,
    "workbooks/capexrisk_workbooks/evaluation/template_formulas.txt": template_formulas,
}
"""What follows from code and data, by its place below the project's root."""


REFERENCE = "workbooks/reference.xlsx"
"""A filled workbook for people who browse the repository."""


def reference_workbook() -> bytes:
    """Give the reference workbook: the first example."""
    from capexrisk.examples import examples
    from capexrisk_workbooks.fresh import new_workbook

    return new_workbook(examples()[0])


def _page(title: str, first: str, *parts: str) -> str:
    note = "<!-- Written by `make docs` from code and data; edit those instead. -->"
    return "\n".join([f"# {title}\n\n{note}\n\n{first}\n", *parts])


def _argument(argument: Any) -> str:
    return f"[{argument.name}]" if argument.optional else argument.name


def _input(item: template.Field) -> str:
    choices = ", ".join(choice or template.PLAIN_UNIT for choice in item.choices)
    bounds = choices or (allowed(item) if item.kind in template.NUMBER_KINDS else "")
    blank = "required" if item.required else item.default_text or ("" if item.default is None else f"{item.default}")
    cells = (f"`{item.key}`", item.label, item.kind, bounds, blank, item.help, item.where)
    return f"| {' | '.join(_cell(cell) for cell in cells)} |"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def main() -> None:
    """Write every page and the reference workbook, below the current folder."""
    Path(REFERENCE).write_bytes(reference_workbook())
    for name, page in PAGES.items():
        Path(name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
