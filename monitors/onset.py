"""When a feature's trouble began and ended, to the hour, and in which file: what the courses of windows tell."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy import special

from monitors.profile.bins import ColumnBins
from monitors.profile.course import Course
from monitors.profile.cube import Cube
from monitors.unit_change import unit_of
from monitors.windows import Grain

_SURE = 1e-4
"""A slot before the step belongs to it when so many hits had at most this chance before it."""

_BACK, _BEHIND, _AHEAD = 7, 2, 3
"""Windows before the first finding in which its step is looked for, those that are looked at in any case, and those
after it."""
_USUAL = 7
"""Windows that tell the usual range."""


class Moment(NamedTuple):
    """When something began or ended.

    Attributes
    ----------
    at, until : the slot (an hour) or window in which it did, ``until`` exclusive; µs or row numbers
    fine : whether that is a part of a window
    files : those with rows of the slot that can be meant, in order; none where it is not known
    """

    at: int
    until: int
    fine: bool
    files: tuple[str, ...] = ()


Signal = Callable[[Course], tuple[np.ndarray, np.ndarray]]
"""Of a course: by slot, rows (or the slot itself: 1) that show the trouble, and that could have; both (S,)."""


def step(hits: np.ndarray, tries: np.ndarray, known_before: bool = True) -> int | None:
    """Where a rate steps up: the first slot of the higher rate, by the likelihood of two binomial rates.

    A slot just before that alone shows more than the lower rate explains is part of it: what began within an hour.

    Parameters
    ----------
    hits, tries : shape (S,)
    known_before : whether some of the slots must lie before the step; if not it may have begun before them all

    Returns
    -------
    index of a slot, None where no rate is higher than before

    >>> import numpy as np
    >>> step(np.array([1, 0, 1, 30, 60, 58]), np.full(6, 60))
    3
    """
    used = np.flatnonzero(tries > 0)
    h, n = hits[used].astype(float), tries[used].astype(float)
    if not len(used):
        return None
    if not known_before and (h == n).all():
        return int(used[0])
    before_h, before_n = np.cumsum(h)[:-1], np.cumsum(n)[:-1]
    after_h, after_n = h.sum() - before_h, n.sum() - before_n
    rising = after_h * before_n > before_h * after_n
    if not rising.any():
        return None
    likelihood = _likelihood(before_h, before_n) + _likelihood(after_h, after_n)
    k = int(np.where(rising, likelihood, -np.inf).argmax()) + 1
    while k > 1:
        lower = (h[: k - 1].sum() + 0.5) / (n[: k - 1].sum() + 1.0)
        if special.bdtrc(h[k - 1] - 1, int(n[k - 1]), lower) > _SURE:
            break
        k -= 1
    return int(used[k])


def _likelihood(hits: np.ndarray, tries: np.ndarray) -> np.ndarray:
    return np.asarray(special.xlogy(hits, hits / tries) + special.xlogy(tries - hits, 1 - hits / tries))


def began(cube: Cube, row: Mapping[str, Any], first: int, grain: Grain, others: Sequence[str] = ()) -> Moment:
    """When a run of findings began.

    Parameters
    ----------
    cube : all rows' windows; row : a finding of the run: kind, feature, detail, value; ``window_start`` of its latest
    first : start of the window in which the run was first seen
    others : more features of which the same was found: together they tell the hour of a small step better
    """
    place = int(np.searchsorted(cube.starts, first))
    window = Moment(int(cube.starts[place]), int(cube.ends[place]), False)
    if row["kind"] == "type_changed":
        return _typed(cube, place, str(row["feature"]), grain, window)
    if row["kind"] in ("lost_category", "unseen_category"):
        return _values_changed(cube, row, place, grain, window)
    found = _together([signal(cube, {**row, "feature": name}) for name in (str(row["feature"]), *others)])
    if found is None or not cube.courses or cube.courses[place] is None:
        return window._replace(files=_files(cube, place, window, str(row["feature"])))
    last = int(np.searchsorted(cube.starts, row["window_start"]))
    some = [w for w in range(place, min(last, place + _AHEAD) + 1) if cube.courses[w] is not None]
    k = None
    for before in range(place - 1, max(place - 1 - _BACK, -1), -1):
        # one value in a window may have kept it from being found: the step can lie before the first finding
        if cube.courses[before] is not None:
            some = [before, *some]
        at, hits, tries = _series(cube, some, found)
        k = step(hits, tries)
        if k is not None and at[k] >= cube.ends[before] and before <= place - 1 - _BEHIND:
            break
    if some[0] >= place:
        at, hits, tries = _series(cube, some, found)
        k = step(hits, tries, known_before=False)
    if k is None:
        return window._replace(files=_files(cube, place, window, str(row["feature"])))
    slot = Moment(int(at[k]), grain.slot_end(int(at[k])), True)
    return slot._replace(files=_files(cube, _window_of(cube, slot.at), slot, str(row["feature"])))


def ended(cube: Cube, row: Mapping[str, Any], last: int, grain: Grain) -> Moment:
    """When a run of findings that is over ended: the first slot that was as before.

    Parameters
    ----------
    last : start of the last window with a finding of the run
    """
    place = int(np.searchsorted(cube.starts, last))
    window = Moment(int(cube.ends[place]), int(cube.ends[place]), False)
    found = signal(cube, row)
    some = [w for w in (place, place + 1) if w < len(cube) and cube.courses and cube.courses[w] is not None]
    if found is None or len(some) < 2:
        return window
    at, hits, tries = _series(cube, some, found)
    k = step(hits[::-1], tries[::-1])
    if not k:
        return window
    # of the slots in reverse, k is the latest that shows it
    end = int(at[len(at) - k])
    return Moment(end, grain.slot_end(end), True)


def _series(cube: Cube, some: list[int], found: Signal) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    courses = [course for w in some if (course := cube.courses[w]) is not None]
    parts = [(course.at, *found(course)) for course in courses]
    at, hits, tries = (np.concatenate(part) for part in zip(*parts, strict=True))
    return at, hits, tries


def signal(cube: Cube, row: Mapping[str, Any]) -> Signal | None:
    """What shows the trouble of a finding in a course; None for kinds that no course tells."""
    i = cube.bins.position(str(row["feature"]))
    column, kind = cube.bins.columns[i], str(row["kind"])
    if kind in ("absent", "null_rate"):
        return lambda course: (course.missing[:, i], course.rows)
    if kind == "constant":
        at = int(np.searchsorted(cube.starts, row["window_start"]))
        course = cube.courses[at] if cube.courses else None
        if course is None or not np.isfinite(course.low[:, i]).any():
            return None
        return _equal(i, float(course.low[:, i].min()), both=True)
    if kind == "sentinel":
        value = _value_of(column, row["detail"])
        return None if value is None else _equal(i, value, both=False)
    if kind == "unit_changed":
        return _scaled(cube, i, row)
    return None


def _together(signals: Sequence[Signal | None]) -> Signal | None:
    """Several features' signals as one."""
    known = [one for one in signals if one is not None]
    if len(known) < 2:
        return known[0] if known else None

    def hits(course: Course) -> tuple[np.ndarray, np.ndarray]:
        each = [one(course) for one in known]
        return sum(np.asarray(h, float) for h, _ in each), sum(np.asarray(n, float) for _, n in each)  # type: ignore[return-value]

    return hits


