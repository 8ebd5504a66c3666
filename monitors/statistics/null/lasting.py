"""Evidence that adds up: a shift too small for one window, but there in several in a row."""

from __future__ import annotations

import numpy as np

SPANS = {1: 0.5, 2: 0.2, 3: 0.15, 5: 0.15}
"""Windows in a row whose deviations are taken together, and the part of the false-alarm rate that each may spend."""

SLOW = {1: 0.4, 3: 0.2, 6: 0.2, 12: 0.2}
"""The same for what fades rather than breaks."""

_GOES_ON, _PART = 1.0, 0.5
"""Deviation of the last of several windows, and part of what they deviate by on average, from which on what the others
show is taken as going on: after an incident a window that is only a little strange is no more of it."""


@np.errstate(invalid="ignore")
def sums(windows: np.ndarray, span: int, references: int, cap: np.ndarray, *, inside: bool = False) -> np.ndarray:
    """Student's t of the mean of ``span`` deviations in a row, the last one included.

    The mean of k is compared with the same reference mean, whose own error does not shrink with k:
    t(k) = mean · sqrt((1 + 1/R) / (1/k + 1/R)). One window counts for no more than ``cap``, so that a single strange
    window does not go on to alarm in those after it, and the last must deviate to the same side: what is over is over.

    Parameters
    ----------
    windows : shape (D, W), t by window in order of time; NaN: not known, ends a row
    references : R, windows of the reference
    cap : shape (D, 1)
    inside : whether these are the reference's own windows, each judged against the others: k of them together differ
        from all R by 1/k - 1/R, and are brought to the scale of those that come after

    Returns
    -------
    shape (D, W); NaN where one of the windows is not known, 0 where the last one does not go on
    """
    out = np.full(windows.shape, np.nan)
    if windows.shape[1] < span or (inside and references <= span):
        return out
    clipped = np.clip(windows, -cap, cap)
    total = np.zeros((len(windows), windows.shape[1] - span + 1))
    for j in range(span):
        total += clipped[:, j : j + total.shape[1]]
    r = 1.0 / max(references, 1)
    # a window left out deviates from the others by R / (R - 1) of what it deviates from all
    scale = np.sqrt((1 + r) * (1 - r) / (1 / span - r)) if inside else np.sqrt((1 + r) / (1 / span + r))
    last = windows[:, span - 1 :]
    goes_on = np.sign(total) * last >= np.maximum(_GOES_ON, _PART / span * np.abs(total))
    out[:, span - 1 :] = np.where(goes_on | np.isnan(total), total / span * scale, 0.0)
    return out
