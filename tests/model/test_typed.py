"""What people type: one meaning is read, two are refused with a sentence."""

from datetime import date, datetime

import pytest

from capexrisk.typed import ErrorCell, MisreadError, is_blank, read_choice, read_date, read_map, read_number, read_text

MINUS = "\u2212"
NARROW = "\u202f"


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        (5, 5), (5.5, 5.5), (-0.25, -0.25), (10**18, 1e18),
        ("5", 5), (" 1200.5 ", 1200.5), ("1e5", 1e5), (".5", 0.5), ("+3", 3), (f"{MINUS}5", -5),
        ("0,5", 0.5), ("1200,50", 1200.5), ("0.234", 0.234), ("0,234", 0.234), ("1234.567", 1234.567),
        ("1,234,567", 1_234_567), ("1.234.567", 1_234_567), ("1,234.5", 1234.5), ("1.234,5", 1234.5),
        ("1,234.567", 1234.567), ("1.234.567,89", 1_234_567.89), ("1 234 567", 1_234_567), ("1 234,5", 1234.5),
        (f"1{NARROW}234", 1234), ("1'234'567.5", 1_234_567.5),
        (None, None), ("", None), ("   ", None),
    ],
)  # fmt: skip
def test_a_number_with_one_meaning_is_read(typed, number):
    assert read_number(typed) == number


@pytest.mark.parametrize(("typed", "share"), [("45%", 0.45), ("12,5 %", 0.125), ("0.5%", 0.005), (f"{MINUS}3%", -0.03)])
def test_a_percentage_is_read_where_a_share_is_meant(typed, share):
    assert read_number(typed, percent=True) == pytest.approx(share, rel=1e-15)
    with pytest.raises(MisreadError, match="must be an amount, not a percentage"):
        read_number(typed)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("1,234", "is the text '1,234', which could mean 1234 or 1.234; type it as a number"),
        ("1.234", "is the text '1.234', which could mean 1234 or 1.234; type it as a number"),
        ("-12,345", "is the text '-12,345', which could mean -12345 or -12.345; type it as a number"),
        ("12 m", "is the text '12 m'; it must be a number"),
        ("$5", "is the text '$5'; it must be a number"),
        ("(5)", "is the text '(5)'; it must be a number"),
        ("1.234.56", "is the text '1.234.56'; it must be a number"),
        ("12,34,567", "is the text '12,34,567'; it must be a number"),
        ("nan", "is the text 'nan'; it must be a number"),
        ("inf", "is the text 'inf'; it must be a number"),
        ("1_000", "is the text '1_000'; it must be a number"),
        ("1e400", "is '1e400'; it must be a number of at most 18 digits"),
        (1e19, "is 1e+19; it must be a number of at most 18 digits"),
        (10**400, "is a number of more than 18 digits; it must be a number of at most 18 digits"),
        pytest.param(
            10**5000, "is a number of more than 18 digits; it must be a number of at most 18 digits", id="huge"
        ),
        (float("nan"), "is not a number; it must be a number of at most 18 digits"),
        (float("inf"), "is infinite; it must be a number of at most 18 digits"),
        (True, "is TRUE; it must be a number"),
        (date(2025, 12, 31), "is the date 2025-12-31; it must be a number"),
        (ErrorCell("#N/A"), "holds the error #N/A; type a value or leave it blank"),
        ([1, 2], "is [1, 2]; it must be a number"),
        ("x" * 500, f"is the text '{'x' * 80}…'; it must be a number"),
    ],
)
def test_a_number_that_cannot_be_read_is_refused_with_a_sentence(typed, sentence):
    with pytest.raises(MisreadError) as error:
        read_number(typed)
    assert str(error.value) == sentence


def test_what_is_deep_or_long_is_shown_in_a_line():
    deep = []
    for _ in range(5000):
        deep = [deep]
    for raw in (deep, list(range(10_000)), {str(at): at for at in range(1000)}):
        with pytest.raises(MisreadError) as error:
            read_number(raw)
        assert len(str(error.value)) < 200


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("2025-12-31", date(2025, 12, 31)), ("2025-12-31T00:00:00", date(2025, 12, 31)),
        ("2025-12-31 00:00", date(2025, 12, 31)), ("31/12/2025", date(2025, 12, 31)),
        ("12/31/2025", date(2025, 12, 31)), ("31.12.2025", date(2025, 12, 31)), ("5.5.2025", date(2025, 5, 5)),
        (46022, date(2025, 12, 31)), (46022.75, date(2025, 12, 31)), (date(2025, 1, 2), date(2025, 1, 2)),
        (datetime(2025, 1, 2, 3), date(2025, 1, 2)), (None, None), ("", None),
    ],
)  # fmt: skip
def test_a_date_with_one_meaning_is_read(typed, day):
    assert read_date(typed) == day


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("03/04/2025", "is the text '03/04/2025', which could mean two dates; type it as 2025-12-31"),
        ("2025-02-30", "is '2025-02-30'; it must be a date such as 2025-12-31"),
        ("31/31/2025", "is '31/31/2025'; it must be a date such as 2025-12-31"),
        ("last week", "is 'last week'; it must be a date such as 2025-12-31"),
        (0, "is 0; it must be a date such as 2025-12-31"),
        (1e300, "is 1e+300; it must be a date such as 2025-12-31"),
        (float("nan"), "is not a number; it must be a date such as 2025-12-31"),
        (True, "is TRUE; it must be a date such as 2025-12-31"),
        ([], "is []; it must be a date such as 2025-12-31"),
    ],
)
def test_a_date_that_cannot_be_read_is_refused_with_a_sentence(typed, sentence):
    with pytest.raises(MisreadError) as error:
        read_date(typed)
    assert str(error.value) == sentence


@pytest.mark.parametrize(
    ("typed", "choice"),
    [("yes", "Yes"), (" NO ", "No"), (True, "Yes"), (False, "No"), (1, "Yes"), (0.0, "No"), (None, None), ("", None)],
)
def test_yes_and_no_are_read_as_typed(typed, choice):
    assert read_choice(typed, ("Yes", "No")) == choice


def test_an_unknown_choice_lists_the_known_ones():
    with pytest.raises(MisreadError, match=r"^is 'maybe'; it must be one of Yes, No$"):
        read_choice("maybe", ("Yes", "No"))


@pytest.mark.parametrize(
    ("typed", "text"),
    [("  a ", "a"), (5, "5"), (5.0, "5"), (5.5, "5.5"), (True, "Yes"), (date(2025, 1, 2), "2025-01-02"),
     (datetime(2025, 1, 2, 3), "2025-01-02"), (" ", None), (None, None)],
)  # fmt: skip
def test_text_is_read_as_it_would_be_typed(typed, text):
    assert read_text(typed) == text


@pytest.mark.parametrize("raw", [pytest.param(10**5000, id="huge"), 1e300, [], {}, ErrorCell("#REF!")])
def test_what_is_no_text_is_refused(raw):
    with pytest.raises(MisreadError):
        read_text(raw)


def test_blank_is_nothing_or_spaces():
    assert [is_blank(raw) for raw in (None, "", " \t", "x", 0, False)] == [True, True, True, False, False, False]


def test_a_map_must_be_an_object():
    assert read_map(None, "inputs") == {}
    with pytest.raises(MisreadError, match=r"^inputs must be an object with keys, not list$"):
        read_map([], "inputs")
