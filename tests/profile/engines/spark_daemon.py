"""What Spark's Python workers are forked from in tests: it has loaded what each would take a second to load."""

from pyspark.daemon import manager

import monitors.profile.engines.spark_table  # noqa: F401
from tests.cubes import binary_log, build

if __name__ == "__main__":
    build(binary_log(count=2, rows=50), 1)  # the compiled kernels
    manager()
