"""A learner where the paper's is not to be had: Gaussian naive Bayes, tested and then trained on 50 rows at a time."""

from __future__ import annotations

import numpy as np
from sklearn.naive_bayes import GaussianNB

from tests.benchmarks.detectors.streams import Stream

_AT_ONCE = 50


def scores(stream: Stream) -> np.ndarray:
    """Chance of class 1 for each row, before the learner has seen its label, shape (n,); NaN for the first rows."""
    learner, out = GaussianNB(), np.full(len(stream.label), np.nan)
    for start in range(0, len(out), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        if start:
            out[part] = learner.predict_proba(stream.rows[part])[:, 1]
        learner.partial_fit(stream.rows[part], stream.label[part], classes=[0, 1])
    return out
