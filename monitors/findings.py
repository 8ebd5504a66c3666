"""From measurements to findings: what is beyond chance and habit, since when, and in which words."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
import pandas as pd

from monitors.causes import BROKEN, BY_LABELS, LABELS_BROKEN
from monitors.config import Config
from monitors.histories import histories
from monitors.messages import DISTANCES, reference_words, sentence
from monitors.reference import Plan
from monitors.rolling import Judge
from monitors.rules import RULES
from monitors.settings import RELATIVE, Settings, segment_share
from monitors.windows import Grain, instant

COLUMNS = (
    "monitor",
    "kind",
    "metric",
    "feature",
    "segment",
    "window_start",
    "window_end",
    "onset",
    "value",
    "expected",
    "low",
    "high",
    "p_value",
    "effect",
    "n",
    "severity",
    "state",
    "incident",
    "message",
)

WATCH = 5.0
"""A number whose p value is within this many times its budget is worth a look, though outside of it no alert."""


def find(
    measured: pd.DataFrame, config: Config, grain: Grain, file_facts: list[str], plan: Plan | None = None
) -> pd.DataFrame:
    """Findings of one model, a function of its measurements alone: whatever order windows came in.

    Parameters
    ----------
    measured : see ``monitors.measurement.COLUMNS``
    file_facts : sentences on files of which rows are lost; they are findings of the log's last window
    plan : what windows were compared with: its holidays are watched, and raise no alert

    Returns
    -------
    columns ``COLUMNS``, the incident not yet set
    """
    flagged = judged(measured, config, grain, plan)
    rows = _silence(histories(flagged), config, grain)
    rows["habit"] = _habit(rows, measured)
    rows["message"] = [sentence({str(k): v for k, v in row.items()}, grain) for row in rows.to_dict("records")]
    if plan is not None:
        rows["message"] = reference_words(rows, plan, grain)
    rows["incident"] = None
    facts = _facts_frame(file_facts, measured)
    frames = [frame for frame in (rows.reindex(columns=list(COLUMNS)), facts) if len(frame)]
    return pd.concat(frames, ignore_index=True) if frames else _nothing()


def judged(
    measured: pd.DataFrame, config: Config, grain: Grain, plan: Plan | None = None, segments: int | None = None
) -> pd.DataFrame:
    """Measurements that are judged, with ``effect``, ``kind`` and ``severity`` (``alert``, ``watch`` or None).

    Parameters
    ----------
    segments : how many share half of the false-alarm budget; left out, those of the measurements
    """
    settings = Settings(grain, config.alerts.false_alarm_rate, minimum_effect=config.alerts.minimum_effects())
    rows = measured[measured["p_value"].notna()].copy()
    rows = rows[np.array([key in RULES for key in _keys(rows)], bool)]
    rows["effect"] = _effect(rows)
    count = measured["segment"].dropna().nunique() if segments is None else segments
    rows["severity"] = _severity(rows, settings, config, count)
    return _demote(_held_back(_with_kinds(rows, measured), plan))


_NOT_OF_HABIT = frozenset({
    "absent", "type_changed", "new_column", "removed_column", "duplicates", "conflicting", "disorder", "future",
    "value_mismatch", "early", "overdue",
})  # fmt: skip
"""What no holiday explains."""


def _held_back(rows: pd.DataFrame, plan: Plan | None) -> pd.DataFrame:
    """On a holiday all is otherwise: what habit could explain is watched."""
    if plan is not None and plan.holidays:
        held = rows["window_start"].isin(plan.holidays.keys()) & ~rows["kind"].isin(_NOT_OF_HABIT)
        rows.loc[held & (rows["severity"] == "alert"), "severity"] = "watch"
    return rows


def judge_of(config: Config, grain: Grain, plan: Plan, segments: int | None = None) -> Judge:
    """What a rolling reference must not learn, by the rules that findings follow; see ``rolling.roll``."""

    def judge(measured: pd.DataFrame) -> dict[int, dict[Hashable, bool]]:
        rows = judged(measured, config, grain, plan, segments)
        rows = rows[rows["severity"].notna() & ~_silent(rows, config, grain)]
        flags: dict[int, dict[Hashable, bool]] = {}
        for start, monitor, rule, feature, severity in rows[
            ["window_start", "monitor", "_rule", "_feature", "severity"]
        ].itertuples(index=False):
            of = flags.setdefault(int(start), {})
            of[monitor, rule, feature] = of.get((monitor, rule, feature), False) or severity == "alert"
        return flags

    return judge


def _nothing() -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype=object) for name in COLUMNS})


def _effect(rows: pd.DataFrame) -> pd.Series:
    """Value beyond expectation, in the metric's unit; of rows and latency as a part of what was expected."""
    beyond = rows["value"] - rows["expected"].fillna(0.0)
    relative = rows["value"] / rows["expected"].where(rows["expected"] > 0) - 1
    return beyond.where(~rows["metric"].isin(RELATIVE), relative)


