"""The study's tables, on the screen and in files that a run cut short can go on from."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pandas as pd


class Rows:
    """A CSV file that grows while the study runs."""

    def __init__(self, path: Path, resume: bool) -> None:
        self.path = path
        kept = resume and path.exists()
        self.frame = pd.read_csv(path, keep_default_na=False, na_values={"delay": ""}) if kept else pd.DataFrame()

    def has(self, key: dict[str, object]) -> bool:
        """Whether there are rows of this log, grain and permutation."""
        if not len(self.frame):
            return False
        return bool((self.frame[list(key)] == pd.Series(key)).all(axis=1).any())

    def add(self, rows: list[dict[str, object]]) -> None:
        """Append rows and write all of them."""
        frames = [frame for frame in (self.frame, pd.DataFrame(rows)) if len(frame)]
        if frames:
            self.frame = pd.concat(frames, ignore_index=True)
            self.frame.to_csv(self.path, index=False)


def quiet_table(runs: pd.DataFrame) -> pd.DataFrame:
    """Share of quiet windows with any alert by log and grain, over all permutations, and by kind."""
    rows = []
    for (name, size), part in runs.groupby(["log", "grain"], sort=False):
        windows = int(part["windows"].sum())
        shares = part["alarmed"] / part["windows"]
        kinds: Counter[str] = Counter()
        for text in part["by_kind"].fillna(""):
            for pair in str(text).split():
                kind, count = pair.split("=")
                kinds[kind] += int(count)
        rows.append({
            "log": name, "grain": size, "permutations": len(part), "windows": windows,
            "any_alert": part["alarmed"].sum() / windows, "worst": shares.max(),
            "alerts": part["alerts"].sum() / windows,
            "by_kind": ", ".join(f"{kind} {count / windows:.4f}" for kind, count in kinds.most_common()),
        })  # fmt: skip
    return pd.DataFrame(rows)


def show(title: str, table: pd.DataFrame) -> None:
    """Print a table."""
    text = table.to_string(index=False, float_format=lambda x: f"{x:.3f}", na_rep="") if len(table) else "none"
    print(f"\n{title}\n{text}", flush=True)
