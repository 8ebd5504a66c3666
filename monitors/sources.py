"""The files of the configuration's logs, or what stands for them."""

from __future__ import annotations

from monitors.config import Config
from monitors.errors import UserError
from monitors.logs.files import LogFile, discover
from monitors.logs.formats.registry import formatted
from monitors.windows import Grain


def log_files(config: Config) -> list[LogFile]:
    """The files of the log, in order.

    Raises
    ------
    UserError
        There are none, or the data base gives no row.
    """
    logs = config.logs
    return formatted(_pieces(config), logs.format, logs.columns or (), logs.output)


def _pieces(config: Config) -> list[LogFile]:
    logs = config.logs
    if logs.path is not None:
        return discover(logs.path, config.base)
    from monitors.logs.sql import query_files

    label = logs.label if config.labels is None else None
    found = query_files("logs", str(logs.uri), str(logs.query), config.base, config.grain, logs.timestamp, logs.id,
                        label, logs.checksum, required=logs.format is None)  # fmt: skip
    if not found:
        raise UserError(f"{config.source}: logs.query gives no row.")
    return found


def label_files(config: Config) -> list[LogFile]:
    """The files of the label log, in order; none without one."""
    labels = config.labels
    if labels is None or labels.table is not None:
        return []
    if labels.path is not None:
        return discover(labels.path, config.base)
    from monitors.logs.sql import query_files

    grain = config.grain if config.grain.kind == "calendar" else Grain.parse("1d")
    return query_files("labels", str(labels.uri), str(labels.query), config.base, grain, labels.timestamp, labels.id,
                       labels.label, labels.checksum)  # fmt: skip


def only_grew(file: LogFile, size: int, modified: int) -> bool:
    """Whether a piece of a query has more rows than the ledger knows of it, and those as they were."""
    if file.origin is None or file.origin.reader is None or (file.size, file.modified) == (size, modified):
        return False
    from monitors.logs.sql import Piece

    reader = file.origin.reader
    return isinstance(reader, Piece) and reader.only_grew(size, modified)
