"""Realistic frames for the charts: seeded, small, with a long name, markup and emoji among the features."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd

from dashboard.charts.frame import Caption

CAPTION = Caption(
    model="image-search ranker",
    reference="1 Jan to 31 Mar 2026",
    window="daily windows (Europe/Berlin), 1 Jan to 29 Jun 2026",
    n=403_211,
    labels_pending=12_480,
    as_of="2026-06-30 06:00 UTC",
    version="0.1.0",
    config_hash="9f3c2a71",
    synthetic=True,
)
HOSTILE = "<b>user</b>_locale_of_the_most_recent_session_before_the_query_%{x}_$y$_version_2"
NAMES = (
    "query_length",
    "image_age_days",
    "embedding_similarity",
    HOSTILE,
    "🦜 parrot_score",
    "device",
    "legacy_popularity",
    "locale",
    "session_depth",
    "previous_bookings_not_cancelled_in_the_last_30_days_by_the_same_customer_account",
)
TITLE = "embedding_similarity drifts since 20 May: beyond its quiet range in 22 of 40 windows"


def calendar(count: int = 104, days: int = 1, reference: int = 40, start: str = "2026-01-01") -> pd.DataFrame:
    """Windows of whole days: `x`, `x_end`, `reference`."""
    x = pd.date_range(start, periods=count, freq=f"{days}D")
    return pd.DataFrame({"x": x, "x_end": x + pd.Timedelta(days=days), "reference": np.arange(count) < reference})


def by_rows(count: int = 40, size: int = 1000, reference: int = 12) -> pd.DataFrame:
    """Windows of rows."""
    x = np.arange(count) * size
    return pd.DataFrame({"x": x, "x_end": x + size, "reference": np.arange(count) < reference})


def names(count: int) -> list[str]:
    """Feature names: the hostile ones first, then plain ones."""
    return [*NAMES[:count], *(f"feature_{i:03d}" for i in range(max(0, count - len(NAMES))))]


def events() -> pd.DataFrame:
    """Events as people note them: close together, long, with markup."""
    rows = [
        ("2026-02-02", "ranker v6", "deploy"),
        ("2026-03-14", "ranker v7 to all users after two weeks of the A/B test in three countries", "deploy"),
        ("2026-03-16", "grid <i>layout</i> & larger thumbnails", "product"),
        ("2026-03-17", "cache warmed again", "other"),
        ("2026-04-06", "Easter Monday", "holiday"),
    ]
    return pd.DataFrame(rows, columns=["x", "label", "kind"]).assign(x=lambda f: pd.to_datetime(f["x"]))


def drift(windows: pd.DataFrame | None = None, jump: int = 82, seed: int = 3) -> pd.DataFrame:
    """One feature's Jensen–Shannon distance with a jump."""
    out = (calendar() if windows is None else windows).copy()
    random = np.random.default_rng(seed)
    n = len(out)
    out["value"] = np.abs(0.045 + 0.012 * random.standard_normal(n) + 0.09 * (np.arange(n) >= jump))
    out["low"], out["high"] = out["value"] * 0.85, out["value"] * 1.15
    out["expected"] = 0.045
    out["band_low"], out["band_high"] = np.nan, 0.083
    out["n"] = random.integers(1900, 2600, n)
    out["severity"] = np.where(out["value"] > 0.083, "alert", np.where(out["value"] > 0.068, "watch", None))
    out.loc[out["reference"], "severity"] = None
    out["message"] = (
        "The distribution of embedding_similarity differs from the reference by 0.13; 0.083 is usual at most."
    )
    return out


def few_rows(frame: pd.DataFrame) -> pd.DataFrame:
    """The same with every third window too small to show what matters."""
    weak = ~frame["reference"] & (np.arange(len(frame)) % 3 == 0)
    return frame.assign(underpowered=weak, smallest_shift=np.where(weak, 0.18, 0.05))


def incidents(features: list[str], windows: pd.DataFrame, seed: int = 6) -> pd.DataFrame:
    """An incident a feature: alerts and watches, open, over and silenced."""
    random = np.random.default_rng(seed)
    first, last = int(windows["reference"].sum()), len(windows) - 1
    rows = []
    for i, feature in enumerate(features):
        onset = int(random.integers(first, last - 5))
        state = ["ongoing", "resolved", "new", "silenced", "worse"][i % 5]
        rows.append(
            {
                "incident": f"incident-{i}",
                "name": f"“{feature}” has shifted",
                "x_onset": windows["x"].iloc[onset],
                "x": windows["x"].iloc[onset + 3 if state == "resolved" else last],
                "severity": "watch" if i % 3 == 1 else "alert",
                "state": state,
                "said": f"+{random.integers(1, 30)}% loss" if i % 2 else "",
                "message": f"Since then {feature} has other values than before: look for what changed upstream.",
            }
        )
    columns = ["incident", "name", "x_onset", "x", "severity", "state", "said", "message"]
    return pd.DataFrame(rows, columns=columns)


