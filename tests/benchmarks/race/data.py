"""Logs to be raced over: numbers, categories, a score and its label, day by day."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

DAY = 86_400_000_000
START = np.datetime64("2025-01-01", "us")
_WORDS = np.array(list("abcdefgh"))


def part(rng: np.random.Generator, first: int, rows: int, days: tuple[int, int], numbers: int, words: int) -> pa.Table:
    """Rows of the days from ``days[0]`` to before ``days[1]``, in order of time, numbered from ``first``.

    The first category has five values, the others eight.
    """
    times = START + np.sort(rng.integers(days[0] * DAY, days[1] * DAY, rows)).astype("m8[us]")
    values = rng.normal(size=(numbers, rows))
    score = 1 / (1 + np.exp(0.5 - 0.8 * values[0] - 0.5 * values[1 % numbers]))
    table = {"ts": times, "id": np.arange(first, first + rows), "score": score,
             "y": (rng.uniform(size=rows) < score).astype(np.int8)}  # fmt: skip
    table |= {f"x{i}": values[i] for i in range(numbers)}
    table |= {f"c{i}": pa.array(_WORDS[rng.integers(0, 8 if i else 5, rows)]) for i in range(words)}
    return pa.table(table)


def one_file(home: Path, rows: int, days: int, numbers: int, words: int) -> None:
    """The whole log in ``log.parquet``."""
    pq.write_table(part(np.random.default_rng(0), 0, rows, (0, days), numbers, words), home / "log.parquet")


def day_files(home: Path, rows: int, days: range, numbers: int, words: int) -> None:
    """``rows`` a day in ``log-000.parquet`` and so on."""
    for day in days:
        found = part(np.random.default_rng(day), day * rows, rows, (day, day + 1), numbers, words)
        pq.write_table(found, home / f"log-{day:03}.parquet")


def configure(home: Path, reference: range, more: str = "") -> None:
    """A configuration whose reference is a range of days."""
    first, last = (START.astype("M8[D]") + day for day in (reference[0], reference[-1]))
    (home / "driftmeter.toml").write_text(
        '[model]\nname = "race"\ntask = "binary"\npositive = 1\n[logs]\npath = "log*.parquet"\ntimestamp = "ts"\n'
        f'id = "id"\nprediction = "score"\nlabel = "y"\n[reference]\nstart = "{first}"\nend = "{last}"\n{more}'
    )


def forget(home: Path) -> None:
    """Take the store away, so that the next run begins anew."""
    for path in home.glob("driftmeter.db*"):
        path.unlink()
