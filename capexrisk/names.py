"""Names of payers and entities: when two are the same, when one says nothing, and when two only look alike.

Two names are the same when they differ in case and outer spaces only, or when an alias table says so. What looks
alike beyond that ("Open AI", "OpenAI Inc.") is reported and never merged. A name that says nothing ("Customer A",
"not disclosed", "other ...") is never matched: it may stand for somebody else in every review.
"""

from __future__ import annotations

import csv
import os
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from capexrisk import template
from capexrisk.errors import InputError

SILENT_PHRASES = (
    "not disclosed", "undisclosed", "non disclosed", "nondisclosed", "not named", "unnamed", "unknown", "anonymous",
    "anonymised", "anonymized", "confidential", "withheld", "not stated", "not available", "to be determined",
)  # fmt: skip
"""A name with one of these in it says nothing, whatever else it says."""

SILENT_STARTS = ("other", "others", "various", "miscellaneous", "misc", "sundry")
"""A name that begins with one of these words says nothing."""

_WORD = re.compile(r"\w+")
EMPTY_WORDS = frozenset(
    _WORD.findall("""
    customer customers client clients payer payers buyer buyers counterparty counterparties user users tenant tenants
    company companies party parties partner partners account accounts name supplier vendor end
    lab labs model ai cloud clouds hyperscalers neoclouds enterprises governments consumers
    hosting anchor key major main big biggest large larger largest small smaller smallest top leading single
    one two three four five six seven eight nine ten first second third fourth fifth sixth seventh eighth ninth tenth
    st nd rd th no nr number the a an of our and by to from new existing direct indirect i ii iii iv v vi vii viii ix x
    na nn tbd tba tbc none nil blank
    all rest remaining remainder everyone everybody else many
    distributor distributors reseller resellers maker makers manufacturer manufacturers startup startups
    agency agencies department departments division divisions business businesses retail wholesale
    """)
).union(word for kind in template.KINDS for word in kind.casefold().split())  # fmt: skip
"""Words that name nobody; a name of nothing but these, single letters and numbers says nothing."""

LEGAL_FORMS = frozenset(
    _WORD.findall("""
    inc incorporated corp corporation co company companies llc llp lp ltd limited plc pbc pte pty gmbh ag se sa sas
    sarl srl spa nv bv ab asa oy oyj as aps kk kg holding holdings group the
    """)
)
"""Words that do not count when names are compared for looking alike."""
_SHORTEST = 5
"""Letters that a name must have before one slip of the pen makes another name look like it."""


@lru_cache(maxsize=1 << 16)
def key_of(name: str) -> str:
    """Give what two spellings of a name have in common: case and outer spaces do not count."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).strip().casefold())


@lru_cache(maxsize=1 << 16)
def says_nothing(name: str) -> bool:
    """Whether a name names nobody, so that it must not be matched between reviews."""
    words = _words(name)
    if not words or words[0] in SILENT_STARTS:
        return True
    said = f" {' '.join(words)} "
    if any(f" {phrase} " in said for phrase in SILENT_PHRASES):
        return True
    return all(word in EMPTY_WORDS or len(word) == 1 or _counts(word) for word in words)


def _counts(word: str) -> bool:
    """Whether a word only counts: 2, 2nd, c1."""
    return re.fullmatch(r"[a-z]?\d+(st|nd|rd|th)?", word) is not None


def _words(name: str) -> list[str]:
    """Give the words of a name, without accents, marks and case."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    return _WORD.findall("".join(mark for mark in plain if not unicodedata.combining(mark)).replace("_", " "))


@dataclass(frozen=True)
class Aliases:
    """Which names stand for which others; `names` maps the key of an alias to the name that it means."""

    names: Mapping[str, str] = field(default_factory=dict[str, str])

    def name(self, name: str) -> str:
        """Give the name that counts: what an alias means, or the name itself without outer spaces."""
        return self.names.get(key_of(name), name.strip())

    @staticmethod
    def load(path: str | os.PathLike[str]) -> Aliases:
        """Read a CSV file with the columns alias and name ("Open AI,OpenAI").

        Raises InputError when it cannot be read, when an alias means two names, stands for itself in a circle, or is a
        name that says nothing.
        """
        return Aliases.of(
            (row[0], row[1]) for row in read_pairs(path, ("alias", "name"), "the alias, then the name that it means")
        )

    @staticmethod
    def of(pairs: Iterable[tuple[str, str]]) -> Aliases:
        """Take pairs of alias and name; see `load`."""
        means: dict[str, str] = {}
        for alias, name in pairs:
            key = key_of(alias)
            for said in (alias, name):
                if says_nothing(said):
                    raise InputError(
                        f"The alias table holds {said!r}, which names nobody and may mean another payer in each "
                        "review; leave it out, or name the payer in the reviews."
                    )
            if key_of(means.get(key, name)) != key_of(name):
                raise InputError(f"The alias table says that {alias!r} means both {means[key]!r} and {name!r}.")
            if key != key_of(name):
                means[key] = name.strip()
        return Aliases({alias: _followed(alias, means) for alias in means})


