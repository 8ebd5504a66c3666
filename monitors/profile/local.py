"""The local engine: batches in, profiles out, columns counted in threads."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

from monitors.profile.accumulate import Accumulator
from monitors.profile.bins import Bins
from monitors.profile.cube import Profile
from monitors.profile.rows import Rows


def profile_rows(
    batches: Iterable[Rows], bins: Bins, known: Iterable[str] = (), threads: int = 0, windows: int = 0
) -> list[Profile]:
    """Profiles of every window and segment that the batches hold, in order of start and segment.

    Parameters
    ----------
    batches : each with its rows' windows
    known : names of columns that are no features, so not news when they are met
    threads : columns counted at a time; 0 is one a core
    windows : how many are expected; 0 is not known
    """
    accumulator = Accumulator(bins, known, threads or os.cpu_count() or 1, windows)
    for rows in ahead(batches):
        accumulator.add(rows)
    return accumulator.profiles()


def ahead(batches: Iterable[Rows]) -> Iterator[Rows]:
    """The same, each read by another thread while the one before it is counted."""
    waiting = iter(batches)
    with ThreadPoolExecutor(1) as reader:
        following = reader.submit(next, waiting, None)
        while (rows := following.result()) is not None:
            following = reader.submit(next, waiting, None)
            yield rows
