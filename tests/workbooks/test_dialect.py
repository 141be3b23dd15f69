import formualizer as fz
import pytest
from hypothesis import given
from hypothesis import strategies as st

from capexrisk_workbooks.evaluation.dialect import restated
from capexrisk_workbooks.evaluation.trust import read_formula

OURS = {"CAPEX_SCORE": False, "CAPEX_STRESS": True}


def said(text: str, array: bool = False) -> str | None:
    reading = read_formula(text, array, frozenset(OURS.items()))
    assert reading.reason is None
    return restated(reading.tree, 7, array, OURS, lambda reference: "held" if reference == "Inputs" else None).text


@pytest.mark.parametrize(
    "text",
    [
        "A1+B1*2",
        "A1-B1*2+1",
        'IF(A1="",B1,"x"&"y")',
        "SUM(A1:A9)/COUNT(A1:A9)",
        'COUNTIF(A1:A9,"x")=0',
        "LEN(A1)>=MONTH(B1)",
        "CAPEX_SCORE(A1,B1:C2)",
        '"a"="b"',
        'TEXT(A1,"0.0")&"x"',
        "NOT(ISNUMBER(A1))=TRUE",
    ],
)
def test_what_the_engine_does_as_excel_stays_as_it_is(text: str) -> None:
    assert said("IF(1," + text + ")") is None or "_TEXT" in str(said(text))


@pytest.mark.parametrize(
    ("text", "restatement"),
    [
        ("A1&B1", "(_TEXT(7,A1)&_TEXT(7,B1))"),
        ('"Score: "&A1', '("Score: "&_TEXT(7,A1))'),
        ("A1=B1", '_COMPARE(7,"=",A1,B1)'),
        ("IF(A1*2<=0.5,1,2)", 'IF(_COMPARE(7,"<=",(A1*2),0.5),1,2)'),
        ("A1-B1-C1", "_ADD((A1-B1),(-C1))"),
        ("A1+B1", "_ADD(A1,B1)"),
        ("INT(A1/B1)", 'INT(_STEADY(7,"INT",(A1/B1),1))'),
        ("ROUNDUP(A1,2)", 'ROUNDUP(_STEADY(7,"ROUNDUP",A1,2),2)'),
        ("MOD(A1,B1)", 'MOD(_STEADY(7,"MOD",A1,B1),B1)'),
        ("LEFT(A1,2)", "LEFT(_TEXT(7,A1),2)"),
        ("SUMIFS(A:A,B:$B,1)", "SUMIFS(A$1:A$1048576,B$1:$B$1048576,1)"),
        ("SUM(B9:$A$3,S!A9:B3,A1:B2)", "SUM($A$3:B9,S!A3:B9,A1:B2)"),
        ("SUM('My sheet'!2:$3)", "SUM('My sheet'!$A2:$XFD$3)"),
        ("CAPEX_SCORE(A1,,B1,)", "CAPEX_SCORE(A1,_OMITTED(),B1,_OMITTED())"),
        ("[1]!CAPEX_SCORE(Inputs,SUM(Inputs))", "[1]!CAPEX_SCORE(held,SUM(Inputs))"),
        ("IF(A1,,CAPEX_SCORE(,IF(B1,,2)))", "IF(A1,,CAPEX_SCORE(_OMITTED(),IF(B1,,2)))"),
        ('IF(A1="#N/A",#N/A,"#")&A1', None),
    ],
)
def test_what_it_does_in_another_way_is_said_in_another_way(text: str, restatement: str | None) -> None:
    assert restatement is None or said(text) == restatement


def test_cells_are_left_to_the_engine_as_long_as_they_may_be() -> None:
    tree = read_formula('A1&"x"&LEFT(B1,1)', False, frozenset()).tree
    quick = restated(tree, 7, False, {}, lambda _: None, careful=False)
    assert quick == ('((A1&"x")&LEFT(_TEXT(7,B1),1))', ("A1",))


def test_array_formulas_are_left_alone() -> None:
    assert said("A1:A3=B1:B3", array=True) is None
    assert said("SUMPRODUCT((A1:A3=B1)*C1:C3)") is None


def test_texts_and_errors_keep_their_quotes() -> None:
    assert said('"say ""so"" "&A1') == '("say ""so"" "&_TEXT(7,A1))'
    assert said("IF(A1=B1,#REF!,0)") == 'IF(_COMPARE(7,"=",A1,B1),#REF!,0)'
    assert said('IF(A1=B1,"#REF!",0)') == 'IF(_COMPARE(7,"=",A1,B1),"#REF!",0)'


FORMULAS = st.recursive(
    st.sampled_from(["A1", "rate", "1.5", "0.1", '"x"', "TRUE", "#N/A", "'My sheet'!D4", "1E-9", "B:B"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*/^&=<"), inner).map(lambda parts: f"({''.join(parts)})"),
        st.tuples(st.sampled_from(["SUM", "IF", "CAPEX_SCORE", "ABS"]), st.lists(inner, min_size=1, max_size=3)).map(
            lambda call: f"{call[0]}({','.join(call[1])})"
        ),
        inner.map(lambda text: f"-{text}%"),
    ),
    max_leaves=12,
)


@given(FORMULAS)
def test_a_restatement_is_read_again_and_says_the_same(text: str) -> None:
    reading = read_formula(text, False, frozenset(OURS.items()))
    if reading.reason is not None:
        return
    once = restated(reading.tree, 7, False, OURS, lambda _: None).text
    if once is None:
        return
    plain = once
    for name in ("_TEXT(7,", "_COMPARE(7,", "_ADD("):
        plain = plain.replace(name, "(")
    assert fz.parse(f"={once}") is not None
    assert sorted(filter(str.isalnum, plain.replace("$1", "").replace("$1048576", ""))) or not text
