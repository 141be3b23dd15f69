"""Which formulas depend on which cells, directly or through others."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from capexrisk_workbooks.ooxml.cells import Area


class Cells(NamedTuple):
    """Cells of one sheet."""

    sheet: str
    area: Area

    def __str__(self) -> str:
        """The address, as formulas spell it."""
        plain = self.sheet.isidentifier() and self.sheet.isascii() and not self.sheet.isupper()
        sheet = self.sheet if plain else "'" + self.sheet.replace("'", "''") + "'"
        return f"{sheet}!{self.area}"


Key: TypeAlias = tuple[str, int, int]
"""A formula, by the sheet, row and column of its cell."""

_FEW = 64  # up to so many cells, each is looked up; beyond, areas are compared


class Dependents:
    """Who refers to a cell. What formulas fill and refer to is given once; asking is fast also for long chains."""

    def __init__(self, fills: Mapping[Key, Cells], refers: Mapping[Key, Sequence[Cells]]) -> None:
        """`fills`: the cells that each formula gives values to; `refers`: those that it takes values from."""
        self._fills = fills
        self._near: dict[str, dict[tuple[int, int], list[Key]]] = defaultdict(lambda: defaultdict(list))
        self._far: dict[str, dict[Area, list[Key]]] = defaultdict(lambda: defaultdict(list))
        for key, taken in refers.items():
            for sheet, area in taken:
                if area.size <= _FEW:
                    for spot in area.spots():
                        self._near[sheet][spot].append(key)
                else:
                    self._far[sheet][area].append(key)

    def of(self, starts: Iterable[Cells]) -> dict[Key, Cells]:
        """The formulas that depend on any of the cells, each with cells that make it depend, nearest first."""
        found: dict[Key, Cells] = {}
        waiting = list(starts)
        for cells in waiting:  # grows while it is walked
            for key in self._direct(cells):
                if key not in found:
                    found[key] = cells
                    waiting.append(self._fills[key])
        return found

    def circular(self) -> set[Key]:
        """The formulas that refer to themselves, directly or through others, and all that depend on them."""
        below = {key: set(self._direct(cells)) for key, cells in self._fills.items()}
        needed = Counter(key for keys in below.values() for key in keys)
        free = [key for key in below if not needed[key]]
        for key in free:  # grows while it is walked
            needed.subtract(below[key])
            free += [other for other in below[key] if not needed[other]]
        return below.keys() - set(free)

    def _direct(self, cells: Cells) -> Iterable[Key]:
        sheet, area = cells
        near = self._near.get(sheet, {})
        if area.size <= len(near):
            spots = [spot for spot in area.spots() if spot in near]
        else:
            spots = [spot for spot in near if area.holds(*spot)]
        for spot in spots:
            yield from near[spot]
        for other, keys in self._far.get(sheet, {}).items():
            if overlap(area, other):
                yield from keys


def overlap(one: Area, other: Area) -> bool:
    """Whether two areas share a cell."""
    rows = one.top <= other.bottom and other.top <= one.bottom
    return rows and one.left <= other.right and other.left <= one.right
