"""NannyML's CBPE on logs that ``tests.benchmarks.expected`` wrote, by NannyML's own interpreter.

argv[1]: JSON, a list of {path, reference, window}; the estimates of each go to path + ".out".
"""

from __future__ import annotations

import json
import sys

import pandas as pd

METRICS = {"auc": "roc_auc", "accuracy": "accuracy", "f1": "f1"}
"""What both estimate: our name, NannyML's."""


def estimate(path: str, reference: int, window: int) -> pd.DataFrame:
    """Estimates by window and metric with their 95% interval."""
    import nannyml

    frame = pd.read_csv(path)
    frame["predicted"] = (frame["score"] >= 0.5).astype(int)
    cbpe = nannyml.CBPE(
        y_pred_proba="score", y_pred="predicted", y_true="y", problem_type="classification_binary",
        metrics=list(METRICS.values()), chunk_size=window,
    )  # fmt: skip
    cbpe.fit(frame.iloc[:reference])
    found = cbpe.estimate(frame.iloc[reference:].reset_index(drop=True)).filter(period="analysis").to_df()
    parts = []
    for ours, theirs in METRICS.items():
        value, error = found[theirs, "value"], found[theirs, "sampling_error"]
        parts.append(pd.DataFrame({
            "start": reference + found["chunk", "start_index"], "metric": ours, "value": value,
            "low": value - 1.96 * error, "high": value + 1.96 * error,
        }))  # fmt: skip
    return pd.concat(parts)


if __name__ == "__main__":
    for log in json.loads(sys.argv[1]):
        estimate(**log).to_csv(log["path"] + ".out", index=False)
