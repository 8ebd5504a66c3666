"""The sentence over the features' parts of a change in loss."""

from __future__ import annotations

import pandas as pd

from dashboard.views.whose_shift import told


def rows(*parts: tuple[str, float, float, float, float, str | None]) -> pd.DataFrame:
    names = ["feature", "inputs", "wide", "relation", "unknown", "where"]
    frame = pd.DataFrame(list(parts), columns=names)
    return frame.assign(low=frame["inputs"] - frame["wide"], high=frame["inputs"] + frame["wide"])


def test_the_feature_that_explains_most_is_named_with_its_value() -> None:
    frame = rows(("device", 0.022, 0.004, 0.009, 0.0, "tv: 2.1% to 9.8% of rows"), ("x", 0.025, 0.05, 0.006, 0.0, None))
    said = told(frame, "log loss", "3 May 2025")
    assert said == (
        "Of +0.031 log loss on 3 May 2025, +0.022 is due to the shift of “device”: tv: 2.1% to 9.8% of rows"
    )  # fmt: skip


def test_a_shift_that_others_make_up_for_is_told_so() -> None:
    said = told(rows(("x", 0.05, 0.01, -0.03, 0.0, None)), "log loss", "3 May 2025")
    assert said == "The shift of “x” alone would make +0.05 of +0.02 log loss on 3 May 2025"


def test_where_no_shift_explains_it_nobody_is_blamed() -> None:
    frame = rows(("x", 0.002, 0.01, 0.028, 0.0, None), ("y", -0.01, 0.002, 0.04, 0.0, "a: 1% to 2% of rows"))
    said = told(frame, "log loss", "3 May 2025")
    assert said.startswith("No single feature's shift explains the change of +0.03 log loss")
    assert said.endswith("that of “y” works against it")


def test_values_that_the_reference_lacked_explain_nothing() -> None:
    said = told(rows(("gone", 0.0, 0.0, 0.0, 0.03, None), ("x", 0.0, 0.01, 0.03, 0.0, None)), "log loss", "May")
    assert "what the values of “gone” do that the reference lacks, nobody can tell" in said
