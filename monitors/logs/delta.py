"""Delta Lake tables: the data files of the current version are the files of the log."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import pyarrow as pa

from monitors.errors import UserError, clause
from monitors.logs.columns import plain
from monitors.logs.files import LogFile
from monitors.logs.origin import Origin
from monitors.logs.secrets import masked, without_secrets

_PARTITION = "partition."


def delta_files(place: str, key: str, filesystem: Any = None, root: str | None = None) -> list[LogFile]:
    """The data files of a table's current version.

    Files that a deletion or a compaction wrote anew are other files, so that what they hold is counted again.

    Parameters
    ----------
    place : of the table, as the package deltalake takes it: a folder, or an address such as ``s3://bucket/table``
    key : of the table, before those of its files
    filesystem, root : Arrow's file system and the table's path there; None: this machine's

    Raises
    ------
    UserError
        The package is not installed, the table cannot be read, or it asks for what only its own reader can do.
    """
    try:
        from deltalake import DeltaTable
    except ImportError:
        raise UserError(f"'{key}' is a Delta table: reading it needs pip install driftmeter[delta]") from None
    try:
        table = DeltaTable(place)
        settings = table.metadata().configuration
        deleted = pa.table(table.deletion_vectors()).num_rows
        added = pa.table(table.get_add_actions(flatten=True)).to_pylist()
        types = {part.name: part.type for part in pa.schema(table.schema().to_arrow())}
    except Exception as error:  # noqa: BLE001  (the package raises a root of errors of its own)
        reason = without_secrets(clause(error), place)
        raise UserError(f"'{masked(key)}' is no Delta table that can be read: {reason}.") from None
    if deleted:
        raise UserError(
            f"'{key}' is a Delta table with deletion vectors: run REORG TABLE … APPLY (PURGE), or give a query to an "
            "engine that reads them as logs.uri and logs.query."
        )
    if settings.get("delta.columnMapping.mode", "none") != "none":
        raise UserError(
            f"'{key}' is a Delta table that maps its columns' names: give a query to an engine that reads them as "
            "logs.uri and logs.query."
        )
    at: Callable[[str], str] = (root or place).rstrip("/").__add__
    found = []
    for add in added:
        name, modified = str(add["path"]), int(add["modification_time"]) * 1_000_000
        values = {
            part.removeprefix(_PARTITION): _value(value, types[part.removeprefix(_PARTITION)])
            for part, value in add.items()
            if part.startswith(_PARTITION)
        }
        far = "://" in name or name.startswith("/")  # a clone's files lie with the table that it was made of
        path = name.removeprefix("file://") if far else at("/" + unquote(name))
        shown = path if far else f"{key}/{unquote(name)}"
        found.append(
            LogFile(shown, path, int(add["size_bytes"]), modified, Origin(modified, filesystem, values=values))
        )
    return sorted(found)


def _value(value: Any, kind: pa.DataType) -> pa.Scalar:
    return plain(pa.array([value], kind))[0]