def _values_changed(cube: Cube, row: Mapping[str, Any], place: int, grain: Grain, window: Moment) -> Moment:
    """The first slot with a value that was never there, or after the last with one that no longer comes.

    Courses know a column's first values alone: of others the window is known.
    """
    i, lost = cube.bins.position(str(row["feature"])), row["kind"] == "lost_category"
    column = cube.bins.columns[i]
    names = str(row["detail"] or "").split(", ")
    marks = [1 << k for k, name in enumerate(column.categories[:64]) if name in names]
    if lost and len(marks) < len(names):
        return window._replace(files=_files(cube, place, window, str(row["feature"])))
    wanted = sum(marks)

    def there(course: Course) -> np.ndarray:
        if lost:
            return (course.seen[:, i] & np.uint64(wanted)) > 0
        return np.asarray(course.high[:, i] == column.size - 1)

    at = window
    for w in range(place, -1, -1):
        course = cube.courses[w] if cube.courses else None
        if course is None:
            break
        known = np.isfinite(course.high[:, i])
        came = np.flatnonzero(there(course))
        slots = np.flatnonzero(known)
        if lost:
            slots = slots[slots > came[-1]] if len(came) else slots
        else:
            slots = came
        if len(slots):
            slot = int(course.at[slots[0]])
            at = Moment(slot, grain.slot_end(slot), True)
        if (len(came) > 0) == lost:
            break
    return at._replace(files=_files(cube, _window_of(cube, at.at), at, str(row["feature"])))


