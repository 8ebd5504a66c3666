"""Skew: is what the model is served, and what it leans on, what it was trained on?"""

from __future__ import annotations

import pandas as pd

from monitors import attributions
from monitors.measurement import combine
from monitors.profile.cube import Cube
from monitors.settings import Settings


def measure(windows: Cube, reference: Cube, settings: Settings) -> pd.DataFrame:
    """Attributions (``attributions``), where the log has them.

    Returns
    -------
    measurements, see ``monitors.measurement.COLUMNS``
    """
    return combine(attributions.measure(windows, reference, settings))
