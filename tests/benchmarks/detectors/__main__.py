"""Driftmeter and published detectors on Electricity with injected drift.

python -m tests.benchmarks.detectors --data ../shared/data [--seeds 20] [--home DIR]

What the tables say is explained in ``tests/benchmarks/detectors/__init__.py``. ``--home`` keeps the environment with
the paper's learner and the scored streams; run again, only Driftmeter is measured anew.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from tests.benchmarks.detectors import moa, sklearn_learner
from tests.benchmarks.detectors.driftmeter import COUNTED, REFERENCE, WINDOW, detections
from tests.benchmarks.detectors.evaluate import Figures, Trial, evaluate, mean_over_types
from tests.benchmarks.detectors.published import PUBLISHED
from tests.benchmarks.detectors.streams import MODES, TYPES, Stream, electricity, inject

Trials = dict[str, dict[str, list[Trial]]]
"""Detector: type of drift: trials."""


def trial_of(rows: np.ndarray, label: np.ndarray, kind: str, mode: str, seed: int) -> Stream:
    """The stream of one trial: the same whoever asks."""
    rng = np.random.default_rng([seed, TYPES.index(kind), MODES.index(mode)])
    return inject(rows, label, kind, mode, rng)


def scored(
    rows: np.ndarray, label: np.ndarray, mode: str, seeds: Sequence[int], home: Path, archive: tuple[Path, Path] | None
) -> dict[tuple[str, int], Mapping[str, np.ndarray]]:
    """Scores of every trial's rows and the detectors' alarms, by type and seed; kept in ``home``."""
    where = {(kind, seed): home / f"{kind},{mode},{seed}.npz" for kind in TYPES for seed in seeds}
    if archive is None:
        return {(kind, seed): {"score": sklearn_learner.scores(trial_of(rows, label, kind, mode, seed))}
                for kind, seed in where}  # fmt: skip
    results = {key: path.with_suffix(".out.npz") for key, path in where.items()}
    lacking = [key for key, path in results.items() if not path.exists()]
    for kind, seed in lacking:
        moa.write(trial_of(rows, label, kind, mode, seed), where[kind, seed])
    moa.run(*archive, mode, [where[key] for key in lacking])
    return {key: dict(np.load(path)) for key, path in results.items()}


def measure(
    data: Path, mode: str, seeds: Sequence[int], home: Path, archive: tuple[Path, Path] | None, window: int,
    reference: int, rate: float,
) -> Trials:  # fmt: skip
    """Every detector's trials in one mode."""
    rows, label = electricity(data)
    trials: Trials = {}
    for (kind, seed), result in scored(rows, label, mode, seeds, home, archive).items():
        stream = trial_of(rows, label, kind, mode, seed)
        ours = detections(stream, result["score"], COUNTED.values(), window, reference, rate)
        for name, alarms in zip(COUNTED, ours, strict=True):
            trials.setdefault(f"Driftmeter, {name}", {}).setdefault(kind, []).append(
                Trial(stream.onset, stream.length, alarms)
            )
        for name, alarms in result.items():
            if name != "score":
                own = Trial(stream.onset, stream.length, alarms.tolist())
                trials.setdefault(name.replace("|", ", "), {}).setdefault(kind, []).append(own)
    return trials


def line(name: str, by_type: Sequence[float], figures: Figures) -> str:
    """One row of the table."""
    parts = "".join(f"{value:>8.3f}" for value in by_type)
    return (f"{name:<34}{figures.f1:>7.3f}{parts}{figures.precision:>8.3f}{figures.recall:>8.3f}"
            f"{figures.episode_recall:>8.3f}{figures.far:>9.4f}{figures.mdt:>7.0f}")  # fmt: skip


def tell(mode: str, trials: Trials, means: pd.DataFrame | None) -> None:
    """Print one mode's table: measured here, published for Electricity, published means over data sets."""
    head = "".join(f"{short:>8}" for short in ("permute", "swap", "prior", "filter"))
    print(f"\n{mode}\n{'':<34}{'F1':>7}{head}{'prec.':>8}{'recall':>8}{'episode':>8}{'far':>9}{'mdt':>7}")
    rows = {name: [evaluate(by_type[kind]) for kind in TYPES] for name, by_type in trials.items()}
    for name in sorted(rows, key=lambda name: (name.split(",")[0] != "Driftmeter", -mean_over_types(rows[name]).f1)):
        print(line(name, [figures.f1 for figures in rows[name]], mean_over_types(rows[name])))
    print("published, Electricity, tuned (50 trials a type)")
    for name, (by_kind, figures) in sorted(PUBLISHED[mode].items(), key=lambda item: -item[1][1].f1):
        print(line(f"  {name}", by_kind, figures))
    if means is None:
        return
    print("published, means over seven data sets (far divided by 50)")
    part = means[means["mode"] == mode].sort_values("f1", ascending=False)
    for row in part.groupby("par", sort=False).head(3).to_dict("records"):
        figures = Figures(**{name: row[name] for name in Figures._fields} | {"far": row["far"] / 50})
        print(line(f"  {row['det']}, {row['par']}", [float("nan")] * len(TYPES), figures))


def main() -> None:
    """Both modes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=20, help="trials of each type of drift")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--home", type=Path)
    parser.add_argument("--window", type=int, default=WINDOW)
    parser.add_argument("--reference", type=int, default=REFERENCE)
    parser.add_argument("--rate", type=float, default=0.05)
    parser.add_argument("--modes", default=",".join(MODES))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = arguments.home or Path(folder)
        home.mkdir(parents=True, exist_ok=True)
        found = moa.environment(home / "environment")
        archive = None if isinstance(found, str) else found
        if isinstance(found, str):
            print(f"The paper's learner and detectors are skipped: {found}. A naive Bayes of scikit-learn stands in.")
        published = arguments.data / "detector_benchmark_kdd26.csv"
        means = pd.read_csv(published) if published.exists() else None
        seeds = range(arguments.first, arguments.first + arguments.seeds)
        print(f"{arguments.seeds} trials a type; Driftmeter: windows of {arguments.window} rows, the first "
              f"{arguments.reference} as reference, false_alarm_rate {arguments.rate}")  # fmt: skip
        for mode in arguments.modes.split(","):
            tell(mode, measure(arguments.data, mode, seeds, home, archive, arguments.window, arguments.reference,
                               arguments.rate), means)  # fmt: skip


if __name__ == "__main__":
    main()
