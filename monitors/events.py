"""Events that the log itself shows: a model version that was first seen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


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
