"""Which findings have one cause: a small table of rules, and what joins what by them.

Findings that go on are a *run*: one monitor, family of kinds, feature, segment and onset. Runs are taken in the order
in which they were first seen; each joins the first incident that a rule leads to, else begins one of its own. An
incident therefore never depends on the order of the input, holds every run exactly once, and does not depend on what
comes later either, but in one case: what seemed to hang on a broken log, and goes on when the log is well again, has a
cause of its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from itertools import groupby
from typing import NamedTuple

import pandas as pd

from monitors.windows import Grain


class Run(NamedTuple):
    """Findings that go on; ``feature`` and ``segment`` are "" for the model, the log, and all rows."""

    monitor: str
    family: str
    feature: str
    segment: str
    onset: int


class Rule(NamedTuple):
    """One reason to take findings for one incident: what they share, when they must begin, and the words for it."""

    name: str
    joins: str
    onset: str
    words: str


TABLE = (
    Rule("goes on", "the same monitor, kind, feature and segment", "in a window that has it already, or right after",
         "it goes on"),
    Rule("log", "anything but integrity, and the broken log", "in the window in which the log broke, or right after "
         "while it stays broken, unless it alerts when the log is well again", "the log itself was broken"),
    Rule("one log", "findings about the log as a whole", "± one window", "the log as a whole"),
    Rule("vanish", "features that go missing in one way", "in the same window", "they went missing together"),
    Rule("feature", "findings of one feature, in all rows or a segment", "± one window", "one feature"),
    Rule("follows", "a feature's finding that another of it explains (see DEPTH), or the same in a segment",
         "while that lasts", "it follows from what the feature does"),
    Rule("moves", "one monitor's findings of features that moved together in the reference, or whose names begin alike",
         "± one window", "these features move together"),
    Rule("kind", "one monitor's findings of one kind", "in the same window", "the same happened to them at once"),
    Rule("model", "the model's outcome, scores and performance, and a feature's finding", "± one window",
         "the model as a whole"),
    Rule("segment", "findings of one segment that all rows do not show", "± one window", "one segment"),
    Rule("event", "anything", "in the window of an event, or right after", "they began with one event"),
)  # fmt: skip
"""The rules, the first that fits is taken."""

WORDS: Mapping[str, str] = {rule.name: rule.words for rule in TABLE}

DEPTH: Mapping[str, int] = {
    "absent": 0, "null_rate": 0, "type_changed": 0, "unit_changed": 0, "constant": 0, "sentinel": 0, "stale": 0,
    "value_mismatch": 0, "removed_column": 0, "early": -1,
    "gap": 1, "conflicting": 1, "duplicates": 1, "bursts": 1, "sampling": 1, "future": 1, "late": 1,
    "label_coverage": 1, "disorder": 2, "volume": 2, "new_column": 2, "latency": 2,
    "lost_category": 3, "unseen_category": 3,
    "shift": 4, "distribution": 4,
    "decay": 5, "position": 6, "relation": 6,
    "label_shift": 7, "performance": 8, "calibration": 9, "prediction_shift": 9, "attribution": 9, "overdue": 10,
    "nonfinite": 9,
}  # fmt: skip
"""How far down a kind stands from causes: a feature that is gone drifts, and decays, and costs performance."""

BROKEN = frozenset({"volume", "duplicates", "conflicting", "bursts", "gap", "future", "sampling"})
"""Kinds of findings about the log that make every other number of the window in which they begin doubtful: rows that
are lacking, or that count twice. Rows that are late or in another order are the same rows."""

LABELS_BROKEN = frozenset({"label_coverage"})
"""The same of numbers that are made of labels, those of the monitors in ``BY_LABELS``."""

BY_LABELS = frozenset({"concept", "decay"})

_MODEL = frozenset({"label_shift", "performance", "calibration", "prediction_shift", "position", "attribution",
                    "nonfinite"})  # fmt: skip
_SOURCES = sorted((family for family, place in DEPTH.items() if place <= 5), key=lambda family: (DEPTH[family], family))
"""Families that say what happened to a feature, causes first: what stands below them may follow."""


def depth(family: str) -> int:
    """Place of a family of kinds in the order of causes; kinds of other packages come last."""
    return DEPTH.get(family, 10)


def runs_of(found: pd.DataFrame) -> list[Run]:
    """The run of each finding, in order."""
    family = found["kind"].where(found["monitor"] != "decay", "decay")  # why power is lost may change meanwhile
    names = (found[column].fillna("").astype(str) for column in ("feature", "segment"))
    return [Run(*key) for key in zip(found["monitor"], family, *names, found["onset"].astype("int64"), strict=True)]


class Joined(NamedTuple):
    """Where a run belongs: the incident's name, and the rule by which it joined ("" for the run that began it)."""

    incident: str
    rule: str


