"""NannyML's univariate drift, realised performance and CBPE by day: ``nannyml_all.py DAYS REFERENCE``."""

import os
import sys
import time

os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"

import nannyml
import pandas as pd

began = time.perf_counter()
log = pd.read_parquet("log.parquet")
log["predicted"] = (log["score"] >= 0.5).astype(int)
inside = log["ts"] < pd.Timestamp("2025-01-01") + pd.Timedelta(days=int(sys.argv[2]))
past, now = log[inside], log[~inside]
features = [name for name in log if name[0] in "xc" and name[1:].isdigit()]
drift = nannyml.UnivariateDriftCalculator(
    column_names=features,
    treat_as_categorical=[name for name in features if name[0] == "c"],
    timestamp_column_name="ts",
    chunk_period="D",
    continuous_methods=["jensen_shannon"],
    categorical_methods=["jensen_shannon"],
)
drift.fit(past).calculate(now).to_df()
names = {
    "y_pred_proba": "score",
    "y_pred": "predicted",
    "y_true": "y",
    "timestamp_column_name": "ts",
    "chunk_period": "D",
    "problem_type": "classification_binary",
    "metrics": ["roc_auc", "f1", "accuracy"],
}
nannyml.PerformanceCalculator(**names).fit(past).calculate(now).to_df()
nannyml.CBPE(**names).fit(past).estimate(now).to_df()
print("computing", time.perf_counter() - began)
