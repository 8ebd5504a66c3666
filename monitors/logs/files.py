"""Which files make up a log."""

from __future__ import annotations

import difflib
import glob
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import total_ordering
from pathlib import Path
from typing import TYPE_CHECKING, Any

from monitors.errors import UserError
from monitors.logs.origin import Origin

if TYPE_CHECKING:
    from monitors.logs.formats.payload import Payload

FORMATS = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".csv": "csv",
    ".tsv": "csv",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".json": "ndjson",
}
COMPRESSIONS = (".gz", ".zst", ".bz2")
_WILD = re.compile(r"[*?\[]")


@total_ordering
@dataclass(frozen=True)
class LogFile:
    """One file of a log, as the ledger knows it.

    Parameters
    ----------
    key : path relative to the configuration's folder, absolute where it lies outside, with forward slashes. Files
        sort by it in natural order: ``part-2`` before ``part-10``.
    path : where to open it
    size : bytes
    modified : nanoseconds since the epoch; of what is no file, a number that changes with its rows
    origin : where its rows come from, when it is not a file of this machine that stands for itself
    payload : how its records become rows; None: they are rows
    """

    key: str
    path: str
    size: int
    modified: int
    origin: Origin | None = field(default=None, compare=False)
    payload: Payload | None = None

    def __lt__(self, other: LogFile) -> bool:
        return natural_key(self.key) < natural_key(other.key)

    @property
    def written(self) -> int | None:
        """Nanoseconds since the epoch at which its last row can have been written; None: nobody knows."""
        return self.modified if self.origin is None else self.origin.written

    def open(self) -> Any:
        """Its bytes, as an Arrow file at its beginning."""
        import pyarrow as pa

        filesystem = None if self.origin is None else self.origin.filesystem
        return pa.OSFile(self.path, "rb") if filesystem is None else filesystem.open_input_file(self.path)

    @classmethod
    def at(cls, path: Path, base: Path) -> LogFile:
        """Look at one file on disk."""
        status = path.stat()
        full = Path(os.path.abspath(path))
        folder = Path(os.path.abspath(base))
        key = full.relative_to(folder) if full.is_relative_to(folder) else full
        return cls(key.as_posix(), str(full), status.st_size, status.st_mtime_ns)


def natural_key(text: str) -> tuple[list[tuple[int, int, str]], str]:
    """Sort key that compares runs of digits as numbers; the text itself settles ``01`` against ``1``."""
    parts = re.split(r"(\d+)", text)
    return [(1, int(part), "") if part.isdecimal() else (0, 0, part) for part in parts if part], text


def ending_format(name: str) -> str | None:
    """Format that a file's name promises (``parquet``, ``csv``, ``ndjson``), or None.

    >>> ending_format("2015-01.csv.gz"), ending_format("notes.txt")
    ('csv', None)
    """
    stem, ending = os.path.splitext(name.lower())
    if ending in COMPRESSIONS:
        ending = os.path.splitext(stem)[1]
    return FORMATS.get(ending)


def discover(patterns: str | list[str], base: Path) -> list[LogFile]:
    """Find the files of a log.

    Parameters
    ----------
    patterns : paths, folders or globs (``**`` spans folders), relative to `base`, or the same of an object store
        (``s3://``, ``gs://``, ``az://``). A folder stands for every file below it whose ending is known; names that
        begin with ``.`` or ``_`` are other programs' notes, not logs. The folder of a Delta or Iceberg table stands
        for the files of its current version; so does ``iceberg://catalog/namespace.table``.
    base : folder of the configuration file

    Returns
    -------
    Every file once, in natural order of its key.

    Raises
    ------
    UserError
        A path does not exist, a glob matches nothing, or a folder holds nothing that can be read.
    """
    found: dict[str, LogFile] = {}
    for pattern in [patterns] if isinstance(patterns, str) else patterns:
        if "://" in pattern:
            from monitors.logs.objects import objects

            files = objects(pattern)
        elif kind := table_kind(path := base / Path(pattern).expanduser()):
            files = _table(kind, path, base)
        else:
            files = [LogFile.at(path, base) for path in _matches(pattern, base)]
        found.update({file.key: file for file in files})
    return sorted(found.values())


