"""Apache Iceberg tables: the data files of the current snapshot are the files of the log."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from monitors.errors import UserError, clause
from monitors.logs.columns import leaves, plain
from monitors.logs.files import LogFile, natural_key
from monitors.logs.origin import Origin
from monitors.logs.secrets import masked, without_secrets

SCHEME = "iceberg://"
Opener = Callable[[str], tuple[Any, str]]


def catalog_files(address: str, opener: Opener) -> list[LogFile]:
    """The files of ``iceberg://catalog/namespace.table``; the catalog is one of pyiceberg's configuration."""
    catalog, _, name = address.removeprefix(SCHEME).partition("/")
    if not catalog or not name:
        raise UserError(f"'{address}' names no table; give iceberg://CATALOG/NAMESPACE.TABLE")
    _installed(address)
    from pyiceberg.catalog import load_catalog

    return _files(lambda: load_catalog(catalog).load_table(name.replace("/", ".")), address, opener)


def metadata_files(place: str, names: Collection[str], key: str, opener: Opener) -> list[LogFile]:
    """The files of a table in a folder, as its newest metadata file has them.

    Parameters
    ----------
    place : the folder, as the package pyiceberg takes it
    names : of the files in its folder ``metadata``
    key : of the table, as it is told
    opener : Arrow's file system of an address, and the path there
    """
    _installed(key)
    from pyiceberg.table import StaticTable

    newest = max((name for name in names if name.endswith(".metadata.json")), key=natural_key)
    found = _files(lambda: StaticTable.from_metadata(f"{place.rstrip('/')}/metadata/{newest}"), key, opener)
    below = [key + file.key.removeprefix(place) if file.key.startswith(f"{place}/") else file.key for file in found]
    return sorted(replace(file, key=name) for file, name in zip(found, below, strict=True))


def _installed(key: str) -> None:
    try:
        import pyiceberg.table  # noqa: F401
    except ImportError:
        raise UserError(f"'{key}' is an Iceberg table: reading it needs pip install driftmeter[iceberg]") from None


def _files(load: Callable[[], Any], key: str, opener: Opener) -> list[LogFile]:
    try:
        table = load()
        tasks = list(table.scan().plan_files())
        return sorted(file_of(table, task, written, opener) for task, written in _dated(table, tasks))
    except UserError:
        raise
    except Exception as error:  # noqa: BLE001  (catalogs raise whatever their clients do)
        reason = without_secrets(clause(error), key)
        raise UserError(f"'{masked(key)}' is no Iceberg table that can be read: {reason}.") from None


def _dated(table: Any, tasks: list[Any]) -> Iterator[tuple[Any, int]]:
    """Tasks with the time (ns) at which their data file was added; of expired snapshots that of the oldest one."""
    times = {snapshot.snapshot_id: snapshot.timestamp_ms for snapshot in table.metadata.snapshots}
    snapshot = table.current_snapshot()
    added: dict[str, int] = {}
    for manifest in snapshot.manifests(table.io) if snapshot is not None else []:
        for entry in manifest.fetch_manifest_entry(table.io, discard_deleted=True):
            added[entry.data_file.file_path] = times.get(entry.snapshot_id, min(times.values()))
    for task in tasks:
        yield task, added.get(task.file.file_path, min(times.values())) * 1_000_000


def file_of(table: Any, task: Any, written: int, opener: Opener) -> LogFile:
    """A data file as a file of the log; `written` in nanoseconds."""
    address = task.file.file_path
    renamed = _renamed(table)
    deletes = sorted(delete.file_path for delete in task.delete_files)
    filesystem, path = opener(address)
    if str(getattr(task.file.file_format, "value", task.file.file_format)).upper() != "PARQUET":
        raise UserError(f"{address} is a file of an Iceberg table that is no Parquet; only Parquet is read.")
    fields = {field.field_id: field.name for field in table.schema().fields}
    origin = Origin(
        written,
        filesystem,
        reader=Task(table, task) if deletes else None,
        fields=fields,
        values=_values(table, task.file),
    )
    # the file itself never changes, but what is deleted from it or what its columns are called may
    mark = hashlib.blake2b(repr((deletes, renamed)).encode(), digest_size=8).digest() if deletes or renamed else b""
    modified = int.from_bytes(mark, "little") >> 1 if mark else written
    return LogFile(address.removeprefix("file://"), path, int(task.file.file_size_in_bytes), modified, origin)


def _renamed(table: Any) -> list[tuple[int, str | None]]:
    """Columns that were called otherwise once, or are gone, by field id."""
    before = {(field.field_id, field.name) for schema in table.metadata.schemas for field in schema.fields}
    now = {field.field_id: field.name for field in table.schema().fields}
    return sorted({(number, now.get(number)) for number, name in before if now.get(number) != name}, key=str)


def _values(table: Any, file: Any) -> dict[str, pa.Scalar]:
    """Columns by which the table is parted as they are: files that other programs wrote may lack them."""
    from pyiceberg.io.pyarrow import schema_to_pyarrow
    from pyiceberg.transforms import IdentityTransform

    kinds = schema_to_pyarrow(table.schema(), include_field_ids=False)
    found = {}
    for place, part in enumerate(table.specs()[file.spec_id].fields):
        column = table.schema().find_column_name(part.source_id)
        if isinstance(part.transform, IdentityTransform) and column in kinds.names:
            found[column] = plain(pa.array([file.partition[place]], kinds.field(column).type))[0]
    return found


@dataclass(frozen=True)
class Task:
    """A data file with rows deleted from it: read by the library, which holds all rows of such a file at once."""

    table: Any
    task: Any

    def _scan(self, schema: Any) -> Iterator[pa.RecordBatch]:
        from pyiceberg.expressions import AlwaysTrue
        from pyiceberg.io.pyarrow import ArrowScan

        return ArrowScan(self.table.metadata, self.table.io, schema, AlwaysTrue()).to_record_batches([self.task])

    def schema(self) -> pa.Schema:
        """Columns of the table."""
        from pyiceberg.io.pyarrow import schema_to_pyarrow

        return schema_to_pyarrow(self.table.schema(), include_field_ids=False)

    def batches(self, columns: Collection[str] | None) -> Iterator[pa.RecordBatch]:
        """The rows that are left."""
        own = self.schema()
        tops = [own.names[leaf.top] for leaf in leaves(own) if columns is None or leaf.name in columns]
        schema = self.table.schema().select(*dict.fromkeys(tops)) if tops else self.table.schema()
        for batch in self._scan(schema):
            yield batch if tops else batch.select([])
