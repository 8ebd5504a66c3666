"""Responses that stand in records of their own, found by the id of their request.

Where requests and responses come apart, the responses wait in a private SQLite database: its pages beyond 64 MB are
in a temporary file that goes with the connection. Memory is that bound however many responses there are; the file
takes about what their bodies do.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Sequence
from typing import Any

from monitors.errors import LogFileError
from monitors.logs.files import LogFile

CACHE_BYTES = 64 << 20
_AT_ONCE = 500  # ids in one question: SQLite takes at least 999


class Answers:
    """The responses of some files, read when the first one is asked for.

    Parameters
    ----------
    files : that may hold responses. Of several responses to one request, the last counts, in the order of files and
        records.
    """

    def __init__(self, files: Sequence[LogFile]) -> None:
        self._files = sorted(files)
        self._database: sqlite3.Connection | None = None
        self._lock = threading.Lock()

    def of(self, ids: Sequence[str]) -> dict[str, Any]:
        """The bodies of the responses to requests, by id; without those that have none."""
        found: dict[str, Any] = {}
        with self._lock:
            database = self._database or self._read()
            for start in range(0, len(ids), _AT_ONCE):
                some = ids[start : start + _AT_ONCE]
                marks = ",".join("?" * len(some))
                rows = database.execute(f"SELECT id, body FROM answer WHERE id IN ({marks}) ORDER BY rowid", some)
                found.update((key, json.loads(body)) for key, body in rows)
        return found

    def _read(self) -> sqlite3.Connection:
        from monitors.logs.formats.exchanges import responses

        database = sqlite3.connect("", check_same_thread=False)  # a temporary file of its own
        database.execute("PRAGMA journal_mode = OFF")
        database.execute("PRAGMA synchronous = OFF")
        database.execute("PRAGMA temp_store = FILE")
        database.execute(f"PRAGMA cache_size = -{CACHE_BYTES >> 10}")
        database.execute("CREATE TABLE answer (id TEXT, body TEXT)")
        for file in self._files:
            try:
                for some in responses(file):
                    database.executemany("INSERT INTO answer VALUES (?, ?)", some)
            except LogFileError:
                continue  # the scan of that file has said so
        database.execute("CREATE INDEX by_id ON answer (id)")  # sorted once, outside memory
        self._database = database
        return database
