"""Parts of a run, timed by themselves in the folder they run in.

``steps.py run``: the whole pipeline without the start of Python. ``steps.py profile``: reading and counting the rows of
every window, once times are known and bins are frozen. ``steps.py monitors``: every monitor over the store's windows.
``steps.py look GRAIN REFERENCE SEGMENT``: what the dashboard computes when one of the three changes.
"""

import sys
import time
from pathlib import Path

from monitors import pipeline, profiling, views
from monitors.assess import measure_all, stack
from monitors.config import Config
from monitors.job import settings_of
from monitors.profile.cube import Cube
from monitors.reference import Plan
from monitors.store import Store

TIMES = 3  # of which the least counts: what is compiled or imported at first use is no part of a look


def whole_run(config: Config) -> float:
    began = time.perf_counter()
    pipeline.run(config)
    return time.perf_counter() - began


def profile(config: Config) -> float:
    inner, spent = profiling.profile_dirty, []

    def timed(*arguments: object) -> None:
        began = time.perf_counter()
        inner(*arguments)
        spent.append(time.perf_counter() - began)

    profiling.profile_dirty = timed
    pipeline.run(config)
    return sum(spent)


def monitors(config: Config) -> float:
    store = Store.open(config.store.url)
    row, bins, grain = store.model(config.model.name), store.bins(config.model.name), store.grain(config.model.name)
    cube: Cube = stack(bins, store.profiles(config.model.name, ""), grain)
    plan, settings = Plan(tuple(row["reference"]["frozen"])), settings_of(config, grain, row["observed_until"])
    return least(lambda: measure_all(cube, plan, settings))


def look(config: Config, grain: str, reference: str, segment: str) -> float:
    store, wanted = Store.open(config.store.url), views.Look(grain, reference, segment)
    return least(lambda: views.look(store, config, wanted))


def least(step) -> float:
    spent = []
    for _ in range(TIMES):
        began = time.perf_counter()
        step()
        spent.append(time.perf_counter() - began)
    return min(spent)


if __name__ == "__main__":
    steps = {"run": whole_run, "profile": profile, "monitors": monitors, "look": look}
    print("computing", steps[sys.argv[1]](Config.load(Path("driftmeter.toml")), *sys.argv[2:]))
