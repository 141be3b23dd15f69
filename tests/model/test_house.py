"""Rules of the house: packages import only downwards, and everything public says what it is."""

import ast
import importlib
import inspect
import pkgutil
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

import capexrisk
from capexrisk import template

ROOT = Path(__file__).parents[2]
FLOORS = {
    "capexrisk": ROOT / "capexrisk",
    "capexrisk_udfs": ROOT / "udfs" / "capexrisk_udfs",
    "capexrisk_workbooks": ROOT / "workbooks" / "capexrisk_workbooks",
    "capexrisk_addin": ROOT / "addin" / "capexrisk_addin",
}
"""The packages from the ground up; each may import only what stands before it."""

BROUGHT_ALONG = {"com", "uno", "unohelper", "fastapi", "starlette", "uvicorn"}
"""What LibreOffice's own Python holds, and what xlwings-server, which is built on it, brings."""

NOT_IN_THE_MODEL = {"xlwings", "openpyxl", "pandas", "formualizer", "pyarrow", "lxml", "defusedxml", "typer", "rich"}


def imported(path):
    """Top-level packages that a module imports anywhere in it, also within functions and for types."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.split(".")[0]


def modules(floor):
    found = sorted(FLOORS[floor].rglob("*.py"))
    assert found, f"no module in {FLOORS[floor]}"
    return found


@pytest.mark.parametrize("floor", FLOORS)
def test_packages_import_only_downwards(floor):
    names = list(FLOORS)
    above = set(names[names.index(floor) + 1 :])
    wrong = {str(path.relative_to(ROOT)): found for path in modules(floor) if (found := above & set(imported(path)))}
    assert wrong == {}


def test_the_model_knows_nothing_of_spreadsheets():
    wrong = {path.name: found for path in modules("capexrisk") if (found := NOT_IN_THE_MODEL & set(imported(path)))}
    assert wrong == {}


def plain(name):
    return re.match(r"[\w.-]+", name)[0].lower().replace("_", "-")


def test_what_is_imported_is_declared():
    """On a machine that has only what is declared, everything must run; others' requirements come and go."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    declared = {plain(name) for name in (*project["dependencies"], *extras["server"], *extras["cluster"])}
    provided, wrong = packages_distributions(), {}
    for path in (path for floor in FLOORS for path in modules(floor)):
        for name in set(imported(path)) - set(sys.stdlib_module_names) - set(FLOORS) - BROUGHT_ALONG:
            if not declared & {plain(found) for found in provided.get(name, [name])}:
                wrong.setdefault(name, []).append(path.name)
    assert wrong == {}


def model_modules():
    for info in pkgutil.iter_modules(capexrisk.__path__):
        yield importlib.import_module(f"capexrisk.{info.name}")


def public(module):
    for name, item in vars(module).items():
        ours = inspect.isfunction(item) or inspect.isclass(item)
        if ours and not name.startswith("_") and item.__module__ == module.__name__:
            yield name, item
            if inspect.isclass(item):
                yield from ((f"{name}.{key}", part) for key, part in vars(item).items() if is_public_part(key, part))


def is_public_part(key, part):
    kinds = (property, staticmethod)
    return not key.startswith("_") and (
        inspect.isfunction(part) or isinstance(part, kinds) or hasattr(part, "attrname")
    )


@pytest.mark.parametrize("module", list(model_modules()), ids=lambda module: module.__name__)
def test_every_public_thing_is_documented(module):
    assert module.__doc__
    assert [name for name, item in public(module) if not inspect.getdoc(item)] == []


def test_a_module_holds_one_thing():
    """400 lines are a sign of two; the template is one table."""
    long = {path.name for path in modules("capexrisk") if len(path.read_text(encoding="utf-8").splitlines()) > 400}
    assert long <= {"template.py"}


def test_the_public_face_is_what_it_lists():
    assert set(capexrisk.__all__) >= {"Assessment", "InputError", "Policy", "Result", "Reviews", "assess"}
    assert all(hasattr(capexrisk, name) for name in capexrisk.__all__)


# --- The template as data ---


def test_keys_and_labels_stand_once():
    for items in (template.FIELDS, template.CUSTOMER_FIELDS, template.SHOCKS, template.METRICS, template.CHECKS):
        assert len({item.key for item in items}) == len({item.label for item in items}) == len(items)


def test_every_field_has_help_that_fits_into_a_validation_message():
    for item in (*template.FIELDS, *template.CUSTOMER_FIELDS, *template.SHOCKS):
        assert item.help and len(item.help) <= 255, item.key


def test_what_a_field_refers_to_exists():
    sections = {section.key for section in template.SECTIONS} | {"identity"}
    for item in template.FIELDS:
        assert item.section in sections
        assert item.at_most is None or item.at_most in template.FIELD
        assert not (item.required and item.optional), item.key
    for metric in template.METRICS:
        assert all(key in template.FIELD or key in template.CUSTOMER_FIELD for key in metric.assumed)
    assert all(key in template.FIELD or key in template.CUSTOMER_FIELD for key in template.NOT_SHOWN)


def test_the_templates_own_items_stand_in_its_words():
    headline = [item.label for item in template.FIELDS if item.headline]
    assert headline == [
        "Annual capex", "AI-specific capex", "Debt used to fund it", "Lease commitments",
        "Actual booked revenue", "Revenue reported as run rate", "Gross margin", "Operating margin",
    ]  # fmt: skip
    assert [section.title for section in template.SECTIONS] == [
        "What is the spend?", "Who pays for it?", "What revenue is real?", "What breaks first?",
        "What should I ask in the meeting?", "Decision rule",
    ]  # fmt: skip
