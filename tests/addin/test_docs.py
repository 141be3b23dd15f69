"""The generated pages are fresh, and every command that the README names exists."""

import io
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import typer

from capexrisk_addin.cli import app
from capexrisk_addin.docs import PAGES, REFERENCE, reference_workbook

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", PAGES)
def test_a_generated_page_is_what_the_code_says(name):
    assert (ROOT / name).read_text(encoding="utf-8") == PAGES[name](), "run `make docs`"


def test_the_reference_workbook_is_what_the_generator_makes():
    with zipfile.ZipFile(ROOT / REFERENCE) as kept, zipfile.ZipFile(io.BytesIO(reference_workbook())) as made:
        assert kept.namelist() == made.namelist()
        for name in made.namelist():  # contents, not the packed bytes: deflate differs between machines
            assert kept.read(name) == made.read(name), f"{name}: run `make docs`"


def known_commands():
    group = typer.main.get_command(app)
    for name, command in group.commands.items():
        yield from ((f"{name} {child}" for child in command.commands) if hasattr(command, "commands") else (name,))


@pytest.mark.parametrize("page", ["README.md", *(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))])
def test_every_command_that_a_page_names_exists(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    known = set(known_commands())
    groups = {name.split()[0] for name in known if " " in name}
    for first, second in re.findall(r"(?:^|`|&& |\$ )capexrisk ([a-z]+)(?: ([a-z]+))?", text, re.MULTILINE):
        assert f"{first} {second}" in known if first in groups and second else first in groups | known


def test_every_command_has_help_with_an_example():
    group = typer.main.get_command(app)
    for name, command in group.commands.items():
        for child in getattr(command, "commands", {name: command}).values():
            assert child.help, name
            assert child.epilog.startswith("Example: capexrisk"), name


def test_the_readme_shows_what_the_demo_prints(tmp_path):
    environment = {**os.environ, "COLUMNS": "80", "CAPEXRISK_LEDGER": str(tmp_path / "ledger.sqlite")}
    command = [sys.executable, "-m", "capexrisk_addin.cli", "demo"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment)
    assert done.stderr == ""
    printed = "\n".join(line.rstrip() for line in done.stdout.strip().splitlines())
    assert f"```\n{printed}\n```" in (ROOT / "README.md").read_text("utf-8")
