"""Evidently's DataDriftPreset for each window after the reference: ``evidently_drift.py DAYS REFERENCE``."""

import os
import sys
import time

os.environ["DO_NOT_TRACK"] = "1"

import pandas as pd
from evidently import Report
from evidently.presets import DataDriftPreset

days, reference = int(sys.argv[1]), int(sys.argv[2])
began = time.perf_counter()
log = pd.read_parquet("log.parquet").drop(columns=["id", "score", "y"])
day = (log.pop("ts") - pd.Timestamp("2025-01-01")).dt.days
past = log[day < reference]
for window in range(reference, days):
    Report([DataDriftPreset()]).run(log[day == window], past).dict()
print("computing", time.perf_counter() - began)
