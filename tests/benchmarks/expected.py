"""Performance expected without labels beside what came true, and beside NannyML's CBPE on its own data.

python -m tests.benchmarks.expected --data ../shared/data [--simulations 60] [--without-nannyml]

NannyML 0.13.1 runs in a virtual environment of its own, for it does not import with pandas 3; ``--nannyml PATH`` keeps
that environment for the next time. An error is expected − realised in a window of 5,000 rows. A 95% interval is one
for the realised value: it must hold it in 95% of quiet windows. NannyML's confidence bounds are three sampling errors
wide; 1.96 of them make its 95% interval here. In simulations "auc, true" is the error against the AUC that the rows'
true chances give: realised AUC differs from that by the chance of 5,000 labels, which nobody can foresee.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn import metrics as oracle

import monitors
from tests.benchmarks.cbpe_nannyml import METRICS

WINDOW, REFERENCE, DRIFT = 5_000, 50_000, 75_000
NAMES = (*METRICS, "log_loss", "brier")
NANNYML = ("nannyml==0.13.1", "pandas>=2,<3", "numpy<2.3", "statsmodels")
"""What its virtual environment holds: it needs an older pandas, and imports statsmodels without asking for it."""


def car_loan(data: Path) -> pd.DataFrame:
    """NannyML's own data: the first 50,000 rows are its reference, the drift begins at row 75,000."""
    frame = pd.read_csv(data / "nannyml_car_loan.csv.gz", usecols=["y_pred_proba", "repaid"])
    return frame.rename(columns={"y_pred_proba": "score", "repaid": "y"})


def permuted(frame: pd.DataFrame, seed: int) -> pd.DataFrame:
    """The rows before the drift in another order: quiet by construction."""
    return frame.iloc[np.random.default_rng(seed).permutation(DRIFT)].reset_index(drop=True)


SIMULATED = ("calibrated", "overconfident", "too high", "2% positives", "in ten steps", "inputs move", "10,000 rows")
"""Quiet logs with known scores; the last one's reference is that small."""


def simulated(kind: str, seed: int, windows: int = 10) -> tuple[pd.DataFrame, int]:
    """Reference and quiet windows of a score with a known relation to the outcome, and the reference's rows."""
    rng = np.random.default_rng(seed)
    reference = 10_000 if kind == "10,000 rows" else REFERENCE
    n = reference + windows * WINDOW
    logit = rng.normal(-4.4 if kind == "2% positives" else -0.4, 1.3, n)
    if kind == "inputs move":  # what the expectation is for: other rows, the same relation
        moved = np.repeat(rng.normal(0, 0.5, windows), WINDOW)
        logit[reference:] += moved
    chance = 1 / (1 + np.exp(-logit))
    y = (rng.random(n) < chance).astype(int)
    logit = logit * 2 if kind == "overconfident" else logit + 1.2 if kind == "too high" else logit
    score = 1 / (1 + np.exp(-logit))
    score = np.round(score, 1) if kind == "in ten steps" else score
    return pd.DataFrame({"score": score, "y": y, "chance": chance}), reference


