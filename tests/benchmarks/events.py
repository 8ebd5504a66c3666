"""Real logs with dated events, from ``driftmeter init`` to what was found.

python -m tests.benchmarks.events --data ../shared/data [--logs hotel,car_loan]
"""

from __future__ import annotations

import argparse
import re
import shutil
import tempfile
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from monitors.config import Config
from monitors.guess import init
from monitors.pipeline import run
from monitors.store import Store


class Case(NamedTuple):
    """A log, and what is changed in the file that ``init`` writes for it (a pattern: its replacement)."""

    file: str
    edits: dict[str, str]
    power_of: tuple[str, ...] = ()


CASES = {
    "hotel": Case(
        "hotel_bookings.csv.gz",
        {r"^size = .*": 'size = "1mo"', r"^end = .*": 'end = "2016-03-31"', r"^segments = .*": "segments = []"},
        ("previous_cancellations", "lead_time", "adr"),
    ),
    "car_loan": Case("nannyml_car_loan.csv.gz", {}),
    "car_loan_dq": Case("nannyml_car_loan_dq.csv.gz", {}),
    "air_quality": Case("uci_air_quality.csv.gz", {r"^size = .*": 'size = "1d"', r"^end = .*": 'end = "2004-04-25"'}),
    "elec2": Case("elec2.csv.gz", {r"^start = .*": "start = 20000", r"^end = .*": "end = 32000"}),
}  # fmt: skip


def configured(case: Case, data: Path, home: Path) -> Config:
    """What ``init`` writes, with the edits."""
    path = home / "driftmeter.toml"
    shutil.copyfile(data / case.file, home / case.file)
    init([str(home / case.file)], path)
    text = path.read_text()
    for pattern, replacement in case.edits.items():
        text = re.sub(pattern, replacement, text, flags=re.MULTILINE)
    path.write_text(text)
    return Config.load(path)


def tell(config: Config, case: Case) -> None:
    """Print the alerts by kind and feature, and the powers asked for."""
    result = run(config)
    store = Store.open(config.store.url, read_only=True)
    grain = store.grain(config.model.name)
    alerts = result.findings[result.findings["severity"] == "alert"].sort_values("window_start")
    print(f"  {result.windows_total} windows, {len(alerts)} alerts in {alerts['window_start'].nunique()} of them")
    for _, group in alerts.groupby(["monitor", "kind", "feature"], dropna=False):
        first = group.iloc[0]
        onset, last = grain.label(first["onset"]), grain.label(group["window_start"].max())
        what = f"{first['monitor']}/{first['kind']} {first['feature'] or ''}"
        print(f"  {what}: {len(group)} windows, onset {onset}, last {last}: {first['message']}")
    measured = store.measurements(config.model.name)
    for feature in case.power_of:
        part = measured[(measured["monitor"] == "decay") & (measured["feature"] == feature)]
        part = part[part["metric"].str.endswith("_power")]
        when = pd.PeriodIndex(pd.to_datetime(part["window_start"], unit="us"), freq="Q")
        powers = part.pivot_table(index="metric", columns=when, values="value").round(2)
        print(f"  {feature}, mean by quarter\n{powers.to_string()}")
    store.close()


def main() -> None:
    """Tell each case."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--logs", default=",".join(CASES))
    arguments = parser.parse_args()
    for name in arguments.logs.split(","):
        case = CASES[name]
        print(f"{name} ({case.file})")
        if not (arguments.data / case.file).exists():
            print("  skipped: it is not there")
            continue
        with tempfile.TemporaryDirectory() as home:
            tell(configured(case, arguments.data, Path(home)), case)


if __name__ == "__main__":
    main()
