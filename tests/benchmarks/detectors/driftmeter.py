"""Driftmeter as a detector: windows of rows, the first since the start or the last detection as reference."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache

import numpy as np
import pandas as pd
import pyarrow as pa

from monitors.assess import measure_all
from monitors.config import Config
from monitors.findings import find
from monitors.profile.cube import Cube
from monitors.profile.freeze import Collector, Model
from monitors.profile.local import profile_rows
from monitors.profile.rows import Columns, Rows
from monitors.reference import DEFAULT_WINDOWS, Plan
from monitors.settings import Settings
from tests.benchmarks.detectors.streams import FEATURES, Stream

REFERENCE = DEFAULT_WINDOWS["rows"]
WINDOW = 1000
"""Rows of a window where nothing is configured."""

COUNTED: Mapping[str, frozenset[str] | None] = {
    "any alert": None,
    "concept": frozenset({"relation", "performance", "calibration", "label_shift"}),
    "performance": frozenset({"performance", "calibration"}),
}
"""Which kinds of alert are alarms. ``concept`` is the concept monitor without the shift of the scores: a tree that goes
on learning moves them by design. ``performance`` knows what the published detectors are told, and the score."""


class Log:
    """A log of rows whose first windows are the reference, profiled once.

    Parameters
    ----------
    rows : shape (n, F); label : shape (n,); score : shape (n,), chance of class 1; names : F
    """

    def __init__(
        self, rows: np.ndarray, label: np.ndarray, score: np.ndarray, names: Sequence[str], window: int = WINDOW,
        reference: int = REFERENCE, false_alarm_rate: float = 0.05,
    ) -> None:  # fmt: skip
        whole = len(rows) // window * window  # the last window is not over
        self.config = Config.from_dict({
            "logs": {"path": "-"}, "windows": {"size": f"{window} rows"},
            "alerts": {"false_alarm_rate": false_alarm_rate},
        })  # fmt: skip
        self.settings = Settings(self.config.grain, false_alarm_rate)
        self.windows, self.reference = whole // window, reference
        self.known: dict[int, pd.DataFrame] = {}
        if self.windows <= reference:
            return
        starts = self.config.grain.starts(np.arange(whole))
        self.plan = Plan(tuple(np.unique(starts)[:reference].tolist()))
        features = pa.RecordBatch.from_arrays([pa.array(column) for column in rows[:whole].T], names=list(names))
        keys = np.random.default_rng(1).integers(0, 2**63, whole).astype(np.uint64)

        def part(n: int) -> Rows:
            return Rows(features.slice(0, n), starts[:n], None, pa.array(score[:n], from_pandas=True),
                        pa.array(label[:n]), keys=keys[:n])  # fmt: skip

        collector = Collector(Columns())
        collector.add(part(reference * window))
        bins = collector.freeze(Model("binary", 1))
        profiles = profile_rows([part(whole)], bins)
        starts = [profile.start for profile in profiles]
        self.cube = Cube.stack(bins, profiles, starts, self.config.grain.ends(np.array(starts)).tolist())

    def alerts(self, windows: int | None = None) -> pd.DataFrame:
        """Alerts of the first ``windows`` windows (None: of all), as if the log ended there."""
        count = self.windows if windows is None else windows
        if count <= self.reference:
            return pd.DataFrame({"kind": [], "feature": [], "window_end": []})
        if count not in self.known:
            cube = self.cube.select(np.arange(self.windows) < count)
            measured = measure_all(cube, self.plan, self.settings).assign(model="")
            found = find(measured, self.config, self.config.grain, [])
            self.known[count] = found.loc[found["severity"] == "alert", ["kind", "feature", "window_end"]]
        return self.known[count]

    def first_alarm(self, counted: frozenset[str] | None) -> int | None:
        """Rows of the log up to the end of the window with which the first alarm is raised; None: there is none.

        Some evidence adds up over windows and is dated back to where it began: an alarm is raised when a log that
        ends with this window shows it.
        """

        def ends(alerts: pd.DataFrame) -> pd.Series:
            return alerts["window_end"] if counted is None else alerts.loc[alerts["kind"].isin(counted), "window_end"]

        whole = ends(self.alerts())
        if not len(whole):
            return None
        size = int(self.config.grain.end(0))
        for count in range(int(whole.min()) // size, self.windows + 1):
            if len(ends(self.alerts(count))):
                return count * size
        return None


def detections(
    stream: Stream, score: np.ndarray, counted: Iterable[frozenset[str] | None], window: int = WINDOW,
    reference: int = REFERENCE, false_alarm_rate: float = 0.05,
) -> list[list[int]]:  # fmt: skip
    """Row numbers of the stream's clock at which an alarm is raised, for each set of kinds that count.

    After an alarm the log begins anew with the next row, as if the model's owner had moved the reference: its next
    ``reference`` windows are what later ones are compared with.
    """

    @cache
    def log(start: int) -> Log:
        part = stream.rows[start:], stream.label[start:], score[start:]
        return Log(*part, FEATURES, window, reference, false_alarm_rate)

    found = []
    for kinds in counted:
        start, alarms = stream.watched, list[int]()
        while (rows := log(start).first_alarm(kinds)) is not None:
            start += rows
            alarms.append(int(stream.clock[start - 1]))
        found.append(alarms)
    return found
