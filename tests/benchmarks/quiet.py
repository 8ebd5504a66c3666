"""How often quiet windows raise an alarm: real logs with whole days permuted, so that habit stays and drift is gone.

python -m tests.benchmarks.quiet --data ../shared/data [--permutations 4] [--logs flights,hotel]
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

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
from monitors.reference import Plan
from monitors.settings import Settings
from monitors.windows import Grain
from tests.benchmarks.logs import LOGS

GRAINS = (("1d", 60), ("1w", 12))
"""Windows, and how many of them are the reference."""


def permuted(frame: pd.DataFrame, seed: int) -> pd.DataFrame:
    """The same days in another order."""
    days = frame["ts"].unique()
    order = np.random.default_rng(seed).permutation(len(days))
    moved = dict(zip(days, days[order], strict=True))
    return frame.assign(ts=frame["ts"].map(moved)).sort_values("ts", kind="stable")


def cube_of(frame: pd.DataFrame, size: str, reference: int, task: str) -> tuple[Cube, Plan, Settings]:
    """A frame's profiles in memory."""
    times = frame["ts"].to_numpy().astype("M8[us]").astype(np.int64)
    grain = Grain.parse(size)
    starts = grain.starts(times)
    frozen = np.unique(starts)[:reference]
    features = frame.drop(columns=["ts", "label", "score"], errors="ignore")
    batch = pa.RecordBatch.from_pandas(features, preserve_index=False)
    score = pa.array(frame["score"]) if "score" in frame else None
    label = pa.array(frame["label"], from_pandas=True)
    keys = np.random.default_rng(1).integers(0, 2**63, len(frame)).astype(np.uint64)
    rows = Rows(batch, starts, times, score, label, keys=keys)
    inside = np.isin(starts, frozen)
    mask = pa.array(inside)
    collector = Collector(Columns())
    kept = None if score is None else score.filter(mask)
    own = (starts[inside], times[inside])
    reference_rows = Rows(batch.filter(mask), *own, kept, label.filter(mask), keys=keys[inside])
    collector.add(reference_rows)
    bins = collector.freeze(Model(task))
    profiles = profile_rows([rows], bins)
    ends = grain.ends(np.array([profile.start for profile in profiles]))
    cube = Cube.stack(bins, profiles, ends.tolist())
    return cube, Plan(tuple(frozen.tolist())), Settings(grain, observed_until=int(times.max()))


def study(name: str, data: Path, size: str, reference: int, permutations: int) -> tuple[int, int, Counter[str]]:
    """Quiet windows, those with any alert, and those with one of each kind."""
    reader, task = LOGS[name]
    frame, config = reader(data), Config.from_dict({"logs": {"path": "-"}, "windows": {"size": "1 rows"}})
    judged, alarmed, kinds = 0, 0, Counter[str]()
    for seed in range(permutations):
        cube, plan, settings = cube_of(permuted(frame, seed), size, reference, task)
        measured = measure_all(cube, plan, settings).assign(model="")
        found = find(measured, config, settings.grain, [])
        alerts = found[found["severity"] == "alert"]
        judged += len(cube) - len(plan.frozen)
        alarmed += alerts["window_start"].nunique()
        kinds.update(alerts.drop_duplicates(["kind", "window_start"])["kind"])
    return judged, alarmed, kinds


def main() -> None:
    """Print one row a log and grain."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--permutations", type=int, default=4)
    parser.add_argument("--logs", default=",".join(LOGS))
    arguments = parser.parse_args()
    print(f"{'log':<10}{'windows':<9}{'quiet':>7}{'any alert':>11}  by kind")
    for name in arguments.logs.split(","):
        for size, reference in GRAINS:
            try:
                judged, alarmed, kinds = study(name, arguments.data, size, reference, arguments.permutations)
            except FileNotFoundError as error:
                print(f"{name:<10}skipped: there is no {error.filename}")
                break
            told = ", ".join(f"{kind} {count / judged:.3f}" for kind, count in kinds.most_common())
            print(f"{name:<10}{size:<9}{judged:>7}{alarmed / judged:>11.3f}  {told}", flush=True)


if __name__ == "__main__":
    main()
