"""What some of a window's rows come to: adds up over files, tasks and machines, and ends in profiles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from monitors.profile.bins import Bins
from monitors.profile.course import Course, merged
from monitors.profile.cube import Profile, sum_profiles
from monitors.profile.facts import Facts, merge_facts, most_frequent
from monitors.profile.repeats import Sample, conflicting, repeated


@dataclass(frozen=True)
class Part:
    """Some rows of a window, counted but not summed up: nothing is cut yet that more rows may still change.

    Attributes
    ----------
    start : of the window
    groups : by grouping (a segment column, or all rows), profiles by segment; their facts hold ``rows`` and
        ``attributions``
    facts : what adds up, see ``facts.Facts``
    unseen : by index of the column, rows by value that the reference did not have: all values
    ids : hashes of the rows' ids, in pieces (k,), uint64; None where rows have none
    by_id, by_values : samples of rows, see ``repeats``
    course : what the features do by hour
    lost : by file, rows without each feature (F,)
    """

    start: int
    groups: tuple[Mapping[str, Profile], ...]
    facts: Facts = field(default_factory=dict)
    unseen: Mapping[int, Counter[str]] = field(default_factory=dict)
    ids: Sequence[np.ndarray] | None = None
    by_id: Sample | None = None
    by_values: Sample | None = None
    course: Course | None = None
    lost: Mapping[str, np.ndarray] = field(default_factory=dict)

    def __add__(self, other: Part) -> Part:
        """Both sets of rows together."""
        lost = dict(self.lost)
        for source, rows in other.lost.items():
            lost[source] = lost[source] + rows if source in lost else rows
        unseen = {column: Counter(counts) for column, counts in self.unseen.items()}
        for column, counts in other.unseen.items():
            unseen.setdefault(column, Counter()).update(counts)
        ids = None if self.ids is None and other.ids is None else [*(self.ids or ()), *(other.ids or ())]
        return Part(
            self.start, tuple(_added(*pair) for pair in zip(self.groups, other.groups, strict=True)),
            merge_facts([self.facts, other.facts]), unseen, ids, _sampled(self.by_id, other.by_id),
            _sampled(self.by_values, other.by_values), merged([self.course, other.course]), lost,
        )  # fmt: skip

    def profiles(self, bins: Bins) -> list[Profile]:
        """The window's profiles: all rows first, then by segment in order."""
        if not self.groups[0]:  # nothing but rows ahead of their time
            return []
        facts = self._facts(bins)
        first = [self.groups[0][segment] for segment in sorted(self.groups[0])]
        whole = sum_profiles(first, "")  # the segments of one column are all rows
        whole = replace(whole, facts=ordered(facts | whole.facts), course=self.course)
        segments = [profile for group in self.groups for segment, profile in group.items() if segment]
        return [whole, *sorted(segments, key=lambda profile: profile.segment)]

    def _facts(self, bins: Bins) -> Facts:
        facts = dict(self.facts)
        unseen = {bins.columns[i].name: most_frequent(counts) for i, counts in self.unseen.items()}
        if unseen:
            facts["unseen"] = dict(sorted(unseen.items()))
        if self.ids is not None:
            facts |= id_facts(self.ids)
        if self.by_id is not None:
            found = self.by_id.rows()
            facts["compared"], facts["conflicting"] = found.shape[1], conflicting(*found)
        if self.by_values is not None:
            prints, times, own = self.by_values.rows()
            facts["sampled"], facts["repeated"] = len(prints), repeated(prints, times.view(np.int64), own)
        lost: dict[str, dict[str, int]] = {}
        for source, rows in sorted(self.lost.items()):
            for i in np.flatnonzero(rows).tolist() if source else ():
                lost.setdefault(bins.columns[i].name, {})[source] = int(rows[i])
        if lost:
            facts["lost_in"] = dict(sorted(lost.items()))
        for key in ("hours", "new", "lacking"):
            if key in facts:
                facts[key] = dict(sorted(facts[key].items()))
        return facts


def id_facts(ids: Sequence[np.ndarray]) -> Facts:
    """Rows with an id, and those whose id came before; of pieces (k,), uint64."""
    known = np.concatenate([np.empty(0, np.uint64), *ids])
    return {"identified": len(known), "duplicates": len(known) - len(pd.unique(known))}


def ordered(facts: Facts) -> Facts:
    """The same facts, their keys in order: two ways to count write the same bytes."""
    return {key: facts[key] for key in sorted(facts)}


def _added(one: Mapping[str, Profile], other: Mapping[str, Profile]) -> dict[str, Profile]:
    out = dict(one)
    for segment, profile in other.items():
        out[segment] = out[segment] + profile if segment in out else profile
    return out


def _sampled(one: Sample | None, other: Sample | None) -> Sample | None:
    return other if one is None else one if other is None else one + other
