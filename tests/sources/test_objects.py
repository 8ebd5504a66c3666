"""Logs in S3: the same files, the same store, whatever the store of files is."""

from __future__ import annotations

import gzip
import shutil
import uuid
from pathlib import Path

import pyarrow.fs as pafs
import pytest

from monitors.config import Config
from monitors.errors import UserError
from monitors.logs.files import discover
from monitors.logs.objects import connect
from monitors.logs.read import open_batches, row_count, schema
from monitors.pipeline import run
from tests.pipeline.logs import Log, contents


class Bucket:
    """A bucket of a test's own."""

    def __init__(self, address: str) -> None:
        self.filesystem = pafs.S3FileSystem(
            endpoint_override=address.removeprefix("http://"), scheme="http", allow_bucket_creation=True
        )
        self.name = f"b-{uuid.uuid4().hex[:8]}"
        self.filesystem.create_dir(self.name)

    def put(self, path: str, content: bytes) -> None:
        """Write an object."""
        with self.filesystem.open_output_stream(f"{self.name}/{path}", compression=None) as out:
            out.write(content)

    def upload(self, folder: Path, to: str) -> None:
        """Write all files of a folder."""
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                self.put(f"{to}/{path.relative_to(folder).as_posix()}", path.read_bytes())

    def delete(self, path: str) -> None:
        """Take an object away."""
        self.filesystem.delete_file(f"{self.name}/{path}")


@pytest.fixture
def bucket(s3: str) -> Bucket:
    """An empty bucket."""
    return Bucket(s3)


def _keys(bucket: Bucket, pattern: str) -> list[str]:
    prefix = f"s3://{bucket.name}/"
    return [file.key.removeprefix(prefix) for file in discover(prefix + pattern, Path())]


def test_which_objects_a_pattern_means(bucket: Bucket) -> None:
    for path in ("logs/a-10.csv", "logs/a-2.csv", "logs/day=1/b.parquet", "logs/day=1/deep/c.json.gz", "logs/x.txt",
                 "logs/_note.csv", "logs/_spark_metadata/0.json", "other/d.csv", "top.csv"):  # fmt: skip
        bucket.put(path, b"x\n1\n")
    assert _keys(bucket, "logs") == _keys(bucket, "logs/") == _keys(bucket, "logs/**") == [
        "logs/a-2.csv", "logs/a-10.csv", "logs/day=1/b.parquet", "logs/day=1/deep/c.json.gz"
    ]  # fmt: skip
    assert _keys(bucket, "logs/*.csv") == ["logs/a-2.csv", "logs/a-10.csv"]
    assert _keys(bucket, "logs/**/*.parquet") == ["logs/day=1/b.parquet"]
    assert _keys(bucket, "logs/a-?.csv") == ["logs/a-2.csv"]
    assert _keys(bucket, "logs/a-[1-9]*.csv") == ["logs/a-2.csv", "logs/a-10.csv"]
    assert _keys(bucket, "*/d.csv") == ["other/d.csv"]
    assert _keys(bucket, "logs/day=*") == ["logs/day=1/b.parquet", "logs/day=1/deep/c.json.gz"]
    assert _keys(bucket, "logs/x.txt") == ["logs/x.txt"]
    assert _keys(bucket, "logs/*.txt") == ["logs/x.txt"]
    assert len(_keys(bucket, "")) == 6
    assert _keys(bucket, "logs/a-2.csv?region=us-east-1") == ["logs/a-2.csv"]


def test_what_is_not_there_is_told_without_secrets(bucket: Bucket) -> None:
    bucket.put("logs/a.csv", b"x\n1\n")
    with pytest.raises(UserError, match=r"matches no object that is a log; below .*/logs are a.csv\.$"):
        _keys(bucket, "logs/*.parquet")
    with pytest.raises(UserError, match=r"there is nothing below"):
        _keys(bucket, "lgos/*.parquet")
    with pytest.raises(UserError, match=r"^'s3://no-such-bucket/\*.csv' matches no object") as error:
        discover("s3://testing:hush@no-such-bucket/*.csv", Path())
    assert "hush" not in str(error.value)


