"""The alarm study: how often quiet windows raise an alarm, and what becomes of incidents.

python -m tests.benchmarks.alarms --data ../shared/data --out DIR [--logs flights,hotel] [--grains 1d,1w]
    [--permutations 20] [--seeds 5] [--kinds null_rate,scale] [--modes abrupt] [--rules psi] [--resume]

Quiet logs are real ones with whole days permuted. Incidents are put into the first ``--seeds`` permutations (0: quiet
windows alone). Tables are printed and written to ``--out``: quiet.csv, incidents.csv (a row an incident), recall.csv,
and beside the rules that people use today (``--rules ""``: without) comparison.csv. Dated events of real logs are
told at the end (``--permutations 0 --seeds 0``: they alone; ``--no-events``: without).
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np

from tests.benchmarks.alarms.comparison import compare, quiet_shares
from tests.benchmarks.alarms.events import events
from tests.benchmarks.alarms.incidents import KINDS, MODES, cases, draw, judged, recall
from tests.benchmarks.alarms.judge import alerts
from tests.benchmarks.alarms.quiet import GRAINS, Quiet, prepare
from tests.benchmarks.alarms.rivals import Rivals, any_column, fit, of_incident
from tests.benchmarks.alarms.rules import RULES
from tests.benchmarks.alarms.tables import Rows, quiet_table, show
from tests.benchmarks.logs import LOGS


def quiet_row(log: Quiet) -> dict[str, object]:
    """One permutation: windows judged, those with any alert, those with one of each kind."""
    found = alerts(log)
    kinds = found.drop_duplicates(["monitor", "kind", "window"]).groupby(["monitor", "kind"]).size()
    by_kind = " ".join(f"{monitor}/{kind}={count}" for (monitor, kind), count in kinds.items())
    return {
        "log": log.name, "grain": log.size, "seed": log.seed, "windows": log.windows - log.reference,
        "alarmed": found["window"].nunique(), "alerts": len(found), "by_kind": by_kind,
    }  # fmt: skip


def rule_rows(rivals: Rivals) -> list[dict[str, object]]:
    """Each rule's largest number in every quiet window, and whether Driftmeter has any alert there."""
    log = rivals.log
    key = {"log": log.name, "grain": log.size, "seed": log.seed}
    numbers = {rule: any_column(rule, scores) for rule, scores in rivals.quiet.items()}
    windows = max((len(scores) for scores in numbers.values()), default=0)
    alarmed = np.isin(np.arange(log.reference, log.reference + windows), alerts(log)["window"])
    return [
        {**key, "rule": rule, "window": log.reference + i, "score": score}
        for rule, scores in {"driftmeter": alarmed.astype(float), **numbers}.items() for i, score in enumerate(scores)
    ]  # fmt: skip


def with_incidents(log: Quiet, arguments: argparse.Namespace, rules: Rows) -> list[dict[str, object]]:
    """Incidents put into one permutation, judged by Driftmeter and by every rule."""
    rivals = fit(log, arguments.rules)
    rows = []
    for case in cases(arguments.kinds, arguments.modes, arguments.draws):
        incident = draw(log, *case)
        if incident is not None:
            rows.append({**judged(log, incident), **of_incident(rivals, incident)})
    rules.add(rule_rows(rivals))
    return rows


def study(arguments: argparse.Namespace) -> None:
    """Each log, grain and permutation: quiet first, then with incidents."""
    files = ("runs.csv", "incidents.csv", "rules.csv")
    runs, incidents, rules = (Rows(arguments.out / name, arguments.resume) for name in files)
    for name in arguments.logs:
        reader, task = LOGS[name]
        try:
            frame = reader(arguments.data)
        except FileNotFoundError as error:
            print(f"{name}: skipped, there is no {error.filename}", flush=True)
            continue
        for size in arguments.grains:
            for seed in range(1, max(arguments.permutations, arguments.seeds) + 1):
                began = time.perf_counter()
                key = {"log": name, "grain": size, "seed": seed}
                wanted = seed <= arguments.seeds and not incidents.has(key)
                if not wanted and (seed > arguments.permutations or runs.has(key)):
                    continue
                log = prepare(name, frame, task, size, GRAINS[size], seed)
                if seed <= arguments.permutations and not runs.has(key):
                    runs.add([quiet_row(log)])
                if wanted:
                    incidents.add(with_incidents(log, arguments, rules))
                print(f"{name} {size} permutation {seed}: {time.perf_counter() - began:.1f} s", flush=True)
    if len(runs.frame):
        table = quiet_table(runs.frame)
        table.to_csv(arguments.out / "quiet.csv", index=False)
        show("Quiet windows with any alert", table)
    if len(incidents.frame):
        table = recall(incidents.frame)
        table.to_csv(arguments.out / "recall.csv", index=False)
        show("Incidents", table)
    if len(rules.frame) and len(runs.frame):
        show("Quiet windows with any alarm, rules as they come", quiet_shares(runs.frame, rules.frame))
        table = compare(rules.frame, incidents.frame)
        table.to_csv(arguments.out / "comparison.csv", index=False)
        show("Recall at Driftmeter's false-alarm rate", table[[c for c in table if "@" not in c]])
        print(f"A rule beats Driftmeter in {(table['beaten_by'] != '').sum()} of {len(table)} rows.")


def main() -> None:
    """Run the study."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    for option, names in (("logs", LOGS), ("grains", GRAINS), ("kinds", KINDS), ("modes", MODES), ("rules", RULES)):
        parser.add_argument(f"--{option}", type=lambda text: text.split(",") if text else [], default=list(names))
    parser.add_argument("--permutations", type=int, default=20, help="of days, for quiet windows")
    parser.add_argument("--seeds", type=int, default=5, help="permutations that incidents are put into")
    parser.add_argument("--draws", type=int, default=1, help="incidents of a kind, size and mode in each of them")
    parser.add_argument("--resume", action="store_true", help="keep what --out holds already: of the same code!")
    parser.add_argument("--events", action=argparse.BooleanOptionalAction, default=True)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    study(arguments)
    if arguments.events and (arguments.data / "cases.json").exists():
        found, strays = events(arguments.data)
        found.to_csv(arguments.out / "events.csv", index=False)
        show("Dated events of real logs", found)
        show(f"Alerts on columns known to be quiet: {len(strays)}", strays.drop(columns="message"))


if __name__ == "__main__":
    main()
