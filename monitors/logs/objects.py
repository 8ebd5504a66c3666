"""Logs in object stores: s3://, gs:// and az://, by PyArrow's file systems."""

from __future__ import annotations

import os
import re
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.fs as pafs

from monitors.errors import UserError, clause
from monitors.logs import iceberg
from monitors.logs.delta import delta_files
from monitors.logs.files import LogFile, ending_format, is_note
from monitors.logs.origin import Origin
from monitors.logs.secrets import masked, without_secrets

SCHEMES = ("s3", "gs", "gcs", "az", "abfs", "abfss")
_OPTIONS = re.compile(r"\?(?=\w+=)")
_WILD = re.compile(r"[*?\[]")


def objects(pattern: str) -> list[LogFile]:
    """Find the objects of a log.

    Parameters
    ----------
    pattern : ``scheme://bucket/path``, the path one object, a prefix that stands for every object below it whose
        ending is known, or a glob (``**`` spans folders). Options of the store may follow, as in
        ``s3://bucket/logs?region=eu-west-1``. Credentials are looked for where the store's own tools look for them.

    Raises
    ------
    UserError
        The store cannot be reached or refuses, or nothing matches.
    """
    if pattern.startswith(iceberg.SCHEME):
        return iceberg.catalog_files(pattern, opened)
    place, options = _parted(pattern)
    scheme, _, rest = place.partition("://")
    if scheme not in SCHEMES:
        raise UserError(
            f"'{masked(pattern)}' is in no store that is known: give a local path, or one that begins with s3://, "
            "gs:// or az://."
        )
    named = _named(rest)
    shown = f"{scheme}://"
    try:
        filesystem, root = connect(f"{scheme}://{named}", options)
        if named == rest:
            info = filesystem.get_file_info(root)
            if info.type == pafs.FileType.File:
                return [_object(filesystem, info, shown)]
        listed = filesystem.get_file_info(pafs.FileSelector(root, recursive=True, allow_not_found=True))
    except (OSError, ValueError, pa.ArrowException) as error:
        raise UserError(
            f"'{masked(pattern)}' cannot be listed: {without_secrets(_REQUEST.sub('', clause(error)), pattern)}."
        ) from None
    tables = {kind for info in listed if (kind := _table_of(info.path[len(root) :].strip("/")))}
    if tables and named == rest:
        return _table(tables.pop(), f"{scheme}://{rest}", filesystem, root, listed)
    wild = rest[len(named) :].strip("/").split("/") if named != rest else []
    found = [_object(filesystem, info, shown) for info in listed if _is_log(info, root, wild)]
    if not found:
        raise UserError(f"'{masked(pattern)}' matches no object that is a log{_held(listed, root)}.")
    return found


def opened(address: str) -> tuple[Any, str]:
    """Arrow's file system of an address (None: this machine's) and the path there."""
    if "://" not in address or address.startswith("file:"):
        return None, unquote(address.removeprefix("file://")) if address.startswith("file:") else address
    scheme, _, rest = address.partition("://")
    scheme = {"s3a": "s3", "s3n": "s3"}.get(scheme, scheme)
    bucket, _, path = rest.partition("/")
    filesystem, root = _connected(f"{scheme}://{bucket}")
    return filesystem, f"{root}/{path}"


@lru_cache(maxsize=16)
def _connected(place: str) -> tuple[Any, str]:
    return connect(place)


def _table_of(path: str) -> str | None:
    """Which kind of table has an object at this path below its own."""
    if path.startswith("_delta_log/"):
        return "delta"
    return "iceberg" if fnmatchcase(path, "metadata/*.metadata.json") else None


def _table(kind: str, place: str, filesystem: Any, root: str, listed: list[pafs.FileInfo]) -> list[LogFile]:
    if kind == "delta":
        return delta_files(place, masked(place), filesystem, root)
    names = [info.base_name for info in listed if _table_of(info.path[len(root) :].strip("/"))]
    return iceberg.metadata_files(place, names, masked(place), opened)


def connect(place: str, options: str = "") -> tuple[Any, str]:
    """Arrow's file system of a place in an object store, and the path there.

    Raises
    ------
    OSError, ValueError, ArrowException
        as Arrow does
    """
    scheme, _, rest = place.partition("://")
    if scheme in ("az", "abfs") and "@" not in rest.split("/")[0]:
        account = os.environ.get("AZURE_STORAGE_ACCOUNT") or os.environ.get("AZURE_STORAGE_ACCOUNT_NAME")
        if not account:
            raise ValueError("the account is not known; set AZURE_STORAGE_ACCOUNT, and AZURE_STORAGE_KEY if need be")
        return pafs.AzureFileSystem(account, account_key=os.environ.get("AZURE_STORAGE_KEY")), rest.rstrip("/")
    scheme = {"az": "abfs", "gcs": "gs"}.get(scheme, scheme)
    filesystem, path = pafs.FileSystem.from_uri(f"{scheme}://{rest}{'?' + options if options else ''}")
    return filesystem, path


def _parted(pattern: str) -> tuple[str, str]:
    """The place and the options behind its question mark, which may also stand for any character."""
    parts = _OPTIONS.split(pattern, maxsplit=1)
    return parts[0], parts[1] if len(parts) > 1 else ""


def _named(path: str) -> str:
    """The folders of a path before its first wildcard."""
    parts = path.split("/")
    wild = next((i for i, part in enumerate(parts) if _WILD.search(part)), None)
    return path if wild is None else "/".join(parts[:wild])


def _is_log(info: pafs.FileInfo, root: str, wild: list[str]) -> bool:
    parts = info.path[len(root) :].strip("/").split("/")
    if info.type != pafs.FileType.File or any(is_note(part) for part in parts) or not _fits(wild, parts):
        return False
    # `logs/**` or `logs/*` names no ending, so only objects that promise to be logs are meant
    return ending_format(parts[-1]) is not None or (
        len(wild) == len(parts) and bool(PurePosixPath(wild[-1]).suffix.strip("*?"))
    )


def _fits(wild: list[str], parts: list[str]) -> bool:
    """Whether a path is what a glob matches, or lies below it."""
    if not wild:
        return True
    if not parts:
        return False
    if wild[0] == "**":
        return _fits(wild[1:], parts) or _fits(wild, parts[1:])
    return fnmatchcase(parts[0], wild[0]) and _fits(wild[1:], parts[1:])


def _object(filesystem: Any, info: pafs.FileInfo, shown: str) -> LogFile:
    modified = int(info.mtime_ns or 0)
    return LogFile(shown + info.path, info.path, int(info.size), modified, Origin(modified, filesystem))


def _held(listed: list[pafs.FileInfo], root: str, most: int = 5) -> str:
    names = sorted(info.path[len(root) :].lstrip("/") for info in listed if info.type == pafs.FileType.File)
    if not names:
        return f"; there is nothing below {root}"
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"; below {root} are {', '.join(names[:most])}{more}"


_REQUEST = re.compile(r" \(Request ID: [^)]*\)")
"""What S3 adds to every message."""