def findings(features: list[str], windows: pd.DataFrame, loud: int = 8, seed: int = 5) -> pd.DataFrame:
    """Findings of the first `loud` features, some over, some going on, one silenced, and two without a feature."""
    random = np.random.default_rng(seed)
    last = len(windows)
    first = int(windows["reference"].sum())
    kinds = [("drift", "shift"), ("missing", "null_rate"), ("decay", "lost_signal"), ("drift", "lost_category")]
    rows = []
    for i, feature in enumerate([*features[:loud], None, None]):
        monitor, kind = ("integrity", "volume") if feature is None and i % 2 else kinds[i % 4]
        if feature is None and monitor != "integrity":
            monitor, kind = "concept", "performance"
        onset = int(random.integers(first, max(first + 1, last - 5)))
        end = last if i % 3 else min(last, onset + 4)
        for j in range(onset, end):
            rows.append(
                {
                    "model": "image-search ranker",
                    "monitor": monitor,
                    "kind": kind,
                    "metric": "jensen_shannon",
                    "feature": feature,
                    "x": windows["x"].iloc[j],
                    "x_end": windows["x_end"].iloc[j],
                    "severity": "alert" if i % 4 != 1 and j > onset else "watch",
                    "state": "silenced" if i == 6 else "new" if j == onset else "ongoing",
                    "incident": f"incident-{i}",
                    "effect": float(random.random()),
                    "message": f"{feature or 'The log'} moved by 0.{random.integers(10, 99)} where 0.08 is usual.",
                }
            )
    columns = [
        "model",
        "monitor",
        "kind",
        "metric",
        "feature",
        "x",
        "x_end",
        "severity",
        "state",
        "incident",
        "effect",
        "message",
    ]
    return pd.DataFrame(rows, columns=columns)


def powers(features: list[str], windows: pd.DataFrame, seed: int = 11) -> pd.DataFrame:
    """Learned, available and expected power: features fade, break at once, shift or stay, in turn."""
    random = np.random.default_rng(seed)
    n = len(windows)
    late = np.clip((np.arange(n) - n * 0.45) / (n * 0.4), 0, 1)
    parts = []
    for i, feature in enumerate(features):
        start = 0.78 - 0.02 * (i % 9)
        fall = {
            0: (late, late, 0 * late),
            1: (late, 0.2 * late, 0.1 * late),
            2: (late, late, late),
            3: (0 * late,) * 3,
        }[i % 4]
        names = ("learned_power", "available_power", "expected_power")
        for metric, lost in zip(names, fall, strict=True):
            value = start - (start - 0.52) * lost + 0.008 * random.standard_normal(n)
            parts.append(
                windows.assign(feature=feature, metric=metric, value=value, low=value - 0.02, high=value + 0.02, n=2200)
            )
    return pd.concat(parts, ignore_index=True)


def verdicts(features: list[str]) -> pd.DataFrame:
    """What decay found out about some features."""
    words = ["lost_signal", "relation_changed", "input_vanished", "ok"]
    status = ["alert", "watch", "alert", "ok"]
    rows = [(f, words[i % 4], status[i % 4]) for i, f in enumerate(features)]
    return pd.DataFrame(rows, columns=["feature", "verdict", "severity"])


def missing(features: list[str], windows: pd.DataFrame, seed: int = 17) -> pd.DataFrame:
    """Shares by kind: absent from a day on, nulls for a locale, a little NaN, nothing, in turn."""
    random = np.random.default_rng(seed)
    n = len(windows)
    parts = []
    for i, feature in enumerate(features):
        late = np.arange(n) >= n * (0.5 + 0.04 * (i % 9))
        absent = late * 1.0 if i % 5 == 0 else np.zeros(n)
        null = (
            np.zeros(n)
            if i % 5 == 4
            else (0.03 + 0.01 * random.random(n) + (0.22 * late if i % 5 == 1 else 0)) * (absent == 0)
        )
        nan = np.where(i % 5 == 2, 0.04 * random.random(n), 0.0)
        invalid = np.where(i % 5 == 1, 0.01, 0.0) * np.ones(n)
        for kind, value in zip(("absent", "null", "nan", "invalid"), (absent, null, nan, invalid), strict=True):
            parts.append(windows.assign(feature=feature, metric=f"{kind}_share", value=value, n=2200))
    return pd.concat(parts, ignore_index=True)


