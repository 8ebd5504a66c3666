"""Monitor 1: dependency changes result in notification."""

from __future__ import annotations

import pandas as pd

from monitors.scorecard.evidence import Evidence
from monitors.scorecard.result import Question, Result
from monitors.scorecard.words import counted
from monitors.sentences import day

CHANGES = {
    "missing": ("absent", "type_changed", "unit_changed", "early", "overdue"),
    "integrity": ("new_column", "removed_column"),
}
"""Kinds of findings that are a change of what the log is made of: columns that go, come, or mean something else."""

ASKED = Question(1, "Dependencies", "Do dependency changes result in notification?", "missing")
_NAME = 'name who is to be told: [notify] urls = ["slack://…", "mailto://…"]'


def dependencies(evidence: Evidence) -> Result:
    """Whether somebody hears of it when what the model depends on changes.

    *Not covered*: nobody is named under ``[notify] urls``, and no change has come yet that somebody could have missed.
    *Fail*: a change raised an alert and nobody was told (no address, or no message was ever sent), or the last message
    did not reach all addresses. *Pass*: addresses are named and the last message, if there was one, reached them all;
    or nobody is named, but every change that alarmed was noted by hand (``driftmeter note``) in its first window or
    later, which is the manual way and worth half a point. New columns are watched and never sent by themselves.
    """
    changes = _changes(evidence.found)
    loud, seen = changes[changes["severity"] == "alert"], _seen(changes, evidence)
    if evidence.config.notify.urls:
        return _told(evidence, loud, seen)
    if loud.empty:
        return ASKED.answer("not covered", "none", ["nobody would be told: [notify] urls is empty", seen], [_NAME])
    missed = [start for start in loud["onset"].astype(int) if not _noted(start, evidence)]
    if missed:
        lost = f"nobody was told, and {counted(len(missed), 'change was', 'changes were')} not noted by hand either"
        return ASKED.answer("fail", "none", [lost, seen], [_NAME])
    return ASKED.answer("pass", "manual", ["nobody is told, but each change was noted by hand", seen], [_NAME])


def _told(evidence: Evidence, loud: pd.DataFrame, seen: str) -> Result:
    """The verdict where addresses are named."""
    addresses = counted(len(evidence.config.notify.urls), "address", "addresses")
    sent = evidence.runs[evidence.runs[["told", "untold"]].astype(int).sum(axis=1) > 0]
    if len(sent) and int(sent["untold"].iloc[-1]):
        when = f"{pd.Timestamp(int(sent['at'].iloc[-1]), unit='us'):%Y-%m-%d %H:%M} UTC"
        said = f"the message of {when} did not reach {int(sent['untold'].iloc[-1])} of {addresses}"
        return ASKED.answer("fail", evidence.how, [said, seen], ["mend it: `driftmeter run` says which"])
    if len(loud) and sent.empty:
        said = f"{counted(len(loud), 'change')} raised an alert and no message was ever sent, though {addresses} named"
        return ASKED.answer("fail", evidence.how, [said, seen], ["run `driftmeter run`: it sends what is new"])
    told = (
        f"{counted(len(sent), 'message')} sent to {addresses}"
        if len(sent)
        else f"{addresses} named, no message due yet"
    )
    return ASKED.answer("pass", evidence.how, [told, seen])


def _changes(found: pd.DataFrame) -> pd.DataFrame:
    """One row for each change: of its first alert, or of its first window where it was only watched."""
    kept = pd.Series(False, index=found.index)
    for monitor, kinds in CHANGES.items():
        kept |= (found["monitor"] == monitor) & found["kind"].isin(kinds)
    rows = found[kept & ~found["state"].isin(["resolved", "silenced"]) & found["segment"].isna()]
    rows = rows.assign(_watch=rows["severity"] != "alert").sort_values(["_watch", "window_start"], kind="stable")
    return rows.drop_duplicates(["monitor", "kind", "feature", "onset"])


def _seen(changes: pd.DataFrame, evidence: Evidence) -> str:
    if changes.empty:
        return "no column came, went or changed its type so far"
    last = changes.sort_values("onset", kind="stable").iloc[-1]
    kind = str(last["kind"]).replace("_", " ")
    which = f'the last "{last["feature"]}" ({kind}) on {day(int(last["onset"]), evidence.grain)}'
    return f"{counted(int(changes['feature'].nunique()), 'column')} came, went or changed, {which}"


def _noted(start: int, evidence: Evidence) -> bool:
    person = evidence.events[evidence.events["source"] == "person"]
    return bool((person["at"].astype("int64") >= start).any())