def _followed(alias: str, means: Mapping[str, str]) -> str:
    seen = {alias}
    name = means[alias]
    while (key := key_of(name)) in means:
        if key in seen:
            raise InputError(f"The alias table runs in a circle at {name!r}; let one name be the one that counts.")
        seen.add(key)
        name = means[key]
    return name


def look_alikes(names: Iterable[str]) -> list[tuple[str, ...]]:
    """Give groups of different names that may mean the same, each sorted, for a person to judge.

    Names look alike when they differ in spaces, marks, accents or legal form, by one slip of the pen (not in a digit),
    or when one begins with the whole of the other ("Meta", "Meta Platforms"). Names that say nothing are left out.
    """
    spelling: dict[str, str] = {}
    for name in sorted(names):
        if not says_nothing(name):
            spelling.setdefault(key_of(name), name.strip())
    cores = {key: _core(key) for key in spelling}
    groups = _Groups()
    for one, two in (*_run_together(cores), *_slips(cores), *_beginnings(cores)):
        groups.join(one, two)
    return sorted(tuple(sorted(spelling[key] for key in group)) for group in groups)


def _core(key: str) -> tuple[str, ...]:
    """Give the words that matter of a name: legal forms left out, unless nothing else is left."""
    words = _words(key)
    return tuple(word for word in words if word not in LEGAL_FORMS) or tuple(words)


def _run_together(cores: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[str, str]]:
    first: dict[str, str] = {}
    for key, words in cores.items():
        other = first.setdefault("".join(words), key)
        if other != key:
            yield other, key


def _slips(cores: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[str, str]]:
    """Give pairs that are one letter apart: one more, one less, one other, or two that changed places."""
    near: dict[str, list[str]] = {}
    joined = {key: "".join(words) for key, words in cores.items()}
    for key, text in joined.items():
        if len(text) >= _SHORTEST:
            for less in {text, *(text[:at] + text[at + 1 :] for at in range(len(text)))}:
                near.setdefault(less, []).append(key)
    for found in near.values():
        for at, one in enumerate(found[:_CROWD]):
            for two in found[at + 1 : _CROWD]:
                if _one_slip(joined[one], joined[two]):
                    yield one, two


_CROWD = 50
"""Names compared with each other at most where very many share all letters but one."""


def _one_slip(one: str, two: str) -> bool:
    if [mark for mark in one if mark.isdigit()] != [mark for mark in two if mark.isdigit()]:
        return False
    start = 0
    while start < min(len(one), len(two)) and one[start] == two[start]:
        start += 1
    rest, other = one[start:], two[start:]
    if len(rest) == len(other):
        return rest[1:] == other[1:] or (rest[:2] == other[1::-1] and rest[2:] == other[2:])
    return rest[1:] == other or rest == other[1:]


def _beginnings(cores: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[str, str]]:
    whole: dict[tuple[str, ...], str] = {}
    for key, words in cores.items():
        whole.setdefault(words, key)
    for key, words in cores.items():
        for count in range(1, len(words)):
            other = whole.get(words[:count])
            if other is not None and len("".join(words[:count])) > 3:
                yield other, key


class _Groups:
    """Names joined into groups."""

    def __init__(self) -> None:
        self._above: dict[str, str] = {}

    def _top(self, key: str) -> str:
        while (above := self._above.setdefault(key, key)) != key:
            self._above[key] = self._above[above]
            key = above
        return key

    def join(self, one: str, two: str) -> None:
        self._above[self._top(two)] = self._top(one)

    def __iter__(self) -> Iterator[list[str]]:
        groups: dict[str, list[str]] = {}
        for key in self._above:
            groups.setdefault(self._top(key), []).append(key)
        return iter(groups.values())


def read_pairs(path: str | os.PathLike[str], header: tuple[str, str], holds: str) -> list[Sequence[str]]:
    """Read a CSV file of two columns, with `header` as its first line or without; raises InputError."""
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
        lines = text.splitlines()
        mark = ";" if lines and lines[0].count(";") > lines[0].count(",") else ","
        rows = [row for row in csv.reader(lines, delimiter=mark) if any(cell.strip() for cell in row)]
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path} is not CSV in UTF-8: {error}.") from None
    if rows and [cell.strip().casefold() for cell in rows[0]] == list(header):
        rows = rows[1:]
    for row in rows:
        if len(row) != 2 or not all(cell.strip() for cell in row):
            raise InputError(f"{path} holds the line {mark.join(row)!r}; each must hold {holds}, two cells.")
    return [[cell.strip() for cell in row] for row in rows]
