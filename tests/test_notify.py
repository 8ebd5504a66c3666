from __future__ import annotations

import http.server
import importlib.util
import json
import threading
from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest

from monitors.config import Config
from monitors.errors import UserError
from monitors.notify import message, notify
from monitors.windows import Grain

DAYS = Grain.parse("1d")


def configured(*urls: str) -> Config:
    return Config.from_dict({"model": {"name": "m"}, "logs": {"path": "a"}, "notify": {"urls": list(urls)}})


@pytest.fixture
def inbox() -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """A server on this machine that takes JSON: its port and what it was sent."""
    received: list[dict[str, Any]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port, received
    server.shutdown()
    thread.join()
    server.server_close()


CHANGES = pd.DataFrame(
    [
        {"incident": "a", "rank": 1, "change": "resolved", "title": "x moved; it is over."},
        {"incident": "b", "rank": 3, "change": "new", "title": "y vanished."},
        {"incident": "c", "rank": 2, "change": "new", "title": "z costs more."},
        {"incident": "d", "rank": 4, "change": "over", "title": "The log had no rows; it is over."},
        {"incident": "e", "rank": 5, "change": "worse", "title": "w fades."},
    ]
)


def test_one_message_about_what_changed(inbox: tuple[int, list[dict[str, Any]]]) -> None:
    port, received = inbox
    assert notify(configured(f"json://127.0.0.1:{port}/"), CHANGES) == []
    assert [each["title"] for each in received] == ["m: 2 new, 1 worse, 1 resolved, 1 came and went"]
    assert received[0]["message"].splitlines() == [
        "• new: z costs more.", "• new: y vanished.", "• worse: w fades.", "• resolved: x moved; it is over.",
        "• came and went: The log had no rows; it is over.",
    ]  # fmt: skip


def test_nothing_changed_nothing_said(inbox: tuple[int, list[dict[str, Any]]]) -> None:
    port, received = inbox
    assert notify(configured(f"json://127.0.0.1:{port}/"), CHANGES.head(0)) == []
    assert notify(configured(), CHANGES) == []
    assert received == []


def test_what_does_not_get_through_is_a_note_without_the_secret(inbox: tuple[int, list[dict[str, Any]]]) -> None:
    port, received = inbox
    notes = notify(
        configured("json://user:secret@127.0.0.1:1/", "nonsense://secret", f"json://127.0.0.1:{port}/"), CHANGES
    )
    assert len(notes) == 2
    assert "json: the message did not get through" in notes[0]
    assert "nonsense: its address" in notes[1]
    assert "secret" not in " ".join(notes)
    assert len(received) == 1


def test_long_lists_are_cut() -> None:
    many = pd.DataFrame([{"rank": i, "change": "new", "title": f"f{i} moved."} for i in range(30)])
    title, body = message("m", many)
    assert title == "m: 30 new"
    assert len(body.splitlines()) == 11
    assert body.splitlines()[0] == "• new: f0 moved."
    assert "20 more" in body


def test_apprise_is_an_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"pip install 'driftmeter\[notify\]'"):
        notify(configured("json://localhost"), CHANGES)