def realised(frame: pd.DataFrame) -> pd.DataFrame:
    """Performance of each window by scikit-learn, on the rows."""
    found = []
    for start, rows in frame.groupby(frame.index // WINDOW * WINDOW):
        y, s = rows["y"], rows["score"]
        value = {
            "auc": oracle.roc_auc_score(y, s), "accuracy": oracle.accuracy_score(y, s >= 0.5),
            "f1": oracle.f1_score(y, s >= 0.5), "brier": oracle.brier_score_loss(y, s),
            "log_loss": oracle.log_loss(y, np.clip(s, 1e-15, 1 - 1e-15)),
        }  # fmt: skip
        found.append({"start": start, **value})
    return pd.DataFrame(found).melt("start", var_name="metric", value_name="realised")


def due(frame: pd.DataFrame) -> pd.DataFrame:
    """AUC by window that the true chances give: what an estimate can know; what is realised beyond it is chance."""
    found = []
    for start, rows in frame.groupby(frame.index // WINDOW * WINDOW):
        weight = np.concatenate([rows["chance"], 1 - rows["chance"]])
        value = oracle.roc_auc_score(np.repeat([1, 0], len(rows)), np.tile(rows["score"], 2), sample_weight=weight)
        found.append({"start": start, "metric": "auc", "realised": value})
    return pd.DataFrame(found)


def ours(frame: pd.DataFrame, reference: int) -> pd.DataFrame:
    """Expected performance by window, with the 95% interval of the realised value."""
    # no label of the windows is looked at
    labelled = frame[["score", "y"]].assign(y=frame["y"].where(frame.index < reference))
    found = monitors.measure(
        labelled, prediction="score", label="y", task="binary", positive=1, windows=f"{WINDOW} rows",
        reference=(0, reference - 1),
    )  # fmt: skip
    found = found[found["metric"].str.startswith("expected_")]
    return pd.DataFrame({
        "start": found["window_start"].astype(int), "metric": found["metric"].str.removeprefix("expected_"),
        "value": found["value"], "low": found["low"], "high": found["high"],
    })  # fmt: skip


def environment(home: Path) -> Path:
    """The interpreter of a virtual environment with NannyML, made where there is none."""
    python = home / ("Scripts" if os.name == "nt" else "bin") / "python"
    if not python.exists():
        venv.create(home, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *NANNYML], check=True)
    return python


def theirs(python: Path, logs: list[tuple[pd.DataFrame, int]]) -> list[pd.DataFrame]:
    """NannyML's estimates by window of several logs, in one process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        told = []
        for i, (frame, reference) in enumerate(logs):
            frame.to_csv(Path(folder, f"{i}.csv"), index=False)
            told.append({"path": str(Path(folder, f"{i}.csv")), "reference": reference, "window": WINDOW})
        script = Path(__file__).with_name("cbpe_nannyml.py")
        quiet = {**os.environ, "NML_DISABLE_USAGE_LOGGING": "1", "NUMBA_CACHE_DIR": folder, "PYTHONPATH": ""}
        subprocess.run([python, script, json.dumps(told)], check=True, env=quiet, cwd=folder, capture_output=True)
        return [pd.read_csv(Path(folder, f"{i}.csv.out")) for i in range(len(logs))]


def beside(log: tuple[pd.DataFrame, int], estimates: pd.DataFrame) -> pd.DataFrame:
    """Estimates of the windows after the reference beside what came true."""
    frame, reference = log
    true = realised(frame)
    if "chance" in frame:
        true = pd.concat([true, due(frame).assign(metric="auc, true")])
        estimates = pd.concat([estimates, estimates[estimates["metric"] == "auc"].assign(metric="auc, true")])
    rows = estimates.merge(true, on=["start", "metric"])
    rows = rows[rows["start"] >= reference]
    error = rows["value"] - rows["realised"]
    return rows.assign(error=error, inside=(rows["low"] <= rows["realised"]) & (rows["realised"] <= rows["high"]))


def summary(found: pd.DataFrame) -> str:
    """Windows, mean and greatest absolute error, coverage, mean half width of the interval."""
    if not len(found):
        return f"{'–':>8}"
    size, wide = found["error"].abs(), (found["high"] - found["low"]).mean() / 2
    return f"{len(found):>8}{size.mean():>9.4f}{size.max():>9.4f}{found['inside'].mean():>9.3f}{wide:>9.4f}"


def tell(name: str, mine: pd.DataFrame, other: pd.DataFrame, metrics: tuple[str, ...] = NAMES) -> None:
    """One line a metric."""
    for metric in metrics:
        sides = [summary(part[part["metric"] == metric] if len(part) else part) for part in (mine, other)]
        print(f"{name:<22}{metric:<10}{sides[0]}   {sides[1]}", flush=True)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--permutations", type=int, default=10)
    parser.add_argument("--simulations", type=int, default=10, help="logs of ten windows a kind of score")
    parser.add_argument("--nannyml", type=Path, help="a virtual environment to make and keep")
    parser.add_argument("--without-nannyml", action="store_true")
    arguments = parser.parse_args()
    own = None if arguments.nannyml else tempfile.TemporaryDirectory()
    python = None
    if not arguments.without_nannyml:
        python = environment(arguments.nannyml or Path(own.name))  # type: ignore[union-attr]

    def measured(logs: list[tuple[pd.DataFrame, int]]) -> tuple[pd.DataFrame, pd.DataFrame]:
        nothing = pd.DataFrame()
        mine = pd.concat([beside(log, ours(*log)) for log in logs])
        if python is None:
            return mine, nothing
        return mine, pd.concat([beside(log, found) for log, found in zip(logs, theirs(python, logs), strict=True)])

    head = f"{'windows':>8}" + "".join(f"{word:>9}" for word in ("mean", "max", "cover", "±"))
    print(f"{'|expected - realised|':<32}{'Driftmeter':>20}{'':>27}{'NannyML':>20}")
    print(f"{'':<32}{head}   {head}")
    try:
        frame = car_loan(arguments.data)
    except FileNotFoundError as error:
        print(f"car loan skipped: there is no {error.filename}")
    else:
        mine, other = measured([(frame, REFERENCE)])
        for name, quiet in (("car loan, quiet", True), ("car loan, drifted", False)):
            parts = [part[(part["start"] < DRIFT) == quiet] if len(part) else part for part in (mine, other)]
            tell(name, *parts)
        tell("car loan, permuted", *measured([(permuted(frame, s), REFERENCE) for s in range(arguments.permutations)]))
    for kind in SIMULATED:
        logs = [simulated(kind, seed) for seed in range(arguments.simulations)]
        tell(kind, *measured(logs), (*NAMES[:4], "auc, true"))
    if own is not None:
        own.cleanup()


if __name__ == "__main__":
    sys.exit(main())
