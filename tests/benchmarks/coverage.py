"""Do the intervals of power hold what they say they hold? Simulated features whose true power is known exactly.

python -m tests.benchmarks.coverage [--repeats 2000] [--labels 100,500,5000] [--only weak,u-shaped]

A window's labelled rows are drawn by bin and outcome from a population (shares and rates by bin), a reference of twenty
windows likewise. What the intervals are of:

*learned power*: the AUC (or explained variance) that the frozen reference relation has in the window's population. It
is computed from the population's shares and rates, not from draws, for each reference drawn.

*available power* of classes: the AUC on new rows of the population that a relation learned from as many labels as the
window has reaches, on average over such windows: what retraining on this window could get. It is computed by learning
from windows drawn apart from those judged. For numbers: the variance that the population's own means by bin explain.

Every row tells the share of 95% intervals that hold the truth; windows that have fewer than ten rows of a class have no
interval and do not count. Intervals too far up and too far down are told apart, for one-sided errors hide in a sum.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from scipy import optimize, stats
from scipy.special import expit

from monitors.statistics.auc import auc
from monitors.statistics.explained_variance import mean_relation, regression_power
from monitors.statistics.intervals import Estimate
from monitors.statistics.joining import gather, join_bins
from monitors.statistics.power import MINIMUM_LABELS, binary_power
from monitors.statistics.shrinkage import relation

REFERENCE_WINDOWS = 20
BALANCE = {"balanced": 0.5, "2% positive": 0.02}
CHUNK = 250


class Feature(NamedTuple):
    """A column's population: shares by bin, the outcome's log odds (or mean) by bin, and whether bins have an order."""

    share: np.ndarray
    signal: np.ndarray
    ordered: bool = True


class Cover(NamedTuple):
    """How often intervals held the truth, and how often they lay above and below it."""

    held: float
    above: float
    below: float
    truth: float
    bias: float
    width: float
    windows: int


def features() -> dict[str, Feature]:
    """The columns, by name."""
    even = np.full(64, 1 / 64)
    x = stats.norm.ppf((np.arange(64) + 0.5) / 64)
    tied = np.concatenate([[0.5, 0.1, 0.05], np.full(20, 0.35 / 20)])
    holed = np.concatenate([[0.3], np.full(64, 0.7 / 64)])
    rng = np.random.default_rng(20)
    many = 1 / (np.arange(200) + 5.0)
    return {
        "informative": Feature(even, x),
        "strong": Feature(even, 4 * x),
        "weak": Feature(even, 0.2 * x),
        "powerless": Feature(even, 0 * x),
        "u-shaped": Feature(even, x * x),
        "ties": Feature(tied, np.concatenate([[-0.8, 1.0, 0.2], np.linspace(-1, 1.5, 20)])),
        "30% missing": Feature(holed, np.concatenate([[0.3], x])),
        "5 categories": Feature(np.array([0.4, 0.3, 0.15, 0.1, 0.05]), np.array([-0.6, 0.0, 0.5, 1.0, 0.2]), False),
        "200 categories": Feature(many / many.sum(), 0.7 * rng.standard_normal(200), False),
    }


def rates(feature: Feature, positive: float) -> np.ndarray:
    """Rates by bin with the feature's log odds and this share of positives over all."""
    level = optimize.brentq(lambda c: (feature.share * expit(feature.signal + c)).sum() - positive, -40, 40)
    return expit(feature.signal + level)


def draw(rng: np.random.Generator, windows: int, rows: int, feature: Feature, rate: np.ndarray) -> np.ndarray:
    """Counts by bin and class, shape (W, B, 2)."""
    n = rng.multinomial(rows, feature.share, size=windows)
    positive = rng.binomial(n, rate)
    return np.stack([n - positive, positive], axis=-1)


def learned_from(counts: np.ndarray, ordered: bool) -> np.ndarray:
    """Rates by bin (W, B) that the windows' own rows teach, joined as ``available_power`` joins."""
    if not ordered:
        return relation(counts, 1.0)[..., 1]
    n, classes = counts.sum(axis=-1).astype(float), counts.sum(axis=1)
    group = join_bins(n, 4 * classes.prod(axis=-1) / classes.sum(axis=-1))
    joined = np.stack([gather(counts[..., k].astype(float), group) for k in (0, 1)], axis=-1)
    return np.take_along_axis(relation(joined, 1.0)[..., 1], group, axis=1)


def kept(counts: np.ndarray) -> np.ndarray:
    """Windows with rows enough of both classes."""
    return np.asarray(counts.sum(axis=1).min(axis=-1) >= MINIMUM_LABELS)


def of_classes(feature: Feature, positive: float, rows: int, repeats: int, seed: int) -> dict[str, Cover]:
    """Coverage for a binary outcome."""
    rng = np.random.default_rng(seed)
    rate = rates(feature, positive)
    p, q = feature.share * rate, feature.share * (1 - rate)
    taught = []
    for size in chunks(repeats):
        own = draw(rng, size, rows, feature, rate)
        own = own[kept(own)]
        taught.append(auc(p, q, np.rint(learned_from(own, feature.ordered) * 2.0**40)))
    reached = float(np.concatenate(taught).mean())
    found: list[tuple[Estimate, Estimate]] = []
    worth = []
    for size in chunks(repeats):
        reference = draw(rng, size, REFERENCE_WINDOWS * rows, feature, rate)
        window = draw(rng, size, rows, feature, rate)
        power = binary_power(reference, window, ordered=feature.ordered)
        found.append((power.learned, power.available))
        worth.append(auc(p, q, relation(reference)[..., 1]))
    learned, available = (joined(pair[i] for pair in found) for i in (0, 1))
    return {"learned": cover(learned, np.concatenate(worth)), "available": cover(available, np.array(reached))}


