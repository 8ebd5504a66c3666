"""Events: those that the log itself shows, which may be a cause, and what people's notes say of a reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from monitors.config import Config
from monitors.holiday import holiday_windows
from monitors.windows import Grain


class Noted(NamedTuple):
    """What people noted that bears on references.

    Attributes
    ----------
    holidays : name by start of the windows that are holidays, a country's among them
    accepted : instants (or row numbers) of deploys and changes of the product, ascending
    """

    holidays: dict[int, str]
    accepted: tuple[int, ...]


def noted(events: pd.DataFrame, config: Config, grain: Grain, starts: Sequence[int]) -> Noted:
    """What the store's events say of a log's windows; what the log itself shows says nothing."""
    person = events[events["source"] == "person"]
    feasts = person[person["kind"] == "holiday"]
    named = sorted(zip(feasts["at"].tolist(), feasts["text"].tolist(), strict=True))
    changes = person.loc[person["kind"].isin(["deploy", "product"]), "at"]
    return Noted(
        holiday_windows(starts, grain, named, config.reference.holidays), tuple(sorted({int(at) for at in changes}))
    )


def version_events(segments: Mapping[str, list[int]], version: str | None) -> list[dict[str, Any]]:
    """A deploy for each version but the one the log begins with.

    Parameters
    ----------
    segments : starts of windows by segment
    version : the column that holds the model's version
    """
    if version is None:
        return []
    prefix = f"{version}="
    first = {key[len(prefix) :]: min(starts) for key, starts in segments.items() if key.startswith(prefix) and starts}
    begin = min(first.values(), default=0)
    return [
        {"at": at, "kind": "deploy", "text": f"{version} {name}"}
        for name, at in sorted(first.items(), key=lambda item: (item[1], item[0]))
        if at > begin
    ]


_CROWDED = 0.5
"""Events so frequent that a window picked by chance lies this likely beside one explain nothing."""


def telling(events: pd.DataFrame | None, grain: Grain, windows: int) -> pd.DataFrame:
    """Events that may be named as a cause: none where they are so many that one is near by chance.

    Parameters
    ----------
    events : columns at (µs or row number), kind, text
    windows : of the log
    """
    if events is None or not len(events):
        return pd.DataFrame({"at": pd.Series(dtype="int64"), "kind": [], "text": []})
    covered = len({int(start) for start in grain.starts(events["at"].to_numpy("int64"))})
    crowded = covered > 2 and 3 * covered > _CROWDED * max(windows, 1)
    return events.sort_values(["at", "kind", "text"]).iloc[: 0 if crowded else None].reset_index(drop=True)


def near(events: pd.DataFrame, onset: int, grain: Grain) -> dict[str, Any] | None:
    """The event that an onset may follow from: in its window, else in the one before, else in the one after.

    Of several in one window deploys and product changes come first, then the latest.
    """
    best: tuple[tuple[int, int, int], dict[str, Any]] | None = None
    for event in events.to_dict("records"):
        start = int(grain.starts([event["at"]])[0])
        place = 0 if start == onset else 1 if grain.end(start) == onset else 2 if grain.end(onset) == start else 3
        key = (place, 0 if event["kind"] in ("deploy", "product") else 1, -int(event["at"]))
        if place < 3 and (best is None or key < best[0]):
            best = key, {str(name): value for name, value in event.items()}
    return best[1] if best else None