def _severity(rows: pd.DataFrame, settings: Settings, config: Config, segments: int) -> pd.Series:
    """``alert``, ``watch`` or None for each judged number."""
    names = [rows["monitor"], rows["metric"], rows["feature"].fillna(""), rows["segment"].fillna("")]
    keys = pd.MultiIndex.from_arrays(names)
    place, unique = keys.factorize()
    rate, least, quiet = np.empty(len(unique)), np.empty(len(unique)), np.zeros(len(unique), bool)
    for i, (monitor, metric, name, segment) in enumerate(unique):
        rule = RULES[monitor, metric]
        scale = segment_share(segment, segments)
        if name in config.alerts.features:
            own = config.alerts.for_feature(name).false_alarm_rate or settings.false_alarm_rate
            scale *= own / settings.false_alarm_rate
        rate[i] = settings.rate(monitor, rule.family) * scale if rule.family else 1e-9
        least[i], quiet[i] = settings.least(metric, name), rule.only_watch
    p, effect = rows["p_value"].to_numpy(float), rows["effect"].abs().to_numpy(float)
    large = effect >= least[place]
    out = np.full(len(rows), None, object)
    out[(p < WATCH * rate[place]) & large] = "watch"
    out[(p < rate[place]) & large & ~quiet[place]] = "alert"
    return pd.Series(out, index=rows.index, dtype=object)


def _keys(rows: pd.DataFrame) -> list[tuple[str, str]]:
    """Monitor and metric of each row: of few kinds, so each text is made once."""
    monitors, metrics = (pd.factorize(rows[name]) for name in ("monitor", "metric"))
    names = [monitors[1].tolist(), metrics[1].tolist()]
    return [(names[0][m], names[1][k]) for m, k in zip(monitors[0].tolist(), metrics[0].tolist(), strict=True)]


def _with_kinds(judged: pd.DataFrame, measured: pd.DataFrame) -> pd.DataFrame:
    rules = [RULES[key] for key in _keys(judged)]
    rows = judged.assign(
        kind=[rule.kind for rule in rules], _rule=[rule.kind or str(rule.family) for rule in rules],
        _feature=judged["feature"].fillna(""), _segment=judged["segment"].fillna(""),
    )  # fmt: skip
    decays = rows["metric"] == "learned_power"
    flagged = decays & rows["severity"].notna()
    rows.loc[decays, "kind"] = "lost_signal"
    if flagged.any():
        rows.loc[flagged, "kind"] = _decay_kinds(rows[flagged], measured)
    return rows


def _demote(rows: pd.DataFrame) -> pd.DataFrame:
    """What follows from another alert of the same window is worth a look, but no alert of its own.

    A shift of a feature whose missing values say why; that a feature which drifts is not as in the training set; a
    segment's finding where all rows together show as much of the same: a segment stays an alert when its effect is more
    than twice the whole's; and whatever begins in the window in which the log itself broke (``broken`` says so).
    """
    alert, monitor, segment = rows["severity"] == "alert", rows["monitor"], rows["_segment"]
    place, cell = (rows.groupby(keys, sort=False).ngroup().to_numpy() for keys in (
        ["_feature", "_segment", "window_start"], ["monitor", "metric", "_feature", "window_start"]))  # fmt: skip
    skewed = rows["metric"] == "training_distance"
    shifts = ((monitor == "drift") & (rows["metric"] == "jensen_shannon")) | skewed
    gone = place[alert & (monitor == "missing") & (rows["kind"] != "overdue")]
    follows = shifts & np.isin(place, gone)
    follows |= skewed & np.isin(place, place[alert & (monitor == "drift")])
    whole, effect = alert & (segment == ""), rows["effect"].abs().to_numpy(float)
    of_whole = np.full(len(rows), np.nan)
    of_whole[cell[whole]] = effect[whole]
    follows |= (segment != "") & (effect <= 2 * of_whole[cell])
    rows["broken"] = _in_broken(rows) & rows["severity"].notna()
    follows |= rows["broken"].to_numpy()
    rows.loc[follows & alert, "severity"] = "watch"
    return rows


def _in_broken(rows: pd.DataFrame) -> np.ndarray:
    """Numbers that begin to be strange in a window in which an alert about the log as a whole begins, bool."""
    broken = _log_breaks(rows, BROKEN) & (rows["monitor"] != "integrity")
    broken |= _log_breaks(rows, LABELS_BROKEN) & rows["monitor"].isin(BY_LABELS)
    if not broken.any():
        return np.zeros(len(rows), bool)
    keys = ["monitor", "metric", "_feature", "_segment"]
    strange = rows.sort_values("window_start", kind="stable").assign(_strange=lambda r: r["severity"].notna())
    before = strange.groupby(keys, sort=False)["_strange"].shift(fill_value=False)
    return np.asarray(broken & ~before.reindex(rows.index).astype(bool))