def moments(rng: np.random.Generator, windows: int, rows: int, feature: Feature, tail: float | None) -> np.ndarray:
    """(n, Σy, Σy²) by bin, shape (W, B, 3): y is the bin's mean plus noise of variance 1, normal or Student's."""
    n = rng.multinomial(rows, feature.share, size=windows).astype(float)
    if tail is None:
        mean = feature.signal + rng.standard_normal(n.shape) / np.sqrt(np.maximum(n, 1))
        within = rng.chisquare(np.maximum(n - 1, 1e-12)) * (n > 1)
        return np.stack([n, n * mean, within + n * mean**2], axis=-1)
    noise = rng.standard_t(tail, (windows, rows)) / np.sqrt(tail / (tail - 2))
    bins = np.stack([np.repeat(np.arange(len(feature.share)), of.astype(int)) for of in n])
    y = feature.signal[bins] + noise
    cell = (bins + np.arange(windows)[:, None] * n.shape[1]).ravel()
    sums = [np.bincount(cell, weights.ravel(), n.size).reshape(n.shape) for weights in (y, y * y)]
    return np.stack([n, *sums], axis=-1)


def of_numbers(feature: Feature, rows: int, repeats: int, seed: int, tail: float | None = None) -> dict[str, Cover]:
    """Coverage for a number as outcome."""
    rng = np.random.default_rng(seed)

    def spread(values: np.ndarray) -> np.ndarray:
        centre = (feature.share * values).sum(axis=-1, keepdims=True)
        return np.asarray((feature.share * (values - centre) ** 2).sum(axis=-1))

    variance = spread(feature.signal) + 1
    found, worth = [], []
    for size in chunks(repeats):
        reference = moments(rng, size, REFERENCE_WINDOWS * rows, feature, None)
        power = regression_power(reference, moments(rng, size, rows, feature, tail), ordered=feature.ordered)
        found.append((power.learned, power.available))
        worth.append(1 - (spread(feature.signal - mean_relation(reference)) + 1) / variance)
    learned, available = (joined(pair[i] for pair in found) for i in (0, 1))
    return {
        "learned": cover(learned, np.concatenate(worth)),
        "available": cover(available, spread(feature.signal) / variance),
    }


def chunks(repeats: int) -> Iterator[int]:
    """Sizes that add up, so that memory stays small."""
    yield from (min(CHUNK, repeats - done) for done in range(0, repeats, CHUNK))


def joined(parts: Iterator[Estimate]) -> Estimate:
    """Estimates one after the other."""
    return Estimate(*(np.concatenate(x) for x in zip(*parts, strict=True)))


def cover(estimate: Estimate, truth: np.ndarray) -> Cover:
    """How often the intervals hold the truth."""
    known = np.isfinite(estimate.value)
    truth = np.broadcast_to(truth, known.shape)[known]
    value, low, high = (x[known] for x in estimate)
    return Cover(
        held=float(((low <= truth) & (truth <= high)).mean()), above=float((low > truth).mean()),
        below=float((high < truth).mean()), truth=float(truth.mean()), bias=float((value - truth).mean()),
        width=float((high - low).mean()), windows=int(known.sum()),
    )  # fmt: skip


def table(repeats: int, labels: list[int], only: set[str]) -> Iterator[tuple[str, str, int, str, Cover]]:
    """Each row: feature, outcome, labels, which power, how it covers."""
    every = features()
    kinds: list[tuple[str, Callable[[Feature, int, int], dict[str, Cover]]]] = [
        (name, lambda f, n, s, share=share: of_classes(f, share, n, repeats, s)) for name, share in BALANCE.items()
    ]
    kinds.append(("number", lambda f, n, s: of_numbers(f, n, repeats, s)))
    for n in labels:
        for outcome, study in kinds:
            for seed, (name, feature) in enumerate(every.items()):
                if not only or name in only:
                    for power, result in study(feature, n, seed).items():
                        yield name, outcome, n, power, result
        if not only or "heavy tails" in only:
            for power, result in of_numbers(every["informative"], n, min(repeats, 500), 99, tail=5.0).items():
                yield "informative", "number, t(5)", n, power, result


def main() -> None:
    """Print the table, and how many of its rows cover in 93 to 97%."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=2000)
    parser.add_argument("--labels", default="100,500,5000")
    parser.add_argument("--only", default="", help="features, with commas; left out: all")
    arguments = parser.parse_args()
    labels = [int(n) for n in arguments.labels.split(",")]
    only = {name for name in arguments.only.split(",") if name}
    print(f"{'feature':<16}{'outcome':<14}{'labels':>7}  {'power':<10}{'held':>7}{'above':>7}{'below':>7}{'truth':>8}"
          f"{'bias':>9}{'width':>8}{'windows':>9}")  # fmt: skip
    inside: dict[tuple[str, int], list[bool]] = {}
    for name, outcome, n, power, c in table(arguments.repeats, labels, only):
        inside.setdefault((power, n), []).append(0.93 <= c.held <= 0.97)
        print(f"{name:<16}{outcome:<14}{n:>7}  {power:<10}{c.held:>7.3f}{c.above:>7.3f}{c.below:>7.3f}{c.truth:>8.3f}"
              f"{c.bias:>+9.4f}{c.width:>8.3f}{c.windows:>9}", flush=True)  # fmt: skip
    for (power, n), flags in inside.items():
        print(f"{power} power, {n} labels: {sum(flags)} of {len(flags)} rows cover in 93 to 97%")


if __name__ == "__main__":
    main()
