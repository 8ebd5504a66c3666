"""Tells people about new alerts, through Apprise: one message a run to each address."""

from __future__ import annotations

import importlib.util

import pandas as pd

from monitors.config import Config
from monitors.errors import UserError

MOST = 10  # alerts named in a message: it is read on a telephone


def notify(config: Config, findings_new: pd.DataFrame) -> list[str]:
    """Send the new alerts among `findings_new` to every address of `[notify] urls`.

    A message that does not get through never fails a run: what went wrong comes back as notes, which name the kind of
    service and not its address, for addresses hold secrets.

    Parameters
    ----------
    findings_new : findings of this run that earlier runs did not have; only alerts in state "new" are sent

    Returns
    -------
    notes, one for each address that could not be told

    Raises
    ------
    UserError : when addresses are configured and Apprise is not installed
    """
    if not config.notify.urls:
        return []
    require(config)
    import apprise

    alerts = findings_new[(findings_new["severity"] == "alert") & (findings_new["state"] == "new")]
    if alerts.empty:
        return []
    title, body = message(config.model.name, alerts)
    notes = []
    for url in config.notify.urls:
        scheme = url.split(":", 1)[0]
        service = apprise.Apprise()
        if not service.add(url):
            notes.append(f"nobody was told by {scheme}: its address in notify.urls is not one that Apprise knows")
        elif not service.notify(title=title, body=body):
            notes.append(f"nobody was told by {scheme}: the message did not get through")
    return notes


def require(config: Config) -> None:
    """Raise UserError when addresses are configured and Apprise is not installed: before a run, not after it."""
    if config.notify.urls and importlib.util.find_spec("apprise") is None:
        raise UserError(
            f"{config.source}: notify.urls is given but Apprise is not installed; pip install 'driftmeter[notify]'"
        )


def message(model: str, alerts: pd.DataFrame) -> tuple[str, str]:
    """Title and text about alerts: the newest and surest first, one line an alert."""
    ordered = alerts.sort_values(["window_start", "p_value"], ascending=[False, True], kind="stable")
    # A drift that lasts is one line, not one line a window.
    ordered = ordered.drop_duplicates(["incident", "monitor", "kind", "feature", "segment"])
    lines = [f"• {text}" for text in ordered["message"].head(MOST)]
    more = len(ordered) - len(lines)
    if more:
        lines.append(f"… and {more} more: driftmeter findings")
    return f"{model}: {len(ordered)} new alert{'s' if len(ordered) > 1 else ''}", "\n".join(lines)
