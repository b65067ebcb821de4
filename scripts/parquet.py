"""Rows as a Parquet file: the one place that knows pyarrow, which has no types. Refuses to work without it."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from importlib import import_module
from itertools import islice
from typing import BinaryIO, Protocol, TypeAlias, cast

from db.exports import Kind
from schemas.errors import Permanent

_GROUP = 4000
"""Rows of a row group, which is what is held in memory at once."""
_COMPRESSION = "zstd"

_Type: TypeAlias = object
_Schema: TypeAlias = object
_Batch: TypeAlias = object


class _Batches(Protocol):
    def from_pylist(self, rows: list[dict[str, object]], *, schema: _Schema) -> _Batch: ...


class _Writer(Protocol):
    def write_batch(self, batch: _Batch) -> None: ...


class _Writers(Protocol):
    def ParquetWriter(  # noqa: N802  (its name)
        self, where: BinaryIO, schema: _Schema, *, compression: str
    ) -> AbstractContextManager[_Writer]: ...


class _Arrow(Protocol):
    RecordBatch: _Batches

    def schema(self, fields: list[tuple[str, _Type]]) -> _Schema: ...
    def string(self) -> _Type: ...
    def int64(self) -> _Type: ...
    def timestamp(self, unit: str, tz: str) -> _Type: ...


_TYPES: Mapping[Kind, Callable[[_Arrow], _Type]] = {
    "text": lambda arrow: arrow.string(),
    "integer": lambda arrow: arrow.int64(),
    "moment": lambda arrow: arrow.timestamp("us", "UTC"),
    "json": lambda arrow: arrow.string(),
}


class Parquet:
    """Writes Parquet; raises Permanent when pyarrow is not installed."""

    def __init__(self) -> None:
        try:
            self._arrow = cast("_Arrow", import_module("pyarrow"))
            self._files = cast("_Writers", import_module("pyarrow.parquet"))
        except ImportError:
            raise Permanent(
                "--format parquet needs pyarrow: pip install 'outrider[parquet]', or take csv or jsonl."
            ) from None

    def write(
        self, stream: BinaryIO, rows: Iterator[dict[str, object]], columns: Mapping[str, Kind]
    ) -> int:
        """Write all rows, one row group at a time; returns how many. Without rows the columns are still said."""
        schema = self._arrow.schema(
            [(name, _TYPES[kind](self._arrow)) for name, kind in columns.items()]
        )
        count = 0
        with self._files.ParquetWriter(stream, schema, compression=_COMPRESSION) as writer:
            while group := [_cells(row, columns) for row in islice(rows, _GROUP)]:
                writer.write_batch(self._arrow.RecordBatch.from_pylist(group, schema=schema))
                count += len(group)
        return count


def _cells(row: Mapping[str, object], columns: Mapping[str, Kind]) -> dict[str, object]:
    return {name: _cell(row[name], kind) for name, kind in columns.items()}


def _cell(value: object, kind: Kind) -> object:
    if value is None:
        return None
    if kind == "json":
        return json.dumps(value, ensure_ascii=False)
    return str(value) if kind == "text" else value
