"""Does the decay ledger name what happened? Features with a known fate, from rows to verdict, and what to gain.

python -m tests.benchmarks.verdicts [--repeats 40] [--labels 500,5000] [--positive 0.5,0.02]

A log of twenty daily reference windows and eight more, of which the last four are "now". Every feature's values are
drawn given the outcome (so that many features share one log), with an AUC of .76 in the reference; from the reference's
end on it is

- *stable*, or *powerless* all along;
- *lost*: its values are shuffled within the window; *half lost*: those of half the rows are;
- *reversed*: its sign has turned; *rotated*: its upper and its lower half have changed places;
- *missing*: 90% of its values are null; *one value*: it is 0 but for 2% of rows;
- *narrowed*: rows between −0.6 and 0.6 alone are left, the relation being what it was.

Rows are the truth, columns the ledger's verdict, numbers the share of features. "Named" is the share whose note names
what happened to the inputs. Below, how often the interval of ``gain`` holds what retraining promises: the AUC that a
relation learned from a window's labels has, less that of the frozen one, both in the population of now.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import norm

from monitors.decay import measure
from monitors.decay_ledger import VERDICTS, ledger
from monitors.statistics.auc import auc
from monitors.statistics.intervals import Estimate
from monitors.statistics.power import binary_power
from monitors.statistics.shrinkage import relation
from monitors.windows import Grain
from tests.benchmarks.coverage import Feature, draw, features, kept, learned_from, rates
from tests.cubes import LABEL, TIME, build, day_of, days

REFERENCE, AFTER, NOW = 20, 8, 4
APART = 1.0
"""Standard deviations between the classes' means."""

RIGHT = {
    "stable": "stable", "powerless": "never_had_power", "lost": "lost_signal", "half lost": "lost_signal",
    "reversed": "relation_changed", "rotated": "relation_changed", "missing": "input_vanished",
    "one value": "input_vanished", "narrowed": "input_vanished",
}  # fmt: skip
"""Truth: the verdict that says so."""

NAMED = {"missing": "a value in ", "one value": "narrowed", "narrowed": "narrowed"}
"""Truth: what the note says of it."""


def fate(rng: np.random.Generator, truth: str, positive: np.ndarray, late: np.ndarray, day: np.ndarray) -> np.ndarray:
    """Values of a feature (N,) given the outcome (N,), from ``late`` on with the fate."""
    n = len(positive)
    x = rng.standard_normal(n) + (0.0 if truth == "powerless" else APART * (positive - 0.5))
    if truth in ("lost", "half lost"):
        shuffled = x.copy()
        for d in np.unique(day):
            there = np.flatnonzero(day == d)
            shuffled[there] = x[rng.permutation(there)]
        hit = late & (rng.random(n) < (1.0 if truth == "lost" else 0.5))
        x = np.where(hit, shuffled, x)
    elif truth == "reversed":
        x = np.where(late, -x, x)
    elif truth == "rotated":
        share = norm.cdf(x)
        x = np.where(late, norm.ppf(np.clip((share + 0.5) % 1, 1e-6, 1 - 1e-6)), x)
    elif truth == "missing":
        x = np.where(late & (rng.random(n) < 0.9), np.nan, x)
    elif truth == "one value":
        x = np.where(late & (rng.random(n) < 0.98), 0.0, x)
    elif truth == "narrowed":
        middle = APART * (positive - 0.5)
        low, high = norm.cdf(-0.6 - middle), norm.cdf(0.6 - middle)
        x = np.where(late, middle + norm.ppf(low + (high - low) * rng.random(n)), x)
    return x


def verdicts(truths: list[str], rows: int, positive: float, repeats: int, seed: int) -> pd.DataFrame:
    """Ledgers of a log for each repeat, one row a feature: ``truth`` and the ledger's columns."""
    rng = np.random.default_rng(seed)
    frame = days(rng, REFERENCE + AFTER, rows, weekly=0.0)
    y, day = (rng.random(len(frame)) < positive).astype(int), day_of(frame)
    late = day >= REFERENCE
    columns = {f"{truth}|{repeat}": fate(rng, truth, y, late, day) for repeat in range(repeats) for truth in truths}
    log = pd.DataFrame({TIME: frame[TIME], LABEL: y, **columns})
    measured = measure(*build(log, REFERENCE, task="binary", positive=1))
    names = measured["feature"].str.split("|", expand=True)
    found = []
    for _, part in measured.groupby(names[1], sort=False):
        found.append(ledger(part, Grain.parse("1d"), "binary", recent=NOW))
    table = pd.concat(found, ignore_index=True)
    return table.assign(truth=table["feature"].str.split("|").str[0])