def onsets(features: list[str], windows: pd.DataFrame) -> pd.DataFrame:
    """Where the missing values of `missing` begin."""
    n = len(windows)
    rows = []
    for i, feature in enumerate(features):
        if i % 5 in (0, 1):
            at = int(np.ceil(n * (0.5 + 0.04 * (i % 9))))
            rows.append(
                (
                    feature,
                    windows["x"].iloc[at],
                    "absent" if i % 5 == 0 else "null_rate",
                    "alert" if i % 5 == 0 else "watch",
                )
            )
    return pd.DataFrame(rows, columns=["feature", "x", "kind", "severity"])


def performances(windows: pd.DataFrame, seed: int = 23, unlabelled: int = 6, immature: int = 8) -> pd.DataFrame:
    """AUC that falls below its expectation from the middle of the analysis on; the last windows without labels."""
    random = np.random.default_rng(seed)
    n = len(windows)
    fall = 0.05 * np.clip((np.arange(n) - n * 0.6) / (n * 0.2), 0, 1)
    out = windows.assign(value=0.741 - fall + 0.006 * random.standard_normal(n))
    out["expected"] = 0.741 + 0.003 * random.standard_normal(n)
    out["expected_low"], out["expected_high"] = out["expected"] - 0.008, out["expected"] + 0.008
    out["low"], out["high"] = out["value"] - 0.014, out["value"] + 0.014
    out["band_low"], out["band_high"] = 0.715, np.nan
    out["n"], out["labelled_share"] = 2200, 1.0
    out["mature"] = np.arange(n) < n - unlabelled - immature
    out.loc[~out["mature"], "labelled_share"] = np.linspace(0.9, 0.0, unlabelled + immature)[: (~out["mature"]).sum()]
    out.loc[out.index[n - unlabelled :], ["value", "low", "high"]] = np.nan
    out["severity"] = np.where((out["value"] < 0.715) & out["mature"] & ~out["reference"], "alert", None)
    out["message"] = "AUC is 0.69 where scores lead to expect 0.74: the relation moved."
    out["loss_inputs"] = 0.002 * random.standard_normal(n) - 0.15 * fall
    out["loss_relation"] = 0.6 * fall + 0.002 * random.standard_normal(n)
    out["unknown_share"] = 0.012
    return out


def loss_parts(names: list[str], seed: int = 31) -> pd.DataFrame:
    """The change in loss split by features: one explains most, one works against it."""
    random = np.random.default_rng(seed)
    n = len(names)
    inputs = 0.001 * random.standard_normal(n)
    inputs[:2] = 0.022, -0.009
    return pd.DataFrame(
        {
            "feature": names,
            "inputs": inputs,
            "low": inputs - 0.003,
            "high": inputs + 0.003,
            "relation": 0.031 - inputs - 0.012 * (np.arange(n) == 3),
            "unknown": 0.012 * (np.arange(n) == 3),
            "where": ["tv <b>: 2.1% to 9.8% of rows", "$x$ or more: 10% to 7.3% of rows", *[None] * (n - 2)],
        }
    )


def calibration(labels: bool = True) -> pd.DataFrame:
    """Ten bins of scores; the window is overconfident."""
    score = np.linspace(0.05, 0.95, 10)
    parts = []
    for period, rate in (("reference", score), ("window", 0.1 + 0.65 * score)):
        n = (4000 * np.exp(-3 * score)).astype(int) + 60
        half = 1.96 * np.sqrt(rate * (1 - rate) / n)
        parts.append(
            pd.DataFrame(
                {"period": period, "score": score, "rate": rate, "low": rate - half, "high": rate + half, "n": n}
            )
        )
    return pd.concat(parts if labels else parts[:0], ignore_index=True) if labels else pd.DataFrame()


def score_bins() -> pd.DataFrame:
    """Quantile bins of a score, with open ends and a point mass at 0.5."""
    edges = np.unique(
        np.concatenate(
            [np.quantile(np.random.default_rng(1).beta(2, 5, 4000), np.linspace(0, 1, 61)), [0.5, 0.5000001]]
        )
    )
    left, right = np.concatenate([[-np.inf], edges]), np.concatenate([edges, [np.inf]])
    middle = np.clip(np.nan_to_num((left + right) / 2, posinf=1, neginf=0), 0, 1)
    reference = np.full(len(left), 1 / len(left))
    window = reference * (0.6 + 1.2 * middle)
    window[np.isclose(right - left, 1e-7)] += 0.06
    return pd.DataFrame({"left": left, "right": right, "reference": reference, "window": window / window.sum()})


