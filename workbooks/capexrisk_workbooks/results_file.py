"""Files of results: written row by row as a batch goes on, read back as a pandas frame or column by column."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from capexrisk import InputError
from capexrisk_workbooks.results import COLUMNS, NAMES, Row

if TYPE_CHECKING:
    import pandas

ENDINGS = (".csv", ".parquet")
_BLOCK = 1_000


class Results:
    """Results written as they come, to Parquet or CSV by the file's ending; a context manager.

    A CSV file can be read while it grows, a Parquet file when it is closed; leaving early closes it with the rows so
    far. Raises InputError for another ending, or when the file cannot be written.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._rows: list[Row] = []
        self._writer: Any = None
        self._file: Any = None
        if self.path.suffix.lower() not in ENDINGS:
            raise InputError(f"The results file is {self.path.name}; its name must end in .parquet or .csv.")

    def __enter__(self) -> Self:
        try:
            if self.path.suffix.lower() == ".csv":
                self._file = self.path.open("w", encoding="utf-8", newline="")
                self._writer = csv.DictWriter(self._file, NAMES)
                self._writer.writeheader()
            else:
                import pyarrow.parquet

                self._writer = pyarrow.parquet.ParquetWriter(self.path, _schema())
        except OSError as error:
            raise self._unwritable(error) from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            with self._file or self._writer:
                self._flush()
        except OSError as error:
            raise self._unwritable(error) from None

    def add(self, row: Row) -> None:
        """Write one more row, soon."""
        self._rows.append(row)
        if len(self._rows) >= _BLOCK:
            self._flush()

    def _flush(self) -> None:
        rows, self._rows = self._rows, []
        try:
            if self._file is not None:
                self._writer.writerows({name: inert(value) for name, value in row.items()} for row in rows)
                self._file.flush()
            elif rows:
                import pyarrow

                schema = _schema()
                columns = [pyarrow.array([row[field.name] for row in rows], field.type) for field in schema]
                self._writer.write_table(pyarrow.Table.from_arrays(columns, schema=schema))
        except OSError as error:
            raise self._unwritable(error) from None

    def _unwritable(self, error: OSError) -> InputError:
        return InputError(f"The results file {self.path} cannot be written: {error.strerror or error}.")


_FORMULA_LIKE = re.compile(r"[' ]*[=+\-@\t\r\n]")
"""How text begins that may become a formula; an apostrophe counts as well, so that what is added can be told."""


def inert(value: Any) -> Any:
    """Give a value as a CSV cell that no spreadsheet program takes for a formula."""
    return f"'{value}" if isinstance(value, str) and _FORMULA_LIKE.match(value) else value


def read_results(path: str | Path) -> pandas.DataFrame:
    """Give a results file as a pandas frame: one row a file, typed columns as docs/results.md names them.

    `frame.attrs["units"]` maps columns to their units. Raises InputError when it is not a results file.
    """
    import pandas

    path = Path(path)
    types = {column.name: _PANDAS[column.kind] for column in COLUMNS}
    try:
        if path.suffix.lower() == ".csv":
            frame = pandas.read_csv(path, dtype=types, keep_default_na=False, na_values=[""])  # pyright: ignore
            for name, kind in types.items():
                if kind == "string" and name in frame:
                    frame[name] = frame[name].str.replace(f"^'(?={_FORMULA_LIKE.pattern})", "", regex=True)
        else:
            frame = pandas.read_parquet(path)
            frame = frame.astype({name: kind for name, kind in types.items() if name in frame})
    except OSError as error:
        raise InputError(f"The results file {path} cannot be read: {error.strerror or error}.") from None
    except (ValueError, KeyError) as error:
        raise InputError(f"{path} is not a results file, or its run was cut off: {error}.") from None
    missing = [name for name in NAMES if name not in frame]
    if missing:
        raise InputError(f"{path} is not a results file: it has no column {missing[0]}.")
    frame.attrs["units"] = {column.name: column.unit for column in COLUMNS if column.unit}
    return frame


class Table:
    """The rows of a Parquet file of results, however many: column by column, or row by row without holding them all."""

    def __init__(self, path: str | Path) -> None:
        import pyarrow.parquet

        self.path = Path(path)
        self._file = pyarrow.parquet.ParquetFile(self.path)

    def __len__(self) -> int:
        return self._file.metadata.num_rows

    def column(self, name: str) -> list[Any]:
        """Give one column; what is empty is None."""
        return self._file.read([name]).column(0).to_pylist()

    def numbers(self, names: Sequence[str]) -> Any:
        """Give columns of numbers as one array, (columns, rows); what is empty is nan."""
        import numpy as np

        table = self._file.read(list(names))
        found = np.empty((len(names), len(self)))
        for at, name in enumerate(names):
            found[at] = table.column(name).to_numpy()
        return found

    def rows(self, names: Sequence[str] = NAMES) -> Iterator[Row]:
        """Give each row in turn, with these columns."""
        for batch in self._file.iter_batches(_BLOCK, columns=list(names)):
            columns = [batch.column(name).to_pylist() for name in names]
            for values in zip(*columns, strict=True):
                yield dict(zip(names, values, strict=True))


_PANDAS = {"text": "string", "number": "Float64", "count": "Int64", "yes_no": "boolean"}


def _schema() -> Any:
    import pyarrow

    types = {"text": pyarrow.string(), "number": pyarrow.float64(), "count": pyarrow.int64(), "yes_no": pyarrow.bool_()}
    return pyarrow.schema(
        [
            pyarrow.field(column.name, types[column.kind], metadata={"unit": column.unit, "meaning": column.meaning})
            for column in COLUMNS
        ]
    )
