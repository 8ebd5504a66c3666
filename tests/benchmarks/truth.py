"""The synthetic search's incidents against what was found.

python -m tests.benchmarks.truth [--home DIR] [--days 180] [--rows 400000]
"""

from __future__ import annotations

import argparse
import json
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from fixtures.search.generate import generate
from fixtures.search.truth import explains
from monitors.config import Config
from monitors.export import findings_json
from monitors.pipeline import run


class Found(NamedTuple):
    """What became of one incident."""

    incident: dict[str, Any]
    first: str | None  # the first alert that is it
    onset: str | None
    days: int | None  # from its start to the first alert
    alerts: int


def compare(home: Path) -> tuple[list[Found], list[dict[str, Any]], int]:
    """Run on a generated log: each incident, the alerts that nothing explains, and how many alerts there are."""
    config = Config.load(home / "driftmeter.toml")
    found = findings_json(run(config).findings, config.grain)
    alerts = [finding for finding in found if finding["severity"] == "alert"]
    incidents = json.loads((home / "truth.json").read_text())["incidents"]
    table = []
    for incident in incidents:
        hits = [alert for alert in alerts if explains(incident, alert) == "incident"]
        first, onset = (min((hit[key] for hit in hits), default=None) for key in ("window_start", "onset"))
        began = datetime.fromisoformat(incident["start"])
        days = None if first is None else (datetime.fromisoformat(first).date() - began.date()).days
        table.append(Found(incident, first, onset, days, len(hits)))
    strays = [alert for alert in alerts if not any(explains(incident, alert) for incident in incidents)]
    return table, strays, len(alerts)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--days", type=int, default=180)
    parser.add_argument("--rows", type=int, default=400_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = generate(arguments.home or Path(folder), arguments.days, arguments.rows).parent
        table, strays, alerts = compare(home)
    print(f"{'incident':<24}{'kind':<28}{'begins':<12}{'found':<12}{'days':>5}{'alerts':>8}")
    for row in table:
        kind = f"{row.incident['monitor']}/{row.incident['kind']}"
        begins, first = row.incident["start"][:10], (row.first or "never")[:10]
        days = "" if row.days is None else row.days
        print(f"{row.incident['id']:<24}{kind:<28}{begins:<12}{first:<12}{days:>5}{row.alerts:>8}")
    print(f"{alerts} alerts, {len(strays)} that no incident explains")
    for stray in strays:
        what = f"{stray['window_start'][:10]} {stray['kind']} {stray['feature']} {stray['segment'] or ''}"
        print(f"  {what}: {stray['message']}")


if __name__ == "__main__":
    main()