def numeric_bins(values: int = 24, seed: int = 29) -> pd.DataFrame:
    """Bins of a numeric feature with the four missing ones first: share, rate by reference and window."""
    random = np.random.default_rng(seed)
    edges = np.sort(random.lognormal(3, 1, values))
    labels = [
        "absent",
        "null",
        "NaN",
        "invalid",
        f"below {edges[0]:.3g}",
        *(f"{a:.3g} to {b:.3g}" for a, b in pairwise(edges)),
        f"{edges[-1]:.3g} and more",
    ]
    n = len(labels)
    kind = ["missing"] * 4 + ["value"] * (n - 4)
    left = np.concatenate([[np.nan] * 5, edges])
    reference = np.concatenate([[0, 0.01, 0, 0], np.full(n - 4, 0.99 / (n - 4))])
    window = reference * (1 + 0.6 * np.linspace(-1, 1, n))
    window[1] = 0.06
    window /= window.sum()
    before = 0.15 + 0.3 * np.linspace(0, 1, n)
    rate = before - 0.2 * np.clip(np.linspace(-0.6, 1, n), 0, 1) + 0.01 * random.standard_normal(n)
    half = 1.96 * np.sqrt(0.2 / (4000 * window + 1))
    out = pd.DataFrame({"label": labels, "kind": kind, "left": left, "reference": reference, "window": window})
    out["reference_rate"], out["rate"], out["low"], out["high"] = before, rate, rate - half, rate + half
    out["n"] = (4000 * window).round()
    out.loc[out["window"].eq(0), ["rate", "low", "high"]] = np.nan
    out["severity"] = np.where(out["rate"] < out["reference_rate"] - 0.14, "alert", None)
    return out


def category_bins(values: int = 12) -> pd.DataFrame:
    """Bins of a categorical feature: a lost category, unseen ones, markup in a name."""
    out = numeric_bins(values - 1).drop(columns="left")
    labels = [
        "WN",
        "DL",
        "AA",
        "<b>US</b>",
        "EV",
        "🦜",
        "a carrier whose name is far too long for any axis in the world",
        "OO",
        "UA",
        "B6",
    ]
    labels += [f"carrier {i}" for i in range(max(0, values - 10))]
    out["label"] = ["absent", "null", "NaN", "invalid", *labels[: len(out) - 6], "other", "unseen"]
    out["kind"] = ["missing"] * 4 + ["value"] * (len(out) - 6) + ["other", "unseen"]
    out["severity"] = None
    lost = out["label"].eq("<b>US</b>")
    out.loc[lost, "window"] = 0.0
    out.loc[lost, ["rate", "low", "high"]] = np.nan
    out.loc[lost, "severity"] = "alert"
    out.loc[out["kind"].eq("unseen"), ["reference", "reference_rate"]] = [0.0, np.nan]
    return out


def ledger(features: list[str], seed: int = 31) -> pd.DataFrame:
    """Power before and now; one feature new, one no longer seen."""
    random = np.random.default_rng(seed)
    n = len(features)
    before = np.sort(0.52 + 0.28 * random.random(n))[::-1]
    lost = np.where(np.arange(n) % 3 == 0, 0.85, 0.1) * (before - 0.5)
    out = pd.DataFrame(
        {"feature": features, "before": before, "after": before - lost + 0.01 * random.standard_normal(n)}
    )
    out["available"] = np.where(np.arange(n) % 6 == 0, before - 0.02, out["after"] + 0.005)
    for column in ("before", "after"):
        out[f"{column}_low"], out[f"{column}_high"] = out[column] - 0.02, out[column] + 0.02
    out["verdict"] = np.where(
        np.arange(n) % 6 == 0, "relation_changed", np.where(np.arange(n) % 3 == 0, "lost_signal", None)
    )
    out["severity"] = np.where(np.arange(n) % 6 == 0, "watch", np.where(np.arange(n) % 3 == 0, "alert", None))
    out.loc[1, ["before", "before_low", "before_high"]] = np.nan
    out.loc[2, ["after", "after_low", "after_high", "available"]] = np.nan
    return out


def leaning(features: list[str]) -> pd.DataFrame:
    """The ledger with parts of attribution; what lost most is leant on."""
    out = ledger(features)
    random = np.random.default_rng(41)
    for column in ("attribution_before", "attribution"):
        parts = random.exponential(1.0, len(out))
        out[column] = parts / parts.sum()
    return out.assign(leans=out["verdict"].eq("lost_signal"))


