"""The store as Parquet files that DuckDB, pandas or a warehouse can query; what is in them says `schema`."""
