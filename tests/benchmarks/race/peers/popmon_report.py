"""popmon's stability report by day against the first days: ``popmon_report.py DAYS REFERENCE``."""

import sys
import time

import pandas as pd
import popmon

began = time.perf_counter()
log = pd.read_parquet("log.parquet").drop(columns=["id"])
log["ts"] = log["ts"].astype("datetime64[ns]")
past = log[log["ts"] < pd.Timestamp("2025-01-01") + pd.Timedelta(days=int(sys.argv[2]))]
report = popmon.df_stability_report(
    log,
    time_axis="ts",
    time_width="1d",
    time_offset="2025-01-01",
    reference=past,
    reference_type="external",
)
report.to_file("popmon.html")
print("computing", time.perf_counter() - began)
