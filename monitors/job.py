"""What a run works on, and what it tells the rooms it calls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitors.config import Config
from monitors.ledger import LogState
from monitors.logs.formats.registry import FORMATS
from monitors.logs.prepare import Layout
from monitors.logs.progress import Progress
from monitors.profile.engines import Engine, Reading
from monitors.profile.rows import Columns
from monitors.reference import Plan
from monitors.settings import End, Settings
from monitors.windows import Grain, instant

if TYPE_CHECKING:
    from monitors.logs.labels import Labels
    from monitors.logs.offline import Offline

TRAINING = "#training "
"""Before the segment of profiles that are of the reference's own data set, not of the log."""


@dataclass(frozen=True)
class Job:
    """What a run works on."""

    config: Config
    layout: Layout
    log: LogState
    plan: Plan
    labels: Labels | None
    progress: Progress
    engine: Engine
    offline: Offline | None = None

    @property
    def model(self) -> str:
        """The model's name."""
        return self.config.model.name

    def reading(self, windows: set[int], step: str, trouble: bool = True) -> Reading:
        """How to read the log's rows of some windows; whether files that turn out damaged are noted."""
        log = self.log
        return Reading(
            log.touching(windows), log.first_rows, self.layout, frozenset(windows), self.labels,
            sum(found.starts[start] for found in log.scans.values() for start in found.starts.keys() & windows),
            step, self.progress, {key: scan.notes for key, scan in log.scans.items()} if trouble else {}, log.touching,
        )  # fmt: skip


def columns_of(config: Config) -> Columns:
    """Which column plays which part; what a payload format says about a call, not its rows, is no feature."""
    label = config.labels.label if config.labels else config.logs.label
    features = config.features
    about = FORMATS[config.logs.format].about if config.logs.format else ()
    return Columns(
        config.logs.timestamp, config.logs.id, config.logs.prediction, label, features.include,
        (*features.exclude, *about), tuple(features.segments), features.version, config.logs.position, config.patterns,
        config.logs.latency,
    )  # fmt: skip


def settings_of(config: Config, grain: Grain, observed_until: int | None, share: float = 1.0) -> Settings:
    """What monitors are told."""
    return Settings(
        grain=grain, false_alarm_rate=config.alerts.false_alarm_rate, share=share, threshold=config.model.threshold,
        minimum_effect=config.alerts.minimum_effects(), observed_until=observed_until,
        deprecations=_deprecations(config, grain),
    )  # fmt: skip


def _deprecations(config: Config, grain: Grain) -> dict[str, End]:
    """Planned ends that have a date, with the words for them."""
    if grain.kind == "rows":
        return {}
    return {
        name: End(instant(end.date, grain.timezone), f"{end.date}{f', {end.owner}' if end.owner else ''}")
        for name, end in config.deprecations.items() if end.date is not None
    }  # fmt: skip
