"""The synthetic search's full log, generated once for all that count in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pyarrow.parquet as pq
import pytest

from fixtures.search.generate import generate
from fixtures.search.incidents import START


class Search(NamedTuple):
    home: Path
    rows: pd.DataFrame  # the log joined with its labels, with `day` since the start, `file` and `place` in it
    truth: dict[str, dict]


@pytest.fixture(scope="session")
def search(tmp_path_factory: pytest.TempPathFactory) -> Search:
    home = generate(tmp_path_factory.mktemp("search")).parent
    truth = json.loads((home / "truth.json").read_text())
    return Search(home, read_log(home), {incident["id"]: incident for incident in truth["incidents"]})


def read_log(home: Path) -> pd.DataFrame:
    """All rows in the order of their files, each with its file's name and its place there, joined with the labels.

    ``session_depth`` is a number again where a file holds it as text; ``typed`` says where.
    """
    files = [_file(path) for path in sorted((home / "logs").iterdir())]
    labels = pd.concat([pq.read_table(path).to_pandas() for path in sorted((home / "labels").iterdir())])
    rows = pd.concat(files, ignore_index=True).merge(labels, on="impression_id", how="left", validate="many_to_one")
    rows["day"] = (rows["ts"] - pd.Timestamp(START)).dt.days
    return rows


def _file(path: Path) -> pd.DataFrame:
    table = pq.read_table(path)
    depth = table.schema.field("session_depth").type
    frame = table.to_pandas().assign(typed=str(depth), file=path.stem, place=range(len(table)))
    return frame.assign(session_depth=frame["session_depth"].astype(float))