def _equal(i: int, value: float, both: bool) -> Signal:
    """Slots in which every value is this one (``both``), or the least or the greatest is."""
    wanted = np.float32(value)

    def hits(course: Course) -> tuple[np.ndarray, np.ndarray]:
        low, high = course.low[:, i] == wanted, course.high[:, i] == wanted
        return (low & high) if both else (low | high), np.isfinite(course.low[:, i])

    return hits


def _value_of(column: ColumnBins, detail: object) -> float | None:
    """The number, or the bin of the word, that a finding's detail names."""
    if column.kind == "categorical":
        known = "" if detail == "empty text" else str(detail)
        return float(column.lookup.get(known, column.unknown_bin))
    try:
        return float(str(detail))
    except ValueError:
        return None


def _scaled(cube: Cube, i: int, row: Mapping[str, Any]) -> Signal | None:
    """Slots whose range is nearer to the scaled one than to that of the windows before."""
    first = int(np.searchsorted(cube.starts, row["onset"]))
    # the window before the first that shows it may be half of either
    known = [course for course in cube.courses[max(first - 1 - _USUAL, 0) : max(first - 1, 0)] if course is not None]
    if not known:
        return None
    factor, added, _ = unit_of(float(row["value"]), row.get("detail"))

    def shape(course: Course) -> tuple[np.ndarray, np.ndarray]:
        low, high = course.low[:, i].astype(float), course.high[:, i].astype(float)
        with np.errstate(invalid="ignore"):
            wide = np.where(np.isfinite(low), high - low, 0.0)
        return np.where(wide > 0, (low + high) / 2, np.nan), np.where(wide > 0, wide, np.nan)

    usual = [np.concatenate(part) for part in zip(*(shape(course) for course in known), strict=True)]
    if not np.isfinite(usual[1]).any():
        return None
    middle, width = (float(np.nanmedian(part)) for part in usual)

    def hits(course: Course) -> tuple[np.ndarray, np.ndarray]:
        m, w = shape(course)
        with np.errstate(invalid="ignore", divide="ignore"):
            old = np.abs(m - middle) / width + np.abs(np.log(w / width))
            new = np.abs(m - (factor * middle + added)) / (abs(factor) * width)
            new = new + np.abs(np.log(w / (abs(factor) * width)))
            return new < old, np.isfinite(m)

    return hits


def _window_of(cube: Cube, at: int) -> int:
    return int(np.searchsorted(cube.starts, at, side="right")) - 1


def _files(cube: Cube, w: int, when: Moment, feature: str) -> tuple[str, ...]:
    """Files with rows of the moment; where some of them lack the feature more than others, those."""
    facts = cube.facts[w]
    files = {name: of for name, of in facts.get("files", {}).items() if of[1] >= when.at and of[0] < when.until}
    lost = {name: facts.get("lost_in", {}).get(feature, {}).get(name, 0) / max(of[2], 1) for name, of in files.items()}
    most = max(lost.values(), default=0.0)
    kept = [name for name in files if lost[name] >= 0.5 * most]
    return tuple(sorted(kept, key=lambda name: (files[name][0], name)))


def _typed(cube: Cube, w: int, feature: str, grain: Grain, window: Moment) -> Moment:
    """The type of a column is its file's: it changed where the first file that has the other one begins."""
    facts = cube.facts[w]
    typed = [(facts["files"][name][0], name) for name in facts.get("typed_in", {}).get(feature, {})
             if name in facts.get("files", {})]  # fmt: skip
    if not typed:
        return window
    first = min(typed)[0]
    files = tuple(name for at, name in sorted(typed) if at == first)
    slots = grain.slots([first], [int(cube.starts[w])])
    if slots is None:
        return window._replace(files=files)
    return Moment(int(slots[0]), grain.slot_end(int(slots[0])), True, files)
