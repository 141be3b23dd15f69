import pytest

from capexrisk_workbooks.evaluation.blocks import fitted


@pytest.mark.parametrize(
    ("table", "rows", "cols", "block"),
    [
        ([[1]], 2, 3, [[1, 1, 1], [1, 1, 1]]),
        ([[1, 2]], 2, 2, [[1, 2], [1, 2]]),
        ([[1], [2]], 2, 2, [[1, 1], [2, 2]]),
        ([[1, 2]], 2, 3, [[1, 2, "#"], [1, 2, "#"]]),
        ([[1], [2]], 3, 2, [[1, 1], [2, 2], ["#", "#"]]),
        ([[1, 2], [3, 4]], 3, 3, [[1, 2, "#"], [3, 4, "#"], ["#", "#", "#"]]),
        ([[1, 2, 3], [4, 5, 6], [7, 8, 9]], 2, 2, [[1, 2], [4, 5]]),
        ([[1, 2], [3, 4]], 1, 1, [[1]]),
        ([[1, 2], [3, 4]], 2, 2, [[1, 2], [3, 4]]),
    ],
)
def test_a_result_fills_its_block_as_in_excel(
    table: list[list[object]], rows: int, cols: int, block: list[list[object]]
) -> None:
    assert fitted(table, rows, cols, "#") == block
