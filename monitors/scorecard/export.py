"""The scorecard as plain objects: what ``driftmeter scorecard --json`` prints."""

from __future__ import annotations

from typing import Any

import numpy as np

from monitors.scorecard.ages import COLUMNS as AGE_COLUMNS
from monitors.scorecard.card import SECTION, Scorecard
from monitors.windows import Grain

KEYS = ("model", "section", "source", "points", "most", "practice", "note", "tests", "versions", "ages")
"""``points`` of ``most``; ``practice`` how the tests are run (how, words); ``tests`` see ``TEST_KEYS``; ``versions``
when each served (version, first, last, rows, from_start, serving); ``ages`` performance by version and age (version,
window_start, window_end, age in days or rows, metric, value, low, high, n). Times are ISO 8601, or row numbers."""

TEST_KEYS = ("number", "name", "question", "status", "how", "points", "evidence", "configure", "page")
"""``status`` is pass, fail or not covered; ``how`` automated, manual or none; ``points`` 1, 0.5 or 0; ``evidence`` and
``configure`` lists of sentences; ``page`` the path of the dashboard's page that shows the evidence."""

SOURCE = "Breck et al. 2017, The ML Test Score, doi:10.1109/BigData.2017.8258038"


def as_json(card: Scorecard, grain: Grain) -> dict[str, Any]:
    """A scorecard with exactly the keys ``KEYS``; what is not known is None."""
    tests = [
        {**{key: getattr(result, key) for key in TEST_KEYS}, "evidence": list(result.evidence),
         "configure": list(result.configure)}
        for result in card.results
    ]  # fmt: skip
    versions = [
        {"version": version, "first": grain.iso(int(first)), "last": grain.iso(int(last)), "rows": int(rows),
         "from_start": bool(from_start), "serving": version == card.lives.serving}
        for version, first, last, rows, from_start in card.lives.frame.itertuples(index=False)
    ]  # fmt: skip
    ages = [{key: _plain(key, value, grain) for key, value in zip(AGE_COLUMNS, row, strict=True)}
            for row in card.ages[list(AGE_COLUMNS)].itertuples(index=False)]  # fmt: skip
    values = (
        card.model, "Monitoring", SOURCE, card.points, card.most, card.practice._asdict(), SECTION, tests, versions,
        ages,
    )  # fmt: skip
    return dict(zip(KEYS, values, strict=True))


def _plain(key: str, value: Any, grain: Grain) -> Any:
    if key in ("window_start", "window_end"):
        return grain.iso(int(value))
    if isinstance(value, str):
        return value
    return int(value) if key == "n" else float(value) if np.isfinite(value) else None
