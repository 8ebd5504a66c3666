"""What references that roll find and what they learn, and how long they take.

python -m tests.benchmarks.rolling [--logs 10] [--speed]

Logs in which every feature's level has a habit of its own are quiet, or change in one feature at a known window:
abruptly by six times the habit's standard deviation, or slowly by half of it a window. Each is judged with the windows
before as the reference, with and without a lag, and with and without leaving out windows that had an alert.
"""

from __future__ import annotations

import argparse
import itertools
import time
from typing import NamedTuple

import numpy as np
import pandas as pd

from monitors.assess import MONITORS, assess
from monitors.config import Config
from monitors.drift import measure as drift
from monitors.findings import find, judge_of
from monitors.reference import Plan, previous_plan, season_plan
from monitors.windows import Grain
from tests.cubes import LABEL, SCORE, Built, build, day_of, days

CONFIG = Config.from_dict({"logs": {"path": "-", "timestamp": "ts"}})
WINDOWS, ONSET, FEATURES, ROWS, HABIT = 70, 35, 6, 500, 0.2
SOON, LATE = 10, 20
"""Windows within which a change is to be found; and after which it should still be told."""
CHANGES = {"quiet": 0.0, "abrupt": 6.0, "slow": 0.5}


class Score(NamedTuple):
    """What came of one log: any alert among windows without a change; found soon; told late."""

    quiet: float
    found: bool
    told: bool


def log(change: str, seed: int) -> Built:
    """Days of numbers whose levels vary from day to day; the first one's changes as asked for."""
    rng = np.random.default_rng(seed)
    frame = days(rng, WINDOWS, ROWS, weekly=0.0)
    day = day_of(frame)
    habit = rng.normal(0, HABIT, (WINDOWS, FEATURES))
    since = np.maximum(np.arange(WINDOWS) - ONSET + 1, 0)
    habit[:, 0] += HABIT * CHANGES[change] * (since if change == "slow" else since > 0)
    for i in range(FEATURES):
        frame[f"x{i}"] = rng.normal(habit[day, i], 1)
    return build(frame, 30)


def judged(built: Built, plan: Plan, exclusion: bool) -> Score:
    """One log with one reference."""
    judge = judge_of(CONFIG, built.settings.grain, plan) if exclusion else None
    measured, after = assess(built.cube, plan, built.settings, monitors=[drift], judge=judge)
    found = find(measured.assign(model=""), CONFIG, built.settings.grain, [], after)
    found = found[found["severity"] == "alert"]
    place = np.searchsorted(built.cube.starts, found["window_start"].to_numpy(np.int64))
    asked = measured.loc[measured["p_value"].notna(), "window_start"].unique()
    before = int((asked < built.cube.starts[ONSET]).sum())
    mine = place[(found["feature"] == "x0").to_numpy()]
    told = mine[mine >= ONSET] - ONSET
    return Score(
        len(set(place[place < ONSET])) / max(before, 1), bool((told < SOON).any()),
        bool(((told >= LATE) & (told < LATE + SOON)).any()),
    )  # fmt: skip


def study(logs: int) -> None:
    """Print a row a reference."""
    print(
        f"{'reference':<14}{'lag':>4}{'left out':>10}{'quiet':>8}"
        + "".join(f"{change + ' found':>14}{change + ' told':>13}" for change in ("abrupt", "slow"))
    )
    built = {change: [log(change, seed) for seed in range(logs)] for change in ("abrupt", "slow")}
    starts = built["slow"][0].cube.starts.tolist()
    for count, lag, exclusion in itertools.product((8, 14), (0, 3, 5), (False, True)):
        plan = previous_plan(starts, count, lag)
        row, quiet = "", []
        for some in built.values():
            scores = [judged(one, plan, exclusion) for one in some]
            quiet += [score.quiet for score in scores]
            row += f"{np.mean([s.found for s in scores]):>14.2f}{np.mean([s.told for s in scores]):>13.2f}"
        words = "alerts" if exclusion else "nothing"
        print(f"{f'previous {count}':<14}{lag:>4}{words:>10}{np.mean(quiet):>8.3f}{row}", flush=True)


def long_log(windows: int = 365, features: int = 50, rows: int = 200) -> Built:
    """A year of days with scores and labels."""
    rng = np.random.default_rng(0)
    frame = days(rng, windows, rows)
    day = day_of(frame)
    more = {}
    for i in range(features):
        level = rng.normal(0, 0.05, windows)[day]
        more[f"x{i}"] = rng.choice(list("abcdefgh"), len(frame)) if i % 5 == 4 else rng.normal(size=len(frame)) + level
    more[SCORE] = rng.random(len(frame))
    more[LABEL] = (rng.random(len(frame)) < more[SCORE]).astype(int)
    return build(pd.concat([frame, pd.DataFrame(more)], axis=1), 60)


def speed() -> None:
    """Print seconds for a year of days and 50 features, all monitors."""
    built = long_log()
    starts = built.cube.starts.tolist()
    week = Grain.parse("1w")
    plans = {"fixed 60": Plan(tuple(starts[:60])), "previous 8": previous_plan(starts, 8),
             "previous 28": previous_plan(starts, 28), "season 1w 4": season_plan(starts, week, 4)}  # fmt: skip
    for name, plan in plans.items():
        judge = judge_of(CONFIG, built.settings.grain, plan) if plan.rolls else None
        begun, cpu = time.perf_counter(), time.process_time()
        assess(built.cube, plan, built.settings, monitors=MONITORS, judge=judge)
        took = time.perf_counter() - begun
        print(f"{name:<14}{took:>8.1f} s, {time.process_time() - cpu:>6.1f} s of one core", flush=True)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--logs", type=int, default=10)
    parser.add_argument("--speed", action="store_true", help="how long a year of 50 features takes, instead")
    arguments = parser.parse_args()
    if arguments.speed:
        speed()
    else:
        study(arguments.logs)


if __name__ == "__main__":
    main()
