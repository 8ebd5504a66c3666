"""One window of the Concept page: whose shift, and whose relation, the change in loss is laid at."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from dashboard.charts.loss_by_feature import loss_by_feature, signed
from dashboard.charts.text import during
from dashboard.charts.timeline import records
from dashboard.data import Page
from dashboard.views import common
from dashboard.views.common import quoted
from dashboard.views.one_window import caption_of
from dashboard.views.words import listed, when


def whose_shift(page: Page, window: dict[str, Any], loss: str) -> None:
    """Features ranked by what their shift adds to the change in loss; nothing where no window is split.

    Parameters
    ----------
    window : of `page.windows`
    loss : in words
    """
    every = by_feature(page, int(window["window_start"]))
    if every.empty or not loss:
        return
    title = told(every, loss, when(window))
    labelled = float(every["n"].iloc[0])
    figure = loss_by_feature(
        every,
        title=title,
        caption=caption_of(page, window, labelled, labelled),
        loss=loss,
        mode=common.mode(),
        width=1000,
    )
    common.chart(figure, "loss-by-feature")


def by_feature(page: Page, start: int) -> pd.DataFrame:
    """`feature`, `inputs` with `low` and `high`, `relation`, `unknown`, `where`, `n`."""
    parts = []
    for metric in ("loss_inputs", "loss_relation", "loss_unknown"):
        rows = page.metric("concept", metric)
        parts.append(rows[(rows["window_start"] == start) & rows["feature"].notna()])
    inputs, relation, unknown = parts
    rows = inputs[["feature", "value", "low", "high", "detail", "n"]]
    rows = rows.rename(columns={"value": "inputs", "detail": "where"})
    for name, part in (("relation", relation), ("unknown", unknown)):
        rows = rows.merge(part[["feature", "value"]].rename(columns={"value": name}), on="feature", how="left")
    return rows.assign(unknown=rows["unknown"].fillna(0.0)).reset_index(drop=True)


def told(rows: pd.DataFrame, loss: str, label: str) -> str:
    """The finding: "Of +0.031 log loss on 3 May, +0.022 is due to the shift of “device”: tv, 2% to 9% of rows"."""
    total = float((rows["inputs"] + rows["relation"] + rows["unknown"]).mean())
    whole = f"{signed(total)} {loss} {during(label)}"
    sure = rows[(rows["low"] > 0) | (rows["high"] < 0)]
    same = sure[np.sign(sure["inputs"]) == np.sign(total)]
    if same.empty:
        large = sure[sure["inputs"].abs() > 0.1 * abs(total)]
        against = records(large.sort_values("inputs", key=abs, ascending=False).head(1))
        but = f", and that of {quoted(against[0]['feature'])} works against it" if against else ""
        new = [row["feature"] for row in records(rows) if 0.5 * abs(total) < row["unknown"] * np.sign(total)]
        but = f"; what the values of {listed(new)} do that the reference lacks, nobody can tell" if new else but
        return f"No single feature's shift explains the change of {whole}{but}"
    most = records(same.sort_values("inputs", key=abs, ascending=False).head(1))[0]
    where = f": {most['where']}" if isinstance(most["where"], str) else ""
    if abs(most["inputs"]) > 1.15 * abs(total):
        return f"The shift of {quoted(most['feature'])} alone would make {signed(most['inputs'])} of {whole}{where}"
    return f"Of {whole}, {signed(most['inputs'])} is due to the shift of {quoted(most['feature'])}{where}"
