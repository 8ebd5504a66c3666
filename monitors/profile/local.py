"""The local engine: batches in, profiles out, columns counted in threads."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from monitors.profile.accumulate import Accumulator
from monitors.profile.bins import Bins
from monitors.profile.cube import Profile
from monitors.profile.rows import Rows


def profile_windows(
    batches: Iterable[Rows], bins: Bins, known: Iterable[str] = (), threads: int = 0, windows: int = 0
) -> Iterator[list[Profile]]:
    """Profiles of the windows that the batches hold: all those of a window at a time, in order of start and segment.

    Parameters
    ----------
    batches : each with its rows' windows
    known : names of columns that are no features, so not news when they are met
    threads : columns counted at a time; 0 is one a core
    windows : how many are expected; 0 is not known
    """
    accumulator = Accumulator(bins, known, threads or os.cpu_count() or 1, windows)
    for rows in batches:
        accumulator.add(rows)
    yield from accumulator.profiles()


def profile_rows(batches: Iterable[Rows], bins: Bins, known: Iterable[str] = ()) -> list[Profile]:
    """The same, all in one list."""
    return [profile for profiles in profile_windows(batches, bins, known) for profile in profiles]
