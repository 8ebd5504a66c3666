"""What the tests of the scorecard are answered from: a store's contents and a configuration, nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from monitors.config import Config
from monitors.scorecard.ages import Lives, ages, lives
from monitors.scorecard.practice import Practice, practice
from monitors.store import Store
from monitors.windows import Grain

OPEN = ("new", "ongoing", "worse")


@dataclass(frozen=True)
class Evidence:
    """A model's evidence.

    Attributes
    ----------
    judged : a row for each monitor and metric, see ``Store.judged``
    measured : of the model and the log as a whole, see ``Store.measured_whole``
    found : all findings
    events, runs : see ``Store``
    lives : when each version served; ages : its performance by age, see ``monitors.scorecard.ages``
    now : µs
    """

    config: Config
    grain: Grain
    judged: pd.DataFrame
    measured: pd.DataFrame
    found: pd.DataFrame
    events: pd.DataFrame
    runs: pd.DataFrame
    lives: Lives
    ages: pd.DataFrame
    now: int

    @classmethod
    def gather(cls, store: Store, config: Config, now: int) -> Evidence:
        """Read a model's evidence from its store."""
        name, alive = config.model.name, lives(store, config)
        return cls(
            config,
            store.grain(name),
            store.judged(name),
            store.measured_whole(name),
            store.findings(name),
            store.events(name),
            store.runs(name),
            alive,
            ages(store, config, alive),
            now,
        )

    @cached_property
    def practice(self) -> Practice:
        """How the tests are run."""
        return practice(self.runs["at"].to_numpy("int64"), self.now, self.grain, len(self.config.notify.urls))

    @property
    def how(self) -> str:
        """The same in a word."""
        return self.practice.how

    @cached_property
    def open(self) -> pd.DataFrame:
        """Open alerts, the latest finding of each: worst first. See ``open_alerts``."""
        return open_alerts(self.found)

    def alarms(self, monitors: Iterable[str] = (), kinds: Iterable[str] = ()) -> pd.DataFrame:
        """Open alerts of some monitors, or of some kinds."""
        return self.open[self.open["monitor"].isin(list(monitors)) | self.open["kind"].isin(list(kinds))]

    def series(self, monitor: str, metric: str) -> pd.DataFrame:
        """One metric of the log or the model as a whole, in order of time."""
        rows = self.measured
        return rows[(rows["monitor"] == monitor) & (rows["metric"] == metric)].reset_index(drop=True)

    def judged_of(self, *monitors: str) -> pd.DataFrame:
        """What was judged of some monitors."""
        return self.judged[self.judged["monitor"].isin(monitors)]


def open_alerts(found: pd.DataFrame) -> pd.DataFrame:
    """Alerts that are not over: the latest finding of each monitor, kind, feature and segment that has one.

    A run of findings with an alert ends with one that is resolved (``monitors.findings``): what came after the last
    such one is still going on. What was silenced, as planned ends are, is no alert.
    """
    kept = found[found["state"] != "silenced"].sort_values("window_start", kind="stable")
    kind = kept["kind"].where(kept["monitor"] != "decay", "decay")  # why power is lost may change meanwhile
    keys = [kept["monitor"], kind, kept["feature"].fillna(""), kept["segment"].fillna("")]
    groups = kept.groupby(keys, sort=False)
    resolved = (kept["state"] == "resolved").astype(int)
    ended = resolved.groupby(keys, sort=False).cumsum()
    last = ended.groupby(keys, sort=False).transform("max")
    alive = (ended == last) & (kept["state"] != "resolved")
    loud = ((kept["severity"] == "alert") & alive).groupby(keys, sort=False).transform("any")
    newest = groups.cumcount(ascending=False) == 0
    out = kept[newest & alive & loud]
    order = out.assign(_part=out["segment"].notna(), _size=-out["effect"].astype(float).abs().fillna(np.inf))
    return out.loc[order.sort_values(["_part", "p_value", "_size"], kind="stable").index].reset_index(drop=True)