def _log_breaks(rows: pd.DataFrame, kinds: frozenset[str]) -> pd.Series:
    """Rows of windows in which an alert about the log begins."""
    log = rows[(rows["monitor"] == "integrity") & rows["kind"].isin(kinds)].sort_values("window_start", kind="stable")
    alert = log["severity"] == "alert"
    begins = alert & ~alert.groupby([log["metric"], log["_feature"]]).shift(fill_value=False)
    return rows["window_start"].isin(log.loc[begins, "window_start"])


def _habit(rows: pd.DataFrame, measured: pd.DataFrame) -> np.ndarray:
    """The most by which the reference's own windows differ from what is expected of them, in the metric's unit.

    A distance is measured from the others itself; of all else it is the greatest |value - expected|. NaN where the
    reference's windows were not measured, as when it rolls.
    """
    keys = ["monitor", "metric", "feature", "segment"]
    held = measured[measured["reference"].astype(bool) & measured["metric"].isin(rows["metric"].unique())]
    if not len(held) or not len(rows):
        return np.full(len(rows), np.nan)
    apart = np.where(held["metric"].isin(DISTANCES), held["value"], (held["value"] - held["expected"]).abs())
    most = held[keys].assign(_most=apart).fillna({"feature": "", "segment": ""}).groupby(keys)["_most"].max()
    wanted = rows[keys].fillna({"feature": "", "segment": ""})
    return np.asarray(wanted.merge(most.reset_index(), on=keys, how="left")["_most"], float)


def _decay_kinds(rows: pd.DataFrame, measured: pd.DataFrame) -> list[str]:
    keys = ["feature", "segment", "window_start"]
    drops = {}
    for metric in ("available_power", "expected_power"):
        part = measured[(measured["monitor"] == "decay") & (measured["metric"] == metric)]
        drops[metric] = {
            key: expected - value
            for *key_, value, expected in part[[*keys, "value", "expected"]].itertuples(index=False)
            for key in [_key(key_)]
        }
    kinds = []
    for *key_, value, expected in rows[[*keys, "value", "expected"]].itertuples(index=False):
        key = _key(key_)
        # an explained variance under nothing is a relation that misleads: no more than all of it can be lost
        kinds.append(
            decay_kind(
                expected - max(value, 0.0),
                drops["available_power"].get(key, np.nan),
                drops["expected_power"].get(key, np.nan),
            )
        )
    return kinds


def _key(parts: list[object]) -> tuple[object, object, object]:
    feature, segment, start = parts
    return feature, segment if isinstance(segment, str) else None, start


def decay_kind(learned: float, available: float, expected: float) -> str:
    """Why a feature's learned power has dropped, from the drops of the three powers.

    Most of the drop follows from the inputs' own shift: ``input_vanished``. The window's own relation has lost as much:
    ``lost_signal``. The signal is there, but the relation is another: ``relation_changed`` (retraining gains).
    """
    if expected >= 0.5 * learned:
        return "input_vanished"
    return "relation_changed" if available < 0.5 * learned else "lost_signal"


def _silence(rows: pd.DataFrame, config: Config, grain: Grain) -> pd.DataFrame:
    """A feature whose planned end has come is expected to be missing: nobody is alarmed."""
    silent = _silent(rows, config, grain)
    rows.loc[silent, "state"] = "silenced"
    rows.loc[silent, "severity"] = "watch"
    return rows


def _silent(rows: pd.DataFrame, config: Config, grain: Grain) -> pd.Series:
    """Which findings are of a feature whose planned end has come."""
    silent = pd.Series(False, index=rows.index)
    for name, planned in config.deprecations.items() if grain.kind != "rows" else ():
        if planned.date is not None:
            silent |= (rows["feature"] == name) & (rows["window_end"] > instant(planned.date, grain.timezone))
    return silent & (rows["kind"] != "overdue")  # that it stays is what was not planned


def _facts_frame(file_facts: list[str], measured: pd.DataFrame) -> pd.DataFrame:
    """What is wrong with files stands at the log's last window: nobody knows which windows their rows were of."""
    if not file_facts or not len(measured):
        return _nothing()
    start, end = int(measured["window_start"].max()), int(measured["window_end"].max())
    return pd.DataFrame(
        [
            {
                "monitor": "integrity",
                "kind": "gap",
                "metric": "file",
                "feature": None,
                "segment": None,
                "window_start": start,
                "window_end": end,
                "onset": start,
                "value": np.nan,
                "expected": np.nan,
                "low": np.nan,
                "high": np.nan,
                "p_value": 0.0,
                "effect": np.nan,
                "n": np.nan,
                "severity": "alert",
                "state": "new",
                "incident": None,
                "message": f"Rows of the log are lost: {fact}.",
            }
            for fact in file_facts
        ],
        columns=list(COLUMNS),
    )
