"""Real logs with dated events (``cases.json``), from ``driftmeter init`` to what was found and when.

For each event: the first alert about its feature that says what happened, and how many windows after the event's own
that alert stands. An event without a date came by degrees: the day of its first alert is told. Alerts on columns that
are known to be quiet are counted one by one.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from monitors.config import Config
from monitors.guess import init
from monitors.pipeline import run
from monitors.store import Store
from monitors.windows import Grain
from tests.benchmarks.logs import LOGS


class Case(NamedTuple):
    """What is changed in the file that ``init`` writes (a pattern: its replacement), and a log to be written first."""

    edits: dict[str, str]
    frame: str = ""


CASES = {
    "hotel_bookings": Case({r"^size = .*": 'size = "1w"', r"^end = .*": 'end = "2015-12-31"',
                            r"^segments = .*": "segments = []"}),
    "flights_2015_popmon": Case({r"^end = .*": 'end = "2015-06-30"'}, "flights"),
    "nannyml_car_loan": Case({}),
    "nannyml_car_loan_dq": Case({}),
    "uci_air_quality": Case({r"^size = .*": 'size = "1d"', r"^end = .*": 'end = "2004-04-25"'}),
    "elec2": Case({r"^start = .*": "start = 20000", r"^end = .*": "end = 32000"}),
}  # fmt: skip
"""By their id in cases.json. The reference ends before the event; of a stuck column it lies after it."""

ACCEPTED: dict[str, frozenset[tuple[str, str]]] = {
    "power_decay": frozenset({("decay", "lost_signal"), ("decay", "relation_changed"), ("decay", "input_vanished")}),
    "drift": frozenset({("drift", "shift")}),
    "missing": frozenset({("missing", "null_rate"), ("missing", "absent")}),
    "unseen_value": frozenset({("drift", "unseen_category")}),
    "stuck_value": frozenset({("missing", "constant")}),
}
"""What a finding may be called that tells an event of ``cases.json``."""

COLUMNS = ("log", "event", "feature", "since", "found", "delay", "called", "alerts_before")


def configured(case: Case, file: Path, home: Path) -> Config:
    """What ``init`` writes, with the edits."""
    path, log = home / "driftmeter.toml", home / file.name
    if case.frame:
        log = home / "log.parquet"
        LOGS[case.frame][0](file.parent).to_parquet(log)
    else:
        shutil.copyfile(file, log)
    init([str(log)], path)
    text = path.read_text()
    for pattern, replacement in case.edits.items():
        text = re.sub(pattern, replacement, text, flags=re.MULTILINE)
    path.write_text(text)
    return Config.load(path)


def begins(event: dict[str, Any], times: pd.Series | None) -> int | None:
    """First instant (or row) of an event; None where it has no date."""
    if "start" in event:
        return int(pd.Timestamp(event["start"]).value // 1000)
    if "start_row" in event:
        return int(event["start_row"] if times is None else times.iloc[event["start_row"]].value // 1000)
    return None


def told(event: dict[str, Any], alerts: pd.DataFrame, grain: Grain, since: int | None, name: str) -> dict[str, Any]:
    """One event's row: ``alerts`` are of the whole log."""
    accepted = ACCEPTED[event["kind"]]
    own = alerts[(alerts["feature"] == event["feature"])]
    right = [pair in accepted for pair in zip(own["monitor"], own["kind"], strict=True)]
    own = own[np.array(right, bool)].sort_values("window_start")
    begin = int(grain.starts(np.array([since]))[0]) if since is not None else None
    hits = own if begin is None else own[own["window_start"] >= begin]
    row = {"log": name, "event": event["kind"], "feature": event["feature"],
           "since": "" if begin is None else grain.label(begin),
           "alerts_before": 0 if begin is None else len(own) - len(hits)}  # fmt: skip
    if not len(hits):
        return {**row, "found": "never", "delay": None, "called": ""}
    first = hits.iloc[0]
    at = int(first["window_start"])
    delay = None if begin is None else len(grain.range(begin, at)) - 1
    return {**row, "found": grain.label(at), "delay": delay, "called": f"{first['monitor']}/{first['kind']}"}


def events(data: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Every event of every log that is there, and every alert on a column known to be quiet."""
    rows, strays = [], []
    for about in json.loads((data / "cases.json").read_text()):
        case, file = CASES.get(about["id"]), data / about["file"]
        if case is None or not file.exists():
            continue
        with tempfile.TemporaryDirectory() as home:
            config = configured(case, file, Path(home))
            found = run(config).findings
            with_store = Store.open(config.store.url, read_only=True)
            grain = with_store.grain(config.model.name)
            with_store.close()
        alerts = found[(found["severity"] == "alert") & found["segment"].isna()]
        times = None if grain.kind == "rows" else _times(file, about["time"])
        for event in about["events"]:
            rows.append(told(event, alerts, grain, begins(event, times), about["id"]))
        for key, of in (("stable", alerts), ("stable_missing", alerts[alerts["monitor"] == "missing"])):
            quiet = of[of["feature"].isin(about.get(key, []))].sort_values("window_start")
            for alert in quiet.to_dict("records"):
                strays.append({"log": about["id"], "feature": alert["feature"],
                               "called": f"{alert['monitor']}/{alert['kind']}",
                               "window": grain.label(alert["window_start"]), "message": alert["message"]})  # fmt: skip
        print(f"{about['id']}: {len(alerts)} alerts in {alerts['window_start'].nunique()} windows", flush=True)
    return (pd.DataFrame(rows, columns=list(COLUMNS)),
            pd.DataFrame(strays, columns=["log", "feature", "called", "window", "message"]))  # fmt: skip


def _times(file: Path, column: str) -> pd.Series:
    """The rows' times, in the file's order."""
    return pd.to_datetime(pd.read_csv(file, usecols=[column])[column], format="mixed")