def confusion(table: pd.DataFrame) -> pd.DataFrame:
    """Share of each verdict by truth, and of notes that name what happened."""
    shares = pd.crosstab(table["truth"], table["verdict"], normalize="index").reindex(columns=list(VERDICTS))
    named = {
        truth: float(part["note"].str.contains(NAMED[truth], regex=False).mean())
        for truth, part in table.groupby("truth") if truth in NAMED
    }  # fmt: skip
    return shares.fillna(0.0).assign(named=pd.Series(named)).reindex([t for t in RIGHT if t in shares.index])


# ----- what retraining promises -------------------------------------------------------------------------------------


class Gain(NamedTuple):
    """True gain, mean estimate, and share of intervals that hold the truth."""

    truth: float
    mean: float
    held: float


def gain(now: Callable[[np.ndarray], np.ndarray], rows: int, positive: float, windows: int, repeats: int) -> Gain:
    """Coverage of the ledger's gain where the log odds by bin have become ``now`` of what they were."""
    rng = np.random.default_rng(17)
    then = features()["informative"]
    after = Feature(then.share, now(then.signal))
    rate, rate_now = rates(then, positive), rates(after, positive)
    p, q = after.share * rate_now, after.share * (1 - rate_now)
    own = draw(rng, 2000, rows, after, rate_now)
    reached = auc(p, q, np.rint(learned_from(own[kept(own)], True) * 2.0**40)).mean()
    reference = draw(rng, 1, REFERENCE * rows, then, rate)[0]
    truth = float(reached - auc(p, q, relation(reference)[..., 1]))
    window = draw(rng, repeats * windows, rows, after, rate_now)
    power = binary_power(reference, window)
    table = ledger(_measured(power, repeats, windows, rows), Grain.parse("100 rows"), "binary", recent=windows)
    table = table[table["gain"].notna()]
    held = ((table["gain_low"] <= truth) & (truth <= table["gain_high"])).mean()
    return Gain(truth, float(table["gain"].mean()), float(held))


METRICS = ("learned_power", "available_power", "expected_power", "retraining_gain")


def _measured(power: tuple[Estimate, ...], repeats: int, windows: int, rows: int) -> pd.DataFrame:
    """Powers (repeats × windows) as measurements, each repeat a feature."""
    blocks = [
        pd.DataFrame({
            "monitor": "decay", "metric": metric,
            "feature": np.repeat([f"f{i}" for i in range(repeats)], windows),
            "window_start": np.tile(np.arange(windows) * 100, repeats), "reference": False,
            "value": estimate.value, "low": estimate.low, "high": estimate.high, "expected": 0.74, "n": float(rows),
        })
        for metric, estimate in zip(METRICS, power, strict=True)
    ]  # fmt: skip
    return pd.concat(blocks, ignore_index=True).dropna(subset=["value"])


CHANGES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "stable": lambda s: s, "reversed": lambda s: -s, "u-shaped": lambda s: s * s, "halved": lambda s: s / 2,
    "lost": lambda s: 0 * s, "rotated": lambda s: np.roll(s, len(s) // 2),
}  # fmt: skip


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=40)
    parser.add_argument("--labels", default="500,5000")
    parser.add_argument("--positive", default="0.5,0.02")
    arguments = parser.parse_args()
    settings = [
        (int(rows), float(share)) for share in arguments.positive.split(",") for rows in arguments.labels.split(",")
    ]
    for rows, share in settings:
        table = confusion(verdicts(list(RIGHT), rows, share, arguments.repeats, seed=rows))
        print(f"\n{rows} labels a window, {share:.0%} positive")
        print(table.to_string(float_format=lambda x: f"{x:.2f}"), flush=True)
    print(f"\n{'gain where':<12}{'labels':>7}{'positive':>10}{'windows':>9}{'truth':>8}{'mean':>8}{'held':>7}")
    for rows, share in settings:
        for name, change in CHANGES.items():
            for windows in (1, 4):
                found = gain(change, rows, share, windows, repeats=1000)
                print(f"{name:<12}{rows:>7}{share:>10.0%}{windows:>9}{found.truth:>+8.3f}{found.mean:>+8.3f}"
                      f"{found.held:>7.3f}", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