def positions() -> pd.DataFrame:
    """A curve of clicks that has flattened, of groups of positions and of a slot with a long name."""
    labels = ["missing", "1", "2", "3", "4", "5 to 6", "7 to 8", "9 to 12", "13 to 16", "17 and more", HOSTILE]
    before = np.append(0.02, 0.3 / np.arange(1, len(labels)) ** 0.8)
    rate = 0.6 * before + 0.4 * before.mean()
    n = np.linspace(4000, 300, len(labels))
    error = 1.96 * np.sqrt(rate * (1 - rate) / n)
    return pd.DataFrame(
        {"label": labels, "reference_rate": before, "rate": rate, "low": rate - error, "high": rate + error, "n": n}
    )


def volumes(windows: pd.DataFrame, seed: int = 37) -> pd.DataFrame:
    """Rows with a weekly habit, a half-volume day and a doubled one; labels that come later; duplicates."""
    random = np.random.default_rng(seed)
    n = len(windows)
    expected = 2200 * (1 + 0.25 * np.sin(np.arange(n) * 2 * np.pi / 7))
    value = (expected * (1 + 0.04 * random.standard_normal(n))).round()
    out = windows.assign(
        value=value, expected=expected, band_low=expected * 0.85, band_high=expected * 1.15, severity=None
    )
    for at, factor, severity in (
        (int(n * 0.7), 0.5, "alert"),
        (int(n * 0.8), 2.0, "alert"),
        (int(n * 0.9), 1.2, "watch"),
    ):
        out.loc[out.index[at], "value"] = round(expected[at] * factor)
        out.loc[out.index[at], "severity"] = severity
    out["message"] = "Half of the rows that this weekday usually brings."
    out["n"] = out["value"]
    out["labelled_share"] = 0.98 - 0.98 * np.clip((np.arange(n) - n * 0.85) / (n * 0.15), 0, 1) ** 2
    out["label_delay_hours"] = 20 + 4 * random.random(n) + 30 * (np.arange(n) == int(n * 0.7))
    out["label_delay_p90"] = out["label_delay_hours"] * 2.2
    return out


def tests(times: int = 2) -> pd.DataFrame:
    """Seven tests of the scorecard, with evidence of any length."""
    said = f"median latency 41.2 in the window of 29 Jun 2026, {HOSTILE} is no number. " * times
    statuses = ["pass", "fail", "not covered", "pass", "pass", "fail", "not covered"]
    return pd.DataFrame({
        "number": np.arange(1, 8), "name": ["Dependencies", *NAMES[1:7]], "status": statuses, "question": "Do they?",
        "said": [said if i % 2 else "No alert is open." for i in range(7)],
        "then": [said if i % 3 == 0 else "" for i in range(7)], "points": [1, 0.5, 0, 1, 1, 0.5, 0],
    })  # fmt: skip


def ages(versions: int = 4) -> pd.DataFrame:
    """Performance of some versions by age, the last one serving; the first has a hostile name."""
    rng = np.random.default_rng(8)
    parts = []
    for i in range(versions):
        age = np.arange(0.0, rng.integers(20, 60))
        value = 0.76 - 0.0006 * age + rng.normal(0, 0.006, len(age))
        name = HOSTILE if i == 0 else f"v{i}"
        parts.append(pd.DataFrame({"version": name, "age": age, "value": value, "low": value - 0.012,
                                   "high": value + 0.012, "n": 4000, "serving": i == versions - 1}))  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def planned(features: list[str], windows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Served shares and planned ends: left early, overdue, gone, one to come soon, one in years, one without a date."""
    n, last = len(windows), windows["x_end"].iloc[-1]
    states = ["early", "overdue", "gone", "planned", "planned", "undated"]
    dates = [last - pd.Timedelta(days=d) if d is not None else pd.NaT for d in (10, 20, 30, -12, -900, None)]
    served = []
    for i, name in enumerate(features):
        share = np.ones(n)
        if i in (0, 2):
            share[n - 30 :] = 0.0
        if i == 1:
            share[n - 8 :] = 0.3
        served.append(windows.assign(feature=name, share=share))
    ends = pd.DataFrame({
        "feature": features, "date": dates[: len(features)], "state": states[: len(features)],
        "said": ["left early", "20 days overdue", "gone as planned", "in 12 days", "in 900 days", "no date yet"],
        "message": [f"{name} is to end." for name in features], "share": [0.0, 0.3, 0.0, 1.0, 1.0, 1.0],
    })  # fmt: skip
    return pd.concat(served, ignore_index=True), ends
