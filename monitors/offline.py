"""Row-level skew: are the values that were served those that a second log computed offline?"""

from __future__ import annotations

import numpy as np

from monitors.measurement import Block, table
from monitors.messages import share
from monitors.profile.cube import Cube
from monitors.profile.facts import Facts
from monitors.settings import Settings
from monitors.statistics.intervals import wilson


def measure(windows: Cube, reference: Cube, settings: Settings) -> list[Block]:
    """Share of joined rows whose value is not the one computed offline, by feature (``mismatch_share``).

    It is the sum of those that differ beyond the tolerance (``mismatch_values``), that are missing in the log alone
    (``mismatch_missing``) and offline alone (``mismatch_missing_offline``). Two logs of one computation agree, so
    nothing is learned from the reference, in which the skew may have been from the first day on: what is judged is the
    chance of so many if only the share did not that is too small to matter (binomial; Bonferroni over features).
    ``offline_matched`` is the share of the log's rows that the other log has at all.

    Returns
    -------
    measurements, see ``monitors.measurement.COLUMNS``
    """
    names = sorted({name for facts in windows.facts for name in _features(facts)})
    if not names:
        return []
    counts, matched = np.zeros((3, len(names), len(windows))), np.zeros((len(names), len(windows)))
    details: list[list[str | None]] = [[None] * len(windows) for _ in names]
    rows, joined = np.zeros(len(windows)), np.zeros(len(windows))
    for w, facts in enumerate(windows.facts):
        rows[w], joined[w] = _total(facts, "rows"), _total(facts, "matched")
        found = _features(facts)
        for f, name in enumerate(names):
            if name in found:
                counts[:, f, w], matched[f, w] = found[name][:3], joined[w]
                details[f][w] = _told(found[name], joined[w])
    from scipy import stats  # slow to import, and seldom needed

    wrong = counts.sum(axis=0)
    least = np.array([settings.least("mismatch_share", name) for name in names])[:, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        value, low, high = wilson(wrong, matched)
        p = np.minimum(len(names) * stats.binom.sf(wrong - 1, matched, least), 1.0)
        limit = settings.rate("skew", "mismatch_share") / len(names)
        band = stats.binom.isf(limit, matched, least) / matched
        parts = np.where(matched > 0, counts / matched, np.nan)
        whole = np.where(rows > 0, joined / rows, np.nan)
    known = matched > 0
    value, p, band = (np.where(known, x, np.nan) for x in (value, p, band))
    return [
        table("skew", "mismatch_share", names, windows, reference, value=value, low=low, high=high, expected=0.0,
              n=matched, p_value=p, band_low=0.0, band_high=band, detail=details),
        *(table("skew", metric, names, windows, reference, value=part, n=matched) for metric, part in zip(
            ("mismatch_values", "mismatch_missing", "mismatch_missing_offline"), parts, strict=True)),
        table("skew", "offline_matched", [None], windows, reference, value=whole, n=rows),
    ]  # fmt: skip


def _features(facts: Facts) -> dict[str, list]:
    found = facts.get("offline", {}).get("features", {})
    assert isinstance(found, dict)
    return found


def _total(facts: Facts, key: str) -> float:
    return float(facts.get("offline", {}).get(key, 0))


def _told(counts: list, matched: float) -> str | None:
    """How many of which sort, and ids to look at."""
    words = ("differ", "are missing in the log alone", "are missing offline alone")
    said = [f"{share(count / max(matched, 1))} {word}" for word, count in zip(words, counts[:3], strict=True) if count]
    if not said:
        return None
    ids = [str(name) for _, name in counts[3] if name]
    return ", ".join(said) + (f"; ids such as {', '.join(ids)}" if ids else "")
