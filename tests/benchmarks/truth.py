"""The synthetic search's incidents against what was found.

    python -m tests.benchmarks.truth [--home DIR] [--days 180] [--rows 400000]

Each incident with the first alert that is it (monitor, kind and feature right), how many windows after the first full
one that came, how far the onset is from the truth (to the hour where a card tells it, see ``monitors.cards``), and in
how many of the incidents told its alerts of all rows are.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from fixtures.search.generate import generate
from fixtures.search.truth import explains
from monitors.cards import Card
from monitors.cli.answers import opened
from monitors.config import Config
from monitors.export import findings_json
from monitors.pipeline import run
from monitors.views import Look, look, missing_cards

DAY = timedelta(days=1)


class Found(NamedTuple):
    """What became of one incident."""

    incident: dict[str, Any]
    first: str | None  # the window of the first alert that is it
    message: str | None  # what that says
    late: int | None  # windows from the first full one to that
    hours: float | None  # from its start to the onset that was told
    card: Card | None  # that tells the hour
    alerts: int
    told_as: frozenset[str]  # incidents that its alerts of all rows (or of its own segment) belong to

    @property
    def right(self) -> bool:
        """Found, or silent as it should be."""
        return (self.first is None) == (self.incident["severity"] == "silent")


def compare(home: Path) -> tuple[list[Found], list[dict[str, Any]], int]:
    """Run on a generated log: each incident, the alerts that nothing explains, and how many alerts there are."""
    config = Config.load(home / "driftmeter.toml")
    found = findings_json(run(config).findings, config.grain)
    told = [finding for finding in found if finding["state"] not in ("resolved", "silenced")]
    alerts = [finding for finding in told if finding["severity"] == "alert"]
    incidents = json.loads((home / "truth.json").read_text())["incidents"]
    loud = [incident for incident in incidents if incident["severity"] != "silent"]
    strays = [alert for alert in alerts if not any(explains(incident, alert) for incident in loud)]
    found_as = {"alert": alerts, "silent": alerts, "watch": told}
    told_by = _cards(home / "driftmeter.toml")
    return [_found(incident, found_as[incident["severity"]], told_by) for incident in incidents], strays, len(alerts)


def _cards(path: Path) -> list[Card]:
    with opened(path) as (config, store, grain):
        wanted = Look(grain.size)
        return missing_cards(store, config, look(store, config, wanted), wanted)


def _found(incident: dict[str, Any], alerts: Sequence[Mapping[str, Any]], told: Sequence[Card]) -> Found:
    wanted = ("incident", "consequence") if incident["severity"] == "silent" else ("incident",)
    hits = [alert for alert in alerts if explains(incident, alert) in wanted]
    if not hits:
        return Found(incident, None, None, None, None, None, 0, frozenset())
    first = min(hits, key=lambda hit: (hit["window_start"], hit["onset"], hit["segment"] or ""))
    late = (datetime.fromisoformat(first["window_start"]) - due(incident)) // DAY
    whole = {hit["incident"] for hit in hits if hit["segment"] in (None, incident["segment"])}
    onset, kind = datetime.fromisoformat(first["onset"]), incident["kind"]
    own = [
        each for each in told if each.incident in whole and each.kind == kind and incident["feature"] in each.features
    ]
    card = min(own, key=lambda each: each.onset.at, default=None)
    if card is not None and card.onset.fine:
        onset = datetime.fromtimestamp(card.onset.at / 1e6, UTC)
    hours = (onset - datetime.fromisoformat(incident["start"])) / timedelta(hours=1)
    return Found(incident, first["window_start"], first["message"], late, hours, card, len(hits), frozenset(whole))


def due(incident: Mapping[str, Any]) -> datetime:
    """Start of the first day that an incident fills, or of its first day where it fills none."""
    start, end = (datetime.fromisoformat(incident[name]) if incident[name] else None for name in ("start", "end"))
    assert start is not None
    day = start.replace(hour=0)
    full = day if day == start else day + DAY
    return full if end is None or full + DAY <= end else day


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
    head = (
        f"{'incident':<24}{'what':<42}{'begins':<15}{'found':<12}{'late':>5}{'onset, h':>10}{'alerts':>8}{'told as':>9}"
    )
    print(head)
    for row in table:
        what = "/".join(row.incident[name] or "" for name in ("monitor", "kind", "feature")).rstrip("/")
        begins = row.incident["start"][:16].replace("T00:00", "").replace("T", " ")[5:]
        first = row.first[:10] if row.first else "silent" if row.right else "never"
        late, hours = ("" if x is None else f"{x:+.0f}" for x in (row.late, row.hours))
        hours += "" if row.card is None or not row.card.onset.fine else " *"
        counts = f"{row.alerts or '':>8}{len(row.told_as) or '':>9}"
        print(f"{row.incident['id']:<24}{what:<42}{begins:<15}{first:<12}{late:>5}{hours:>10}{counts}")
    print(f"{sum(row.right for row in table)} of {len(table)} as they should be; * to the hour")
    windows = len({stray["window_start"] for stray in strays})
    print(f"{alerts} alerts, {len(strays)} in {windows} windows that no incident explains")
    for stray in strays:
        what = f"{stray['window_start'][:10]} {stray['kind']} {stray['feature']} {stray['segment'] or ''}"
        print(f"  {what}: {stray['message']}")


if __name__ == "__main__":
    main()