def assign(
    found: pd.DataFrame, grain: Grain, alike: Mapping[str, frozenset[str]], moments: Iterable[int] = ()
) -> dict[Run, Joined]:
    """Give every run of findings its incident.

    Parameters
    ----------
    found : findings, see ``monitors.findings.COLUMNS``
    alike : features that move with each feature, see ``monitors.together``
    moments : of events that may be causes, see ``monitors.events.telling``

    Returns
    -------
    one entry a run
    """
    keys = runs_of(found)
    rows: dict[Run, list[tuple[int, str, str]]] = {}
    for run, start, severity, state in zip(
        keys, found["window_start"].astype("int64"), found["severity"], found["state"], strict=True
    ):
        rows.setdefault(run, []).append((start, severity, state))
    seen = {run: min(start for start, _, _ in of) for run, of in rows.items()}
    nearest: dict[tuple[int, str], int] = {}  # to a cause, of what a feature does when it is first seen
    for run in rows:
        key = seen[run], run.feature
        nearest[key] = min(nearest.get(key, depth(run.family)), depth(run.family))

    def order(run: Run) -> tuple[object, ...]:
        first = nearest[seen[run], run.feature] if run.feature else depth(run.family)
        return seen[run], first, run.feature, run.segment != "", depth(run.family), run

    alerts = {run: {start for start, severity, _ in of if severity == "alert"} for run, of in rows.items()}
    planned = {run for run, of in rows.items() if {state for *_, state in of} - {"resolved"} == {"silenced"}}
    book = _Book(grain, alike, moments, alerts, planned)
    for _, batch in groupby(sorted(rows, key=order), key=seen.__getitem__):
        first_seen = list(batch)
        # what goes on from before, or follows from it, comes first: what else begins with it can then join it
        going_on = [run for run in first_seen if book.continues(run)]
        for run in [*going_on, *(run for run in first_seen if run not in set(going_on))]:
            book.enter(run, sorted(start for start, _, state in rows[run] if state != "resolved"))
    return book.joined