def test_formats_and_hive_folders(bucket: Bucket, tmp_path: Path) -> None:
    bucket.put("l/day=3/a.csv", b"x,s\n1,a\n2,b\n")
    bucket.put("l/day=3/b.csv.gz", gzip.compress(b"x,s\n3,c\n"))
    bucket.put("l/day=4/c.ndjson", b'{"x": 4, "s": "d"}\n')
    bucket.put("l/day=4/plain", b'{"x": 5, "s": "e"}\n')
    log = Log(tmp_path / "log")
    log.day(0)
    files = discover([f"s3://{bucket.name}/l", f"s3://{bucket.name}/l/day=4/plain"], Path())
    rows = [row for file in files for batch in open_batches(file) for row in batch.to_pylist()]
    assert [(row["x"], row["s"], row["day"]) for row in rows] == [
        (1, "a", 3), (2, "b", 3), (3, "c", 3), (4, "d", 4), (5, "e", 4)
    ]  # fmt: skip
    bucket.put("p/a.parquet", (tmp_path / "log/logs/000.parquet").read_bytes())
    file = discover(f"s3://{bucket.name}/p", Path())[0]
    assert row_count(file) == 120
    assert "score" in schema(file).names
    assert sum(batch.num_rows for batch in open_batches(file, ["x"], batch_rows=50)) == 120


def stored(url: str, prefix: str = "") -> dict[str, list[str]]:
    """A store's content but for how files are called, and what the configuration said of them."""
    found = {name: rows for name, rows in contents(url).items() if name != "models"}
    return {name: sorted(repr(row).replace(prefix, "") for row in rows) for name, rows in found.items()}


def test_the_store_is_that_of_local_files(bucket: Bucket, tmp_path: Path) -> None:
    log = Log(tmp_path / "log")
    for day in range(14):
        log.day(day)
    log.run()
    content = log.config.model_dump(exclude_unset=True)
    content["logs"]["path"] = f"s3://{bucket.name}/logs/*.parquet"
    content["labels"]["path"] = f"s3://{bucket.name}/labels"
    far = tmp_path / "far"
    far.mkdir()
    content["store"] = {"url": "sqlite:///store.db"}
    config = Config.from_dict(content, far)
    bucket.upload(log.home / "logs", "logs")
    bucket.upload(log.home / "labels", "labels")
    bucket.delete("logs/011.parquet")
    run(config)
    bucket.put("logs/011.parquet", (log.home / "logs/011.parquet").read_bytes())
    late = run(config)
    assert (late.files_read, late.windows_profiled) == (1, 1)
    assert run(config).files_read == 0
    prefix = f"s3://{bucket.name}/"
    assert stored(config.store.url, prefix) == stored(log.config.store.url, prefix)


def test_a_truncated_object_is_a_note_and_a_store_that_fails_ends_the_run(bucket: Bucket, tmp_path: Path) -> None:
    log = Log(tmp_path / "log", labels_apart=False)
    for day in range(12):
        log.day(day)
    whole = (log.home / "logs/011.parquet").read_bytes()
    bucket.upload(log.home / "logs", "logs")
    bucket.put("logs/011.parquet", whole[: len(whole) // 2])
    content = log.config.model_dump(exclude_unset=True)
    content["logs"]["path"] = f"s3://{bucket.name}/logs"
    config = Config.from_dict(content, tmp_path)
    assert any("011.parquet" in note and "no readable Parquet" in note for note in run(config).notes)
    shutil.rmtree(tmp_path / "log/logs")
    files = discover(content["logs"]["path"], Path())
    filesystem = pafs.S3FileSystem(
        endpoint_override="127.0.0.1:9", scheme="http", region="us-east-1",
        retry_strategy=pafs.AwsStandardS3RetryStrategy(max_attempts=1),
    )  # fmt: skip
    assert files[0].origin is not None
    object.__setattr__(files[0].origin, "filesystem", filesystem)
    with pytest.raises(UserError, match=r"000.parquet cannot be reached: "):
        list(open_batches(files[0]))


def test_azure_needs_an_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AZURE_STORAGE_ACCOUNT", raising=False)
    monkeypatch.delenv("AZURE_STORAGE_ACCOUNT_NAME", raising=False)
    with pytest.raises(UserError, match="^'az://logs/2025' cannot be listed: the account is not known; set AZURE_"):
        discover("az://logs/2025", Path())
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT", "acme")
    filesystem, path = connect("az://logs/2025/")
    assert (filesystem.type_name, path) == ("abfs", "logs/2025")
    filesystem, path = connect("gs://logs/2025")
    assert (filesystem.type_name, path) == ("gcs", "logs/2025")
