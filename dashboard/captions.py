"""What a chart must say to be trusted when it is pasted alone: model, reference, windows, rows, labels, provenance."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Any

import pandas as pd

from dashboard.charts.frame import Caption
from monitors.config import Config
from monitors.views import Seen
from monitors.windows import Grain

_NAMES = {"1h": "hourly", "1d": "daily", "1w": "weekly", "1mo": "monthly", "3mo": "quarterly", "12mo": "yearly"}


def caption(current: Config, seen: Seen, kept: dict[str, Any], low: int, high: int, words: str) -> Caption:
    """What stands under every chart's title and in its footer, for the windows that touch [low, high).

    Parameters
    ----------
    words : the period: "1 Apr to 30 Jun 2015"
    """
    shown = (seen.cube.ends > low) & (seen.cube.starts < high)
    rows = int(seen.cube.rows[shown].sum())
    has_labels = bool(len(seen.bins.columns) and seen.bins.classes)
    labelled = int(seen.cube.column(0).by_outcome[shown].sum()) if has_labels else None
    grain, until = seen.grain, kept.get("observed_until")
    zone = f" ({grain.timezone})" if grain.kind == "calendar" else ""
    named = f"{_NAMES[grain.size]} windows" if grain.size in _NAMES else f"windows of {grain.size}"
    return Caption(
        model=current.model.name + (f", {seen.cube.segment}" if seen.cube.segment else ""), reference=seen.words,
        window=f"{named}{zone}, {words}", n=rows,
        labels_pending=None if labelled is None else rows - labelled,
        as_of=moment(int(until), grain) if until is not None else "", version=package_version(),
        config_hash=str(kept.get("config_hash", "")), synthetic=is_synthetic(current.model.name),
    )  # fmt: skip


def is_synthetic(model: str) -> bool:
    """Whether a model's name says that its log was generated."""
    return "synthetic" in model.lower()


def moment(at: int, grain: Grain) -> str:
    """An instant for people, or a row number."""
    if grain.kind == "rows":
        return f"row {at:,}"
    stamp = pd.Timestamp(at, unit="us", tz="UTC").tz_convert(grain.timezone)
    return f"{stamp:%Y-%m-%d %H:%M} {grain.timezone}"


def package_version() -> str:
    """Driftmeter's version; empty when it runs from a folder that was never installed."""
    try:
        return version("driftmeter")
    except PackageNotFoundError:
        return ""
