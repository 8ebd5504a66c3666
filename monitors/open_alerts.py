"""Which windows a rolling reference must not learn from: those of alerts, as they come, window by window."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field


@dataclass
class _Run:
    """Windows in a row in which one number is at least worth a look; one quiet window in between is not the end."""

    first: int
    last: int
    alert: bool = False


@dataclass
class OpenAlerts:
    """What has been alarming so far. Windows are counted from 0, in order of time.

    A window is left out when a number has an alert in it, and when it belongs to that alert: the number was at least
    watched without a break from then on to the alert (a slow change is watched before it is an alert), or has been
    watched without a break since. A break is two quiet windows in a row; a single quiet one is left out as long as
    the alert is not over.

    Attributes
    ----------
    out : windows that are left out for good
    """

    out: set[int] = field(default_factory=set)
    _runs: dict[Hashable, _Run] = field(default_factory=dict)

    def add(self, window: int, flags: Mapping[Hashable, bool]) -> None:
        """Take note of the next window: by number (monitor, metric, feature), whether it is an alert or a watch."""
        for key in [key for key, run in self._runs.items() if key not in flags and window - run.last > 1]:
            del self._runs[key]
        for key, alert in flags.items():
            run = self._runs.get(key)
            if run is None:
                run = self._runs[key] = _Run(window, window)
            if alert and not run.alert:
                run.alert = True
                self.out.update(range(run.first, window + 1))
            elif run.alert:
                self.out.update(range(run.last + 1, window + 1))
            run.last = window

    def held(self, window: int) -> set[int]:
        """Windows before this one that are left out for now: an alert of theirs may not be over."""
        return {w for run in self._runs.values() if run.alert for w in range(run.last + 1, window)}

    def since(self) -> int | None:
        """The first window of the oldest alert that is open; None when none is."""
        return min((run.first for run in self._runs.values() if run.alert), default=None)

    def accept(self) -> None:
        """What is open is normal from now on."""
        self._runs.clear()
