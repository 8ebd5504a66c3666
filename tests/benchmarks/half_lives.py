"""How well slopes, half-lives and the date of the floor are told: simulated features whose power falls as is known.

python -m tests.benchmarks.half_lives [--repeats 400] [--labels 500,5000] [--windows 40]

Labelled rows are drawn window by window from a numeric feature whose true AUC follows a course; what is judged is the
learned power that ``learned_power`` measures in them, with its errors. Habit is added to the true course: windows that
differ with a standard deviation of .015, independently or from one to the next (correlation .5).

*Half-life*: share of features it is told of; the median error, relative to the truth; share of intervals that hold the
truth. Where no exponential decay is, it should be told seldom. *Slope*: share of intervals that hold the least-squares
slope of the true course. *Floor*: share of features it is told of, and how many windows (median) that is after the
excess has sunk for good under the standard error of a window, habit included: the noise floor; *false*: share of
features it is told of more than three windows before that, or at all where it never happens. How much windows differ by
habit is taken from twenty more windows before.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy.special import expit, ndtri

from monitors.statistics.auc import auc
from monitors.statistics.halving import half_life
from monitors.statistics.intervals import Estimate
from monitors.statistics.noise_floor import date_of_floor
from monitors.statistics.power import learned_power
from monitors.statistics.shrinkage import relation
from monitors.statistics.trends import habit_variance, slope

X = ndtri((np.arange(64) + 0.5) / 64)
STEEPNESS = np.linspace(-3, 6, 361)
AREAS = np.array([auc(expit(s * X), 1 - expit(s * X), X) for s in STEEPNESS])
START = 0.25
"""Excess over ½ at the beginning."""

HABIT = 0.015
REFERENCE_WINDOWS = 20


class Course(NamedTuple):
    """A true course of the excess of power, and its half-life where it is exponential."""

    excess: np.ndarray
    half_life: float = np.nan


class Told(NamedTuple):
    """How a course was told, over the features simulated."""

    told: float  # share with a half-life
    error: float  # median relative error
    held: float  # share of intervals that hold the half-life
    slope_held: float
    floor: float  # share with a date of the floor
    floor_error: float  # median, windows
    false: float  # share told more than three windows too early


def courses(windows: int) -> dict[str, Course]:
    """The courses, by name."""
    time = np.arange(float(windows))
    decays = {f"half-life {h}": Course(START * 2 ** (-time / h), h) for h in (3, 5, 10, 20)}
    return decays | {
        "none": Course(np.full(windows, START)),
        "none, weak": Course(np.full(windows, 0.05)),
        "none, powerless": Course(np.zeros(windows)),
        "linear to half": Course(START * (1 - 0.5 * time / (windows - 1))),
        "linear to nothing": Course(START * (1 - time / (windows - 1))),
        "step to half": Course(np.where(time < windows / 2, START, START / 2)),
        "step to nothing": Course(np.where(time < windows / 2, START, 0.0)),
        "step and back": Course(np.where(np.abs(time - windows / 2) < windows / 8, 0.0, START)),
        "rising": Course(START * (0.5 + 0.5 * time / (windows - 1))),
    }


HABITS = {"no habit": (0.0, 0.0), "habit": (HABIT, 0.0), "habit, correlated": (HABIT, 0.5)}


def wander(rng: np.random.Generator, shape: tuple[int, int], spread: float, correlation: float) -> np.ndarray:
    """Habit by window, stationary, shape (F, W)."""
    steps = rng.standard_normal(shape) * spread
    for w in range(1, shape[1]):
        steps[:, w] = correlation * steps[:, w - 1] + np.sqrt(1 - correlation**2) * steps[:, w]
    return steps


def measured(rng: np.random.Generator, excess: np.ndarray, rows: int) -> Estimate:
    """Learned power of windows whose true AUC is ½ + excess (F, W), each of so many labelled rows."""
    learned_then = relation(draw(rng, np.array([0.5 + START]), 20 * rows))[0]
    return learned_power(draw(rng, 0.5 + excess.ravel(), rows).reshape(*excess.shape, 64, 2), learned_then)


def draw(rng: np.random.Generator, area: np.ndarray, rows: int) -> np.ndarray:
    """Counts by bin and class (N, B, 2) of balanced outcomes with these AUCs."""
    rate = expit(np.interp(area, AREAS, STEEPNESS)[:, None] * X)
    n = rng.multinomial(rows, np.full(64, 1 / 64), size=len(area))
    positive = rng.binomial(n, rate)
    return np.stack([n - positive, positive], axis=-1)


def tell(course: Course, rows: int, habit: tuple[float, float], repeats: int, seed: int) -> Told:
    """How a course is told from windows of so many labelled rows."""
    rng = np.random.default_rng(seed)
    windows = len(course.excess)
    time = np.arange(float(windows))
    before = measured(rng, course.excess[0] + wander(rng, (repeats, REFERENCE_WINDOWS), *habit), rows)
    power = measured(rng, course.excess + wander(rng, (repeats, windows), *habit), rows)
    life = half_life(time, power.value, power.error)
    line = slope(time, power.value, power.error)
    straight = np.polyfit(time, course.excess, 1)[0]
    error = np.hypot(power.error, np.sqrt(habit_variance(before.value, before.error))[:, None])
    reached = date_of_floor(time, power.value, error, before=before.value.mean(axis=1))
    told, arrived = np.isfinite(life.value), np.isfinite(reached)
    left = course.excess > np.hypot(power.error.mean(), habit[0])
    due = len(left) - int(np.argmax(left[::-1])) if left.any() else 0
    first = reached[arrived]
    with np.errstate(invalid="ignore"):
        apart = np.abs(life.value[told] / course.half_life - 1)
        holds = (life.low[told] <= course.half_life) & (course.half_life <= life.high[told])
    exponential = bool(np.isfinite(course.half_life))
    return Told(
        told=float(told.mean()),
        error=float(np.median(apart)) if told.any() and exponential else np.nan,
        held=float(holds.mean()) if told.any() and exponential else np.nan,
        slope_held=float(((line.low <= straight) & (straight <= line.high)).mean()),
        floor=float(arrived.mean()),
        floor_error=float(np.median(first - due)) if arrived.any() else np.nan,
        false=float((first < due - 3).sum() / repeats) if due < windows else float(arrived.mean()),
    )


def table(repeats: int, labels: list[int], windows: int) -> Iterator[tuple[str, int, str, Told]]:
    """Each row: course, labels, habit, how it was told."""
    for rows in labels:
        for habit, numbers in HABITS.items():
            for seed, (name, course) in enumerate(courses(windows).items()):
                yield name, rows, habit, tell(course, rows, numbers, repeats, seed)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=400)
    parser.add_argument("--labels", default="500,5000")
    parser.add_argument("--windows", type=int, default=40)
    arguments = parser.parse_args()
    labels = [int(n) for n in arguments.labels.split(",")]
    print(f"{'course':<20}{'labels':>7}  {'habit':<19}{'told':>6}{'error':>7}{'held':>7}{'slope held':>12}"
          f"{'floor':>7}{'off by':>8}{'false':>7}")  # fmt: skip
    for name, rows, habit, told in table(arguments.repeats, labels, arguments.windows):
        print(f"{name:<20}{rows:>7}  {habit:<19}{told.told:>6.2f}{told.error:>7.2f}{told.held:>7.2f}"
              f"{told.slope_held:>12.3f}{told.floor:>7.2f}{told.floor_error:>8.1f}{told.false:>7.2f}")  # fmt: skip


if __name__ == "__main__":
    main()
