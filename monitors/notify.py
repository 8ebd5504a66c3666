"""Tells people what is new, worse or resolved, through Apprise: one message a run to each address."""

from __future__ import annotations

import importlib.util

import pandas as pd

from monitors.config import Config
from monitors.errors import UserError

MOST = 10  # incidents named in a message: it is read on a telephone

_WORDS = {"new": "new", "worse": "worse", "resolved": "resolved", "over": "came and went"}


def notify(config: Config, changes: pd.DataFrame) -> list[str]:
    """Send what has changed to every address of `[notify] urls`.

    A message that does not get through never fails a run: what went wrong comes back as notes, which name the kind of
    service and not its address, for addresses hold secrets.

    Parameters
    ----------
    changes : of incidents since the run before, see `monitors.incidents.changed`

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

    if changes.empty:
        return []
    title, body = message(config.model.name, changes)
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


def message(model: str, changes: pd.DataFrame) -> tuple[str, str]:
    """Title and text about changes: what is new or worse first, the worst of it on top, one line an incident."""
    place = {change: i for i, change in enumerate(_WORDS)}
    ordered = changes.assign(_place=changes["change"].map(place)).sort_values(["_place", "rank"], kind="stable")
    lines = [f"• {_WORDS[change]}: {title}" for change, title in zip(ordered["change"], ordered["title"], strict=True)]
    more = len(lines) - MOST
    if more > 0:
        lines = [*lines[:MOST], f"… and {more} more: driftmeter findings"]
    counts = ordered["change"].map(_WORDS).value_counts(sort=False)
    return f"{model}: {', '.join(f'{count} {word}' for word, count in counts.items())}", "\n".join(lines)
