"""Which sums a bin has. Apart from the kernel, which is slow to import."""

from __future__ import annotations

SUMS = (
    "prediction", "prediction2", "label", "label2", "prediction_label", "loss", "error2", "prediction_paired",
    "value", "value2",
)  # fmt: skip
"""Sums by bin. prediction over rows with a prediction; label over rows with a label; the next four over rows with
both (paired); value (less the column's centre) over rows whose value is a number. Where the log has positions, the
labelled rows of each group of positions (``Bins.places``) follow: sums of ones, exact to 2^53."""

LANES = 8
"""Numbers that the kernel adds at a time."""
