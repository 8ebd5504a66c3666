"""Driftmeter's verdict on a cube: its alerts in the order in which a person meets them, and which of them are hits."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from monitors.assess import measure_all
from monitors.config import Config
from monitors.findings import find
from monitors.incidents import group, ranked
from monitors.profile.cube import Profile
from tests.benchmarks.alarms.quiet import Quiet

CONFIG = Config.from_dict({"logs": {"path": "-"}, "windows": {"size": "1 rows"}})

ACCEPTED: dict[str, frozenset[tuple[str, str]]] = {
    "mean_shift": frozenset({("drift", "shift")}),
    "scale": frozenset({("drift", "shift")}),
    "category_share": frozenset({("drift", "shift"), ("drift", "lost_category")}),
    "null_rate": frozenset({("missing", "null_rate")}),
    "absent": frozenset({("missing", "absent")}),
    "constant": frozenset({("missing", "constant")}),
    "sentinel": frozenset({("missing", "sentinel"), ("drift", "unseen_category")}),
    "unit_change": frozenset({("drift", "shift")}),
    "relation_reversed": frozenset({("concept", "relation"), ("decay", "relation_changed"), ("decay", "lost_signal")}),
    "relation_halved": frozenset({("concept", "relation"), ("decay", "relation_changed"), ("decay", "lost_signal")}),
    "base_rate": frozenset({("concept", "label_shift"), ("concept", "calibration")}),
    "score_scale": frozenset({("concept", "prediction_shift"), ("concept", "calibration")}),
    "duplicates": frozenset({("integrity", "duplicates")}),
    "volume": frozenset({("integrity", "volume")}),
}
"""What a finding may be called that names what was done."""

HALFWAY: dict[str, frozenset[tuple[str, str]]] = {
    "constant": frozenset({("drift", "shift"), ("missing", "sentinel")}),
}
"""What else it may be called while it is still growing: a third of the rows at one value is no constant."""


def alerts(log: Quiet, profiles: list[Profile] | None = None) -> pd.DataFrame:
    """Alerts of all rows of a log, in the order of incidents and their findings.

    Returns
    -------
    among others columns ``monitor``, ``kind``, ``feature`` ("" where it is about the model or the log), ``onset``,
    ``window`` (index), ``first`` (index of the first alert of the same run)
    """
    cube = log.cube(profiles)
    measured = measure_all(cube, log.plan, log.settings).assign(model="")
    found = ranked(*group(find(measured, CONFIG, log.settings.grain, []), log.settings.grain, measured, None, log.task))
    found = found[(found["severity"] == "alert") & found["segment"].isna()]
    window = np.searchsorted(cube.starts, found["window_start"].to_numpy(np.int64))
    found = found.assign(window=window, feature=found["feature"].fillna(""))
    family = found["kind"].where(found["monitor"] != "decay", "decay")
    run = [found["monitor"], family, found["feature"], found["onset"]]
    found["first"] = found.groupby(run)["window"].transform("min") if len(found) else found["window"]
    return found


def touched(kind: str, column: str, found: pd.DataFrame, task: str) -> np.ndarray:
    """Which alerts are about what an incident touched, shape (n,), bool."""
    model = (found["feature"] == "") & (found["monitor"] == "concept")
    if kind in {"base_rate", "score_scale"}:
        return model.to_numpy()
    if kind in {"duplicates", "volume"}:
        return ((found["feature"] == "") & (found["monitor"] == "integrity")).to_numpy()
    own = found["feature"] == column
    return (own | model if kind.startswith("relation") else own).to_numpy()


class Verdict(NamedTuple):
    """What became of one incident.

    Attributes
    ----------
    found : index of the window at whose end the first alert about it stood there; None: never
    feature, kind : whether the finding shown first then names the right feature, and also the right kind
    called : that finding, ``monitor/kind feature``
    elsewhere : alerts on what was not touched, by window (of those judged)
    """

    found: int | None
    feature: bool
    kind: bool
    called: str
    elsewhere: float


def verdict(log: Quiet, profiles: list[Profile], kind: str, column: str, start: int, growing: int) -> Verdict:
    """Judge a log that ends some windows after an incident's first one, ``start``.

    Some findings are written back to windows before the one that made them sure; a person saw them only then. So the
    log is judged as it stood at the end of the window found. What is abrupt is looked for in its first two windows,
    and in all of them when it is not there.

    Parameters
    ----------
    growing : windows before the incident has its full size
    """
    accepted = ACCEPTED[kind] | (HALFWAY.get(kind, frozenset()) if growing else frozenset())
    for judged in ([start + 2] if not growing else []) + [len(profiles)]:
        everything = alerts(log, profiles[:judged])
        new = everything[everything["first"] >= start]
        about = touched(kind, column, new, log.task)
        elsewhere = int((~about).sum()) / (judged - start)
        if about.any():
            break
    first = int(new["window"][about].min()) if about.any() else judged
    for end in range(first, judged):
        seen = everything if judged in {end + 1, start + 2} else alerts(log, profiles[: end + 1])
        seen = seen[(seen["first"] >= start) & (seen["window"] <= end)]
        if touched(kind, column, seen, log.task).any():
            lead = seen.iloc[0]
            named = (lead["monitor"], lead["kind"])
            wanted = column if kind not in _ABOUT_ALL else ""
            right = lead["feature"] == wanted
            called = f"{named[0]}/{named[1]} {lead['feature']}".strip()
            return Verdict(end, bool(right), bool(right and named in accepted), called, elsewhere)
    return Verdict(None, False, False, "", elsewhere)


_ABOUT_ALL = frozenset({"base_rate", "score_scale", "duplicates", "volume"})
