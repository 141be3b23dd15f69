"""What Excel and VBA allow for names and help of functions."""

import re
import subprocess
import sys

import pytest

from capexrisk_udfs import FUNCTIONS
from capexrisk_udfs.functions import ARGUMENT_HELP

DESIGN = {
    "CAPEX_METRIC", "CAPEX_CONCENTRATION", "CAPEX_TOP_SHARE", "CAPEX_LAB_DEPENDENCY", "CAPEX_RUN_RATE_GAP",
    "CAPEX_PAYBACK", "CAPEX_READING", "CAPEX_METRICS", "CAPEX_SECTIONS", "CAPEX_SCORE", "CAPEX_RATING", "CAPEX_STRESS",
    "CAPEX_OUTCOME", "CAPEX_LIQUIDITY", "CAPEX_BREAKPOINTS", "CAPEX_BREAKS_FIRST", "CAPEX_DECISION", "CAPEX_CHECKS",
    "CAPEX_REASON", "CAPEX_ASK", "CAPEX_FINDING", "CAPEX_FINDINGS", "CAPEX_POLICY", "CAPEX_VERSION",
}  # fmt: skip
VBA_WORDS = """
addressof alias and any append array as attribute base binary boolean byref byte byval call case cbool cbyte ccur
cdate cdbl cdec cint circle class clng close compare const csng cstr currency cvar cverr date debug decimal declare
default defbool defbyte defcur defdate defdbl defint deflng defobj defsng defstr defvar dim do dobject double each
else elseif empty end endif enum eqv erase error event exit explicit false for friend function get global go gosub
goto if imp implements in input integer is lbound len let lib like line load local lock long loop lset me mid mod
module name new next not nothing null object on open option optional or output paramarray preserve print private
property pset public put raiseevent random read redim rem resume return rset scale seek select set shared single spc
static step stop string sub tab text then to true type typeof ubound unknown unlock until variant wend while width
with withevents write xor caller
"""


def test_every_function_of_the_design_is_there():
    assert set(FUNCTIONS) == DESIGN


@pytest.mark.parametrize("name", FUNCTIONS)
def test_names_are_legal_in_vba_and_unlike_a_cell(name):
    assert FUNCTIONS[name].name == name
    assert re.fullmatch(r"CAPEX_[A-Z_]*[A-Z]", name)
    assert not re.fullmatch(r"[A-Z]{1,3}\d+|R\d*C\d*", name)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_help_fits_the_function_wizard(name):
    function = FUNCTIONS[name]
    assert 20 <= len(function.help) <= 255
    assert function.help.isprintable()
    for argument in function.arguments:
        assert 20 <= len(argument.help) <= 255
        assert argument.help.isprintable()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_argument_count_and_names_fit_the_function_wizard(name):
    arguments = FUNCTIONS[name].arguments
    assert len(arguments) + sum(len(argument.name) + 2 for argument in arguments) <= 254


@pytest.mark.parametrize("name", FUNCTIONS)
def test_arguments_are_no_words_of_vba(name):
    for argument in FUNCTIONS[name].arguments:
        assert re.fullmatch(r"[a-z][a-z0-9_]*", argument.name)
        assert argument.name not in VBA_WORDS.split()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_optional_arguments_come_last(name):
    optional = [argument.optional for argument in FUNCTIONS[name].arguments]
    assert optional == sorted(optional)


def test_argument_help_is_neither_missing_nor_left_over():
    assert {argument.name for function in FUNCTIONS.values() for argument in function.arguments} == set(ARGUMENT_HELP)


def test_importing_the_functions_imports_no_host():
    code = (
        "import sys, capexrisk_udfs; "
        "print([name for name in ('xlwings', 'pandas', 'openpyxl', 'formualizer') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
