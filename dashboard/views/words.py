"""What the Concept, Decay, Missing and Log health pages say alike: the outcome, what is lacking, numbers in tiles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dashboard.charts.text import period, plain
from dashboard.data import Page
from dashboard.views.common import quoted, safe
from monitors.maturity import immature_starts

NAME_LABELS = "Name the label under [logs] or [labels] in driftmeter.toml, and run again."
NO_PREDICTION = "This log has no predictions, so there is no performance to measure."
NAME_PREDICTION = "Name the prediction under [logs] in driftmeter.toml, and run again."


def has_labels(page: Page) -> bool:
    """Whether the model's log has an outcome at all."""
    return bool(page.seen.bins.classes)


def has_predictions(page: Page) -> bool:
    """Whether the model's log has predictions."""
    return page.seen.bins.of_role("prediction") is not None


def ripe_starts(page: Page) -> np.ndarray:
    """Starts of the windows whose labels are as good as in, shape (W,), int64."""
    if not has_labels(page):
        return np.zeros(0, np.int64)
    starts = page.seen.cube.starts
    return np.asarray(starts[~np.isin(starts, list(immature_starts(page.seen.measured)))])


def unfinished(page: Page) -> bool:
    """Whether the last window shown goes on beyond what the log has so far."""
    last = page.seen.cube.facts[-1].get("last")
    shown = int(page.windows["window_end"].iloc[-1]) == int(page.seen.cube.ends[-1])
    if page.seen.grain.kind == "rows" or last is None or not shown:
        return False
    length = int(page.seen.cube.ends[-1] - page.seen.cube.starts[-1])
    return bool(int(page.seen.cube.ends[-1]) - last > 0.02 * length)


def outcome_word(page: Page) -> str:
    """What came true, in words: "late", "churn = yes"."""
    bins, config = page.seen.bins, page.config
    label = plain((config.labels.label if config.labels else config.logs.label) or "outcome")
    named = bins.task == "binary" and bins.classes and bins.classes[-1] not in ("1", "True", "true", "yes")
    return f"{label} = {bins.classes[-1]}" if named else label


def when(row: dict[str, Any]) -> str:
    """A window, in a sentence."""
    return period(row["x"], row["x_end"])


def listed(names: Sequence[object], most: int = 2) -> str:
    """Features by name, and how many more."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(quoted(name) for name in names[:most]) + more


def capital(text: str) -> str:
    """A sentence's first letter."""
    return text[:1].upper() + text[1:]


def tile(place: Any, label: str, value: str, said: str) -> None:
    """A number with what it is to be read against."""
    place.metric(safe(label), value, safe(said), border=True, delta_color="off", delta_arrow="off")
