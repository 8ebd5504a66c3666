"""Text files as bounded blocks of whole lines."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa

from monitors.errors import LogFileError, UserError, clause
from monitors.logs.files import LogFile, ending_format

BLOCK_BYTES = 4 << 20
LONGEST_LINE = 64 << 20
_MAGIC = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd", b"BZh": "bz2"}
_BOM = b"\xef\xbb\xbf"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


@contextmanager
def reported(file: LogFile, what: str) -> Iterator[None]:
    """Turn whatever a parser raises about this file's content into a LogFileError."""
    try:
        yield
    except FileNotFoundError:
        raise LogFileError(file.key, "was there a moment ago and is gone") from None
    except PermissionError:
        raise LogFileError(file.key, "may not be read by this user (permission denied)") from None
    except (pa.ArrowException, OSError, UnicodeError) as error:
        _check_there(file)
        raise LogFileError(file.key, f"{what}: {clause(error)}") from error


def _check_there(file: LogFile) -> None:
    """Raise UserError where it is the store of the file, not the file, that fails: the next run may read it."""
    filesystem = None if file.origin is None else file.origin.filesystem
    if filesystem is not None:
        try:
            filesystem.get_file_info(file.path)
        except OSError as error:
            raise UserError(f"{file.key} cannot be reached: {clause(error)}.") from None


def bytes_of(file: LogFile, block_bytes: int = BLOCK_BYTES) -> Iterator[bytes]:
    """Decompressed bytes of a text file as UTF-8, without byte order mark, in pieces of about `block_bytes`.

    Compression is told by the first bytes, not by the name. UTF-16 (what spreadsheets call "Unicode text") is
    recoded; other encodings pass through for the parser to deal with, column by column.
    """
    with file.open() as raw:
        start = raw.read(4)
        raw.seek(0)
        codec = next((name for magic, name in _MAGIC.items() if start.startswith(magic)), None)
        stream = pa.CompressedInputStream(raw, codec) if codec else raw
        piece = stream.read(block_bytes)
        decoder = codecs.getincrementaldecoder("utf-16")() if piece.startswith(_UTF16) else None
        piece = piece.removeprefix(_BOM)
        while piece:
            yield decoder.decode(piece).encode() if decoder else piece
            piece = stream.read(block_bytes)


def line_blocks(file: LogFile, block_bytes: int = BLOCK_BYTES) -> Iterator[bytes]:
    """Blocks that end at a line's end; the last line gets one if it has none. A line's length is bounded."""
    rest = b""
    for piece in bytes_of(file, block_bytes):
        block = rest + piece
        end = block.rfind(b"\n") + 1
        rest = block[end:]
        if len(rest) > LONGEST_LINE:
            raise LogFileError(file.key, f"has a line longer than {LONGEST_LINE >> 20} MB")
        if end:
            yield block[:end]
    if rest:
        yield rest + b"\n"


def format_of(file: LogFile) -> str:
    """Format of a file (``parquet``, ``csv``, ``ndjson``): by its name, else by its first bytes.

    Raises
    ------
    LogFileError
        The file is empty, or looks like none of them.
    """
    promised = ending_format(file.path)
    with reported(file, "cannot be opened"):
        with file.open() as raw:
            start = raw.read(4)
        if not start:
            raise LogFileError(file.key, "is empty")
        if promised == "parquet" or start == b"PAR1":
            return "parquet"
        head = next(bytes_of(file, 1 << 16), b"").strip()
    if not head:
        raise LogFileError(file.key, "is empty")
    if promised:
        return promised
    if head[:1] in (b"{", b"["):
        return "ndjson"
    first = head.splitlines()[0]
    if b"\0" not in head and any(first.count(mark) for mark in (b",", b";", b"\t", b"|")):
        return "csv"
    raise LogFileError(file.key, "is neither Parquet nor CSV nor NDJSON, by its name and by its first bytes")
