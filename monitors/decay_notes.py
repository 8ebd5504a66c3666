"""What a verdict of the decay ledger leaves unsaid: why inputs vanished, how little could be seen."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from monitors.messages import number, share

NARROW = 0.75
"""Values that spread less than this part of the reference's have narrowed; a correlation of .5 is .4 then."""

MISSING = 0.1
"""Values that this much of the rows lack more than in the reference are what is missed."""

PART = 0.25
"""A part of a loss that is worth a word beside the main cause."""


class Facts(NamedTuple):
    """What the notes are made of, arrays of shape (F,)."""

    verdicts: list[str]
    drop: np.ndarray  # of learned power
    by_inputs: np.ndarray  # of expected power
    had: np.ndarray  # power above nothing in the reference
    reach: np.ndarray  # the smallest drop that would have counted
    habit: np.ndarray  # part of it that is due to habit, not to few labels
    spread: np.ndarray  # of the values, now, the reference's whole spread being 1
    spread_before: np.ndarray
    known: np.ndarray  # share of rows with a value
    known_before: np.ndarray
    few: np.ndarray  # windows of now with too few labels of a class
    windows: int  # windows of now
    gain: np.ndarray  # what retraining promises
    sure: np.ndarray  # whether that is beyond chance


def notes(facts: Facts) -> list[str]:
    """A few words for each feature, or none."""
    return [_note(facts, f) for f in range(len(facts.verdicts))]


def _note(facts: Facts, f: int) -> str:
    verdict, said = facts.verdicts[f], []
    if verdict == "input_vanished":
        said.append(why_inputs(facts, f))
    elif verdict in ("lost_signal", "relation_changed") and facts.by_inputs[f] >= PART * facts.drop[f]:
        said.append(f"{number(facts.by_inputs[f])} of the {number(facts.drop[f])} lost by its inputs: "
                    f"{why_inputs(facts, f)}")  # fmt: skip
    elif verdict == "stable" and facts.sure[f]:
        said.append(f"its relation differs by window: retraining gains {number(facts.gain[f])}")
    if verdict == "stable" and facts.reach[f] > facts.had[f] / 2:
        why = "its windows differ anyhow" if facts.habit[f] > 0.5 else "too few labels"
        said.append(f"{why}: only a drop of {number(facts.reach[f])} or more would show")
    if facts.few[f]:
        every = "the window has" if facts.windows == 1 else f"{facts.few[f]} of {facts.windows} windows have"
        said.append(f"{every} few of a class" + ("" if facts.windows == 1 else "; taken together"))
    return "; ".join(said)


def why_inputs(facts: Facts, f: int) -> str:
    """What became of the values that carried the signal."""
    if facts.known[f] < facts.known_before[f] - MISSING:
        return f"a value in {share(facts.known[f])} of rows, {share(facts.known_before[f])} before"
    kept = facts.spread[f] / facts.spread_before[f] if facts.spread_before[f] > 0 else np.nan
    if kept < 0.005:
        return "all but one value are gone"
    if kept < NARROW:
        return f"its range narrowed to {share(kept)} of what it was"
    return "its values moved to where they tell little"