def table_kind(folder: Path) -> str | None:
    """Which kind of table a folder of this machine is: "delta", "iceberg", or None."""
    if (folder / "_delta_log").is_dir():
        return "delta"
    return "iceberg" if any((folder / "metadata").glob("*.metadata.json")) else None


def _table(kind: str, folder: Path, base: Path) -> list[LogFile]:
    full = Path(os.path.abspath(folder))
    inside = full.is_relative_to(os.path.abspath(base))
    key = (full.relative_to(os.path.abspath(base)) if inside else full).as_posix()
    if kind == "delta":
        from monitors.logs.delta import delta_files

        return delta_files(str(full), key)
    from monitors.logs.iceberg import metadata_files
    from monitors.logs.objects import opened

    return metadata_files(str(full), [path.name for path in (full / "metadata").iterdir()], key, opened)


def _matches(pattern: str, base: Path) -> list[Path]:
    path = base / Path(pattern).expanduser()
    if path.is_dir():
        files = list(_below(path))
        if not files:
            raise UserError(f"Folder '{pattern}' holds no log that can be read: {_inventory(path)} {_endings()}")
        return files
    if path.is_file():
        return [path]
    if not _WILD.search(pattern):
        raise UserError(f"'{pattern}' does not exist{_nearest(path)}.")
    files = list(_globbed(path))
    if not files:
        raise UserError(f"'{pattern}' matches no file: {_inventory(Path(*_named(path)))}")
    return files


def _named(pattern: Path) -> tuple[str, ...]:
    """Parts of a glob before the first one with a wildcard: the folder that it starts from."""
    wild = next(i for i, part in enumerate(pattern.parts) if _WILD.search(part))
    return pattern.parts[:wild]


def _globbed(pattern: Path) -> Iterator[Path]:
    named = _named(pattern)
    # `logs/**` or `logs/*` names no ending, so only files that promise to be logs are meant.
    anything = not pattern.suffix.strip("*?")
    for name in glob.iglob(str(pattern), recursive=True):
        path = Path(name)
        if any(is_note(part) for part in path.parts[len(named) :]):
            continue
        if path.is_dir():
            yield from _below(path)
        elif path.is_file() and (not anything or ending_format(path.name)):
            yield path


def _below(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder, followlinks=False):
        if table_kind(Path(parent)):
            raise UserError(f"'{parent}' is a table with versions of its own: give it as a path of its own.")
        folders[:] = [name for name in folders if not is_note(name)]
        for name in names:
            if ending_format(name) and not is_note(name):
                yield Path(parent, name)


def is_note(name: str) -> bool:
    """Whether a name begins as those of other programs' notes do."""
    return name.startswith((".", "_"))


def _nearest(path: Path) -> str:
    folder = path.parent
    if not folder.is_dir():
        return f" (nor does the folder '{folder}')"
    names = sorted(entry.name for entry in folder.iterdir())
    near = difflib.get_close_matches(path.name, names, n=1, cutoff=0.5)
    return f"; did you mean '{near[0]}'" if near else f"; {_inventory(folder).rstrip('.')}"


def _inventory(folder: Path, most: int = 5) -> str:
    if not folder.is_dir():
        return f"the folder '{folder}' does not exist{_nearest(folder)}."
    names = sorted((entry.name + ("/" if entry.is_dir() else "") for entry in folder.iterdir()), key=natural_key)
    if not names:
        return f"the folder '{folder}' is empty."
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"the folder '{folder}' holds {', '.join(names[:most])}{more}."


def _endings() -> str:
    return f"Logs end in {', '.join(FORMATS)}, each also with {' or '.join(COMPRESSIONS)}."