class _Book:
    """Incidents so far, and where each rule finds them."""

    def __init__(
        self, grain: Grain, alike: Mapping[str, frozenset[str]], moments: Iterable[int],
        alerts: Mapping[Run, set[int]], planned: set[Run],
    ) -> None:  # fmt: skip
        self.grain, self.alike, self.alerts, self.planned = grain, alike, alerts, planned
        self.joined: dict[Run, Joined] = {}
        self._at: dict[tuple[object, ...], Run] = {}  # the first run that a key leads to
        self._features: dict[tuple[str, int], dict[str, Run]] = {}
        self._owner: dict[str, str] = {}  # the feature that an incident is about
        self._began: dict[str, Run] = {}  # the run that an incident began with
        self._events: dict[int, int] = {}
        for at in sorted(set(moments)):
            start = int(grain.starts([at])[0])
            for window in (start, grain.end(start)):
                self._events.setdefault(window, at)

    def continues(self, run: Run) -> bool:
        """Whether the first rule that fits leads a run to what was there before, in time."""
        rule = next((rule for rule, other in self._candidates(run) if other is not None), "")
        return rule in ("goes on", "follows")

    def enter(self, run: Run, windows: list[int]) -> None:
        found = next(((rule, other) for rule, other in self._candidates(run) if other is not None), None)
        rule, name = (found[0], self.joined[found[1]].incident) if found else ("", identity(run))
        self.joined[run] = Joined(name, rule)
        self._began.setdefault(name, run)
        if rule != "log":  # what hangs on a broken log says nothing of its own cause
            self._register(run, windows)

    def _candidates(self, run: Run) -> Iterable[tuple[str, Run | None]]:
        near = (run.onset, self.grain.end(run.onset))
        same = (run.monitor, run.family, run.feature, run.segment)

        def get(*key: object) -> Run | None:
            return self._at.get(key)

        def around(*key: object) -> Run | None:
            return next((hit for at in near if (hit := self._at.get((*key, at))) is not None), None)

        yield "goes on", get("goes on", *same, run.onset)
        if run.monitor == "integrity" and not run.feature:
            yield "one log", around("log")
        elif run.monitor != "integrity":
            yield "log", self._broken(run, "broken")
            yield "log", self._broken(run, "broken labels") if run.monitor in BY_LABELS else None
        if run.feature:
            # before what the feature itself did: one that trembled the day before still vanished with the others
            yield "vanish", get("kind", run.monitor, run.family, run.onset) if not depth(run.family) else None
            yield "feature", around("feature", run.feature)
            yield "follows", self._explained(run)
            yield "moves", self._moving(run, near)
        yield "kind", get("kind", run.monitor, run.family, run.onset)
        if run.family in _MODEL:
            # a feature that alerts explains more than one to watch
            yield "model", around("any alert", run.segment) or around("any feature", run.segment)
            yield "model", around("any alert", "") or around("any feature", "") if run.segment else None
            yield "model", None if run.segment else around("any alert", "some")
            yield "model", around("model", run.segment) or (around("model", "") if run.segment else None)
        elif run.feature:
            hit = around("model", run.segment)
            # what the model shows has one feature for its cause: a second one that began then is another incident
            yield "model", hit if hit and self._owner.get(self.joined[hit].incident, "") in ("", run.feature) else None
        if run.segment:
            yield "segment", around("segment", run.segment)
        yield "event", get("event", self._events[run.onset]) if run.onset in self._events else None

    def _broken(self, run: Run, what: str) -> Run | None:
        """What is wrong with the log where the run begins, if the run raises no alert once the log is well again."""
        within = all((what, "in", window) in self._at for window in self.alerts[run])
        return self._at.get((what, run.onset)) if within else None

    def _explained(self, run: Run) -> Run | None:
        """What the feature does meanwhile, if that stands nearer to a cause, or is the same elsewhere."""
        nearer = (family for family in _SOURCES if DEPTH[family] < depth(run.family))
        hits = (self._at.get(("lasts", run.feature, family, run.onset)) for family in (*nearer, run.family))
        return next((hit for hit in hits if hit is not None), None)

    def _moving(self, run: Run, near: tuple[int, int]) -> Run | None:
        known = self.alike.get(run.feature, frozenset())
        for at in near if known else ():
            for other, hit in self._features.get((run.monitor, at), {}).items():
                if other in known:
                    return hit
        return None

    def _register(self, run: Run, windows: list[int]) -> None:
        end: Callable[[int], int] = self.grain.end
        alerts = self.alerts[run]
        near = (run.onset, end(run.onset))
        incident = self.joined[run].incident

        def put(*key: object) -> None:
            self._at.setdefault(key, run)

        def beside(*key: object) -> None:
            for at in near:
                put(*key, at)

        for window in windows:
            for at in (window, end(window)):
                put("goes on", run.monitor, run.family, run.feature, run.segment, at)
                if run.feature:
                    put("lasts", run.feature, run.family, at)
        if run in self.planned:  # an end that was planned explains what the feature itself does, and silences no other
            beside("feature", run.feature)
            return
        # a consequence that comes and goes while its cause lasts is no reason for another feature to join
        if self.joined[run].rule not in ("goes on", "follows") or depth(run.family) <= DEPTH["shift"]:
            put("kind", run.monitor, run.family, run.onset)
        if run.monitor == "integrity" and not run.feature:
            beside("log")
        if run.monitor == "integrity" and alerts and run.family in BROKEN | LABELS_BROKEN:
            broke, what = min(alerts), "broken" if run.family in BROKEN else "broken labels"
            put(what, broke)
            if end(broke) in windows:
                put(what, end(broke))
            for window in windows:
                put(what, "in", window)
                put(what, "in", end(window))  # what is judged over two windows
        if run.feature:
            beside("feature", run.feature)
            beside("any feature", run.segment)
            if windows[:1] and windows[0] in alerts:
                beside("any alert", run.segment)
                if run.segment:
                    beside("any alert", "some")
            for at in near:
                self._features.setdefault((run.monitor, at), {}).setdefault(run.feature, run)
            self._owner.setdefault(incident, run.feature)
        elif run.family in _MODEL:
            beside("model", run.segment)
        if run.segment and self._began[incident].segment == run.segment:
            beside("segment", run.segment)
        if run.onset in self._events:
            put("event", self._events[run.onset])


def identity(run: Run) -> str:
    """The name of an incident that this run began."""
    return hashlib.blake2b("\x1f".join(map(str, run)).encode(), digest_size=4).hexdigest()
