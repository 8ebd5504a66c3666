"""Which windows belong to an alert, as they come."""

from __future__ import annotations

import itertools

import pytest

from monitors.open_alerts import OpenAlerts

FLAGS = {"A": True, "w": False}


def walked(text: str, key: str = "x") -> OpenAlerts:
    """A window a letter: A an alert, w a watch, . neither."""
    found = OpenAlerts()
    for window, letter in enumerate(text):
        found.add(window, {} if letter == "." else {key: FLAGS[letter]})
    return found


@pytest.mark.parametrize(
    ("text", "out", "held", "since"),
    [
        ("", [], [], None),
        ("...", [], [], None),
        ("www", [], [], None),  # worth a look, no alert: learned
        ("A", [0], [], 0),
        (".A.", [1], [2], 1),  # one quiet window may not be the end
        (".A..", [1], [], None),
        (".A.A", [1, 2, 3], [], 1),
        (".A.w.", [1, 2, 3], [4], 1),  # the alert goes on as a watch
        (".wwA", [1, 2, 3], [], 1),  # a slow change is watched first
        ("w..wA", [3, 4], [], 3),
        ("w.wA", [0, 1, 2, 3], [], 0),
        ("AA..AA", [0, 1, 4, 5], [], 4),
        ("AAAAAA", [0, 1, 2, 3, 4, 5], [], 0),
    ],
)
def test_an_alert_holds_the_windows_around_it(text: str, out: list[int], held: list[int], since: int | None) -> None:
    found = walked(text)
    assert sorted(found.out) == out
    assert sorted(found.held(len(text))) == held
    assert found.since() == since


def test_numbers_are_looked_at_each_by_itself() -> None:
    found = OpenAlerts()
    for window, flags in enumerate([{"x": False}, {"z": True}, {"x": True, "z": False}, {}, {}]):
        found.add(window, flags)
    assert sorted(found.out) == [0, 1, 2]  # the watch of x in the first window goes with its alert in the third
    assert found.since() is None


def test_what_is_accepted_is_open_no_more_but_stays_left_out() -> None:
    found = walked(".AA")
    found.accept()
    assert found.since() is None
    assert sorted(found.out) == [1, 2]
    found.add(3, {})
    assert not found.held(4)


def test_what_is_left_out_only_grows_and_holds_every_alert() -> None:
    for letters in itertools.product("A.w", repeat=6):
        text, before = "".join(letters), set()
        for end in range(1, 7):
            found = walked(text[:end])
            assert before <= found.out
            assert {i for i, letter in enumerate(text[:end]) if letter == "A"} <= found.out
            assert not found.out & found.held(end)
            before = found.out
