"""Reading the log into Arrow and nothing else: ``reading.py polars|pyarrow``."""

import sys
import time
from glob import glob

engine, began, rows = sys.argv[1], 0.0, 0
if engine == "polars":
    import polars as pl

    began = time.perf_counter()
    for batch in pl.scan_parquet(sorted(glob("log*.parquet"))).collect_batches():
        rows += batch.to_arrow().num_rows
else:
    import pyarrow.parquet as pq

    began = time.perf_counter()
    for path in sorted(glob("log*.parquet")):
        file = pq.ParquetFile(path)
        words = [field.name for field in file.schema_arrow if field.name.startswith("c")]
        for batch in pq.ParquetFile(path, read_dictionary=words, pre_buffer=True).iter_batches(131_072):
            rows += batch.num_rows
print("computing", time.perf_counter() - began)
