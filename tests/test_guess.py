from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from monitors.config import Config
from monitors.errors import UserError
from monitors.guess import init, write
from monitors.guess.columns import Column, columns
from monitors.guess.sample import sample
from monitors.pipeline import run
from monitors.store import Store

RNG = np.random.default_rng(7)
N = 20_000


def click_log(rows: int = N, days: int = 60) -> pd.DataFrame:
    """A log as a service writes it, with a column for each role and a few that are no features."""
    rng = np.random.default_rng(1)
    times = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.sort(rng.uniform(0, days * 86400, rows)), unit="s").floor(
        "s"
    )
    score = rng.beta(2, 5, rows).round(4)
    clicked = (rng.random(rows) < score).astype(int)
    return pd.DataFrame(
        {
            "event_time": times,
            "request_id": [f"{i:08x}-aaaa-bbbb-cccc-000000000000" for i in rng.permutation(rows)],
            "user_id": rng.integers(0, 5000, rows),
            "score": score,
            "is_clicked": clicked,
            "region": rng.choice(["EU", "US", "APAC"], rows, p=[0.5, 0.4, 0.1]),
            "model_version": np.where(times < times[rows // 2], "2024-01-01", "2024-02-01"),
            "query": [f"a picture of {i} red balloons over a city at night" for i in rng.permutation(rows)],
            "age": rng.normal(40, 10, rows),
            "device": rng.choice(["phone", "desktop"], rows),
            "latency_ms": rng.lognormal(3, 0.5, rows),
            "hour": times.hour,
            "month": times.month,
            "session_end": times + pd.to_timedelta(rng.integers(0, 10**5, rows), unit="s"),
            "outcome_text": np.where(clicked == 1, "went there", "stayed"),
        }
    )


def guessed(frame: pd.DataFrame, folder: Path, name: str = "log.parquet") -> Config:
    """What `init` makes of a log, read back as a configuration."""
    file = folder / name
    frame.to_parquet(file) if file.suffix == ".parquet" else frame.to_csv(file, index=False)
    init([str(file)], folder / "driftmeter.toml")
    return Config.load(folder / "driftmeter.toml")


@pytest.mark.parametrize("name", ["log.parquet", "log.csv"])
def test_every_role(tmp_path: Path, name: str) -> None:
    config = guessed(click_log(), tmp_path, name)
    assert config.logs.model_dump(exclude_none=True) == {
        "path": name,
        "timestamp": "event_time",
        "id": "request_id",
        "prediction": "score",
        "label": "is_clicked",
        "latency": "latency_ms",
    }
    assert (config.model.name, config.model.task, config.model.positive) == ("log", "binary", 1)
    assert config.features.version == "model_version"
    assert config.features.segments == ["region", "device"]
    assert set(config.features.exclude) == {"user_id", "query", "month", "session_end", "outcome_text"}
    assert config.windows.size == "1d"
    assert (config.reference.start, config.reference.end) == ("2024-01-01", "2024-01-20")


def test_every_guess_has_a_reason_on_screen_and_in_the_file(tmp_path: Path) -> None:
    click_log().to_parquet(tmp_path / "log.parquet")
    lines = init([str(tmp_path / "log.parquet")], tmp_path / "d.toml")
    text = (tmp_path / "d.toml").read_text()
    for key in ("timestamp", "id", "prediction", "label", "task", "positive", "exclude", "segments", "version", "size"):
        place = next(i for i, line in enumerate(lines) if f".{key} = " in line)
        reason = lines[place + 1].strip()
        assert reason
        assert reason.split(";")[0][:60] in text.replace("\n#   ", " ")
    assert lines[0] == f"read 1 file, {N:,} rows, 15 columns"
    assert lines[-1].endswith("d.toml")


@pytest.mark.parametrize("unit", ["s", "ms", "us"])
def test_epoch_numbers_are_times_when_their_name_says_so(tmp_path: Path, unit: str) -> None:
    log = click_log()[["event_time", "age", "is_clicked"]]
    log["ts"] = log.pop("event_time").astype(f"datetime64[{unit}]").astype("int64")
    log["serial"] = log["ts"] + RNG.integers(0, 100, N)
    assert guessed(log, tmp_path).logs.timestamp == "ts"


def test_texts_are_times(tmp_path: Path) -> None:
    log = click_log()[["event_time", "age", "is_clicked"]]
    log["event_time"] = log["event_time"].dt.strftime("%Y-%m-%dT%H:%M:%S+02:00")
    assert guessed(log, tmp_path, "log.csv").logs.timestamp == "event_time"


def test_shuffled_rows_are_placed_by_a_name_that_says_timestamp(tmp_path: Path) -> None:
    log = click_log()[["event_time", "age", "is_clicked"]].rename(columns={"event_time": "timestamp"})
    assert guessed(log.sample(frac=1, random_state=0), tmp_path).logs.timestamp == "timestamp"


@pytest.mark.parametrize("name", ["date_of_birth", "nominal_time"])
def test_no_usable_time_means_windows_of_rows(tmp_path: Path, name: str) -> None:
    log = click_log()[["event_time", "age", "is_clicked"]].rename(columns={"event_time": name})
    if name == "date_of_birth":
        log = log.sample(frac=1, random_state=0)
    config = guessed(log, tmp_path)
    assert config.logs.timestamp is None
    assert config.windows.size == "500 rows"
    assert (config.reference.start, config.reference.end) == (0, 6500)
    assert name in config.features.exclude


@pytest.mark.parametrize(
    ("label", "values", "task", "positive"),
    [
        ("target", RNG.integers(0, 2, N), "binary", 1),
        ("churn", RNG.choice(["Yes", "No"], N), "binary", "Yes"),
        ("repaid", RNG.integers(0, 2, N).astype(bool), "binary", True),
        ("class", RNG.choice(["cat", "dog", "bird"], N), "multiclass", None),
        ("Label", RNG.choice(["up", "down"], N, p=[0.7, 0.3]), "binary", "up"),
        ("outcome", RNG.choice(["A", "B"], N, p=[0.9, 0.1]), "binary", "B"),
        ("y_true", RNG.normal(size=N), "regression", None),
        ("sales", RNG.gamma(2, 100, N), "regression", None),
        ("defaulted", np.where(RNG.random(N) < 0.3, np.nan, RNG.integers(0, 2, N)), "binary", 1),
    ],
)
def test_labels(tmp_path: Path, label: str, values: np.ndarray, task: str, positive: object) -> None:
    log = click_log()[["event_time", "age", "region"]].assign(**{label: values})
    config = guessed(log, tmp_path, "log.csv")
    assert config.logs.label == label
    assert config.model.task == task
    assert config.model.positive == positive
    assert isinstance(config.model.positive, type(positive))


def test_no_label_is_said_and_the_file_still_runs(tmp_path: Path) -> None:
    config = guessed(click_log()[["event_time", "age", "region", "device"]], tmp_path)
    assert config.logs.label is None
    assert config.model.task is None
    assert "no name says what came true" in (tmp_path / "driftmeter.toml").read_text()


def test_a_credit_score_is_a_feature_and_other_outputs_are_not(tmp_path: Path) -> None:
    log = click_log()[["event_time", "age", "is_clicked", "score"]].rename(columns={"score": "y_pred_proba"})
    log = log.assign(credit_score=RNG.normal(600, 50, N), y_pred=(log["y_pred_proba"] > 0.5).astype(int))
    config = guessed(log, tmp_path)
    assert config.logs.prediction == "y_pred_proba"
    assert config.features.exclude == ["y_pred"]


def test_columns_that_come_after_the_label_are_left_out(tmp_path: Path) -> None:
    log = click_log()[["event_time", "age"]]
    log["casual"], log["member"] = RNG.poisson(5, N), RNG.poisson(50, N)
    log["cnt"] = log["casual"] + log["member"]
    assert guessed(log, tmp_path).features.exclude == ["casual", "member"]


def test_of_two_labels_by_name_the_one_that_nothing_restates(tmp_path: Path) -> None:
    delay = RNG.exponential(20, N).round()
    cancelled = RNG.random(N) < 0.02
    log = click_log()[["event_time", "age"]].assign(
        CANCELLED=cancelled.astype(int), ARRIVAL_DELAY=np.where(cancelled, np.nan, delay)
    )
    config = guessed(log, tmp_path)
    assert config.logs.label == "ARRIVAL_DELAY"


def test_plans_are_features_and_what_became_of_them_is_not(tmp_path: Path) -> None:
    log = click_log()[["event_time", "age", "is_clicked"]]
    log = log.assign(reserved_room_type=RNG.choice([*"ABC"], N), assigned_room_type=RNG.choice([*"ABC"], N))
    assert guessed(log, tmp_path).features.exclude == ["assigned_room_type"]


def test_a_column_of_periods_tells_the_reference(tmp_path: Path) -> None:
    log = click_log()
    log["part"] = np.where(np.arange(N) < N // 2, "reference", "analysis")
    config = guessed(log, tmp_path)
    assert "part" in config.features.exclude
    assert config.reference.end == str(log["event_time"].iloc[N // 2 - 1].date())


@pytest.mark.parametrize(
    ("rows", "days", "size"),
    [
        (60_000, 60, "1d"),
        (10_000, 365, "1w"),  # 27 a day, 192 a week
        (100_000, 365, "1w"),  # 274 a day: few; 1,900 a week
        (20_000, 1500, "1mo"),
        (200_000, 4, "1h"),
        (300, 30, "1w"),
    ],
)
def test_windows_are_as_fine_as_rows_allow(tmp_path: Path, rows: int, days: int, size: str) -> None:
    assert guessed(click_log(rows, days)[["event_time", "age", "is_clicked"]], tmp_path).windows.size == size


def test_the_hour_is_a_feature_of_days_and_not_of_hours(tmp_path: Path) -> None:
    log = click_log(200_000, 4)[["event_time", "hour", "age"]]
    assert "hour" in guessed(log, tmp_path).features.exclude


def test_a_reference_is_a_third_and_a_year_at_most(tmp_path: Path) -> None:
    log = click_log(400_000, 4 * 365)[["event_time", "age"]]
    config = guessed(log, tmp_path)
    assert config.windows.size == "1w"
    assert str(config.reference.end).startswith("2025-01-0")


def test_labels_in_a_second_log(tmp_path: Path) -> None:
    log = click_log()
    (tmp_path / "logs").mkdir()
    (tmp_path / "labels").mkdir()
    log.drop(columns=["is_clicked", "outcome_text"]).to_parquet(tmp_path / "logs" / "a.parquet")
    later = log["event_time"] + pd.Timedelta(hours=3)
    log[["request_id", "is_clicked"]].assign(label_ts=later).sample(frac=0.9, random_state=1).to_csv(
        tmp_path / "labels" / "b.csv", index=False
    )
    init([str(tmp_path / "logs" / "*.parquet"), str(tmp_path / "labels" / "*.csv")], tmp_path / "driftmeter.toml")
    config = Config.load(tmp_path / "driftmeter.toml")
    assert config.labels is not None
    assert config.labels.model_dump(exclude_none=True) == {
        "path": "labels/*.csv",
        "id": "request_id",
        "label": "is_clicked",
        "timestamp": "label_ts",
    }
    assert config.logs.path == "logs/*.parquet"
    assert (config.logs.id, config.model.task, config.model.positive) == ("request_id", "binary", 1)


def test_a_glob_that_a_shell_spelt_out_is_put_together_again(tmp_path: Path) -> None:
    for day in range(5):
        click_log(500, 1).to_csv(tmp_path / f"day-{day}.csv", index=False)
    files = sorted(str(path) for path in tmp_path.glob("*.csv"))
    assert write.log_path(files, tmp_path / "driftmeter.toml") == "*.csv"
    assert write.log_path(files[:4], tmp_path / "driftmeter.toml") == [f"day-{day}.csv" for day in range(4)]
    (tmp_path / "conf").mkdir()
    assert write.log_path(files[:1], tmp_path / "conf" / "driftmeter.toml") == "../day-0.csv"


def test_many_files_are_sampled_from_first_to_last(tmp_path: Path) -> None:
    log = click_log(60_000, 100)
    for day, part in log.groupby(log["event_time"].dt.date):
        part.to_parquet(tmp_path / f"{day}.parquet")
    config_file = tmp_path / "driftmeter.toml"
    lines = init([str(tmp_path / "*.parquet")], config_file)
    assert lines[0].startswith("read 100 files, about 6") or lines[0].startswith("read 100 files, about 5")
    config = Config.load(config_file)
    assert config.windows.size == "1d"
    assert config.reference.end == "2024-02-02"


NAMES = [
    "a b", 'say "x"', "it's", "<b>bold</b>", "naïve 😀", "new\nline", "tab\there", "back\\slash", "#comment", "[table]",
    "a = 1", "${HOME}", "$${HOME}", "${ }", "\x7f", "'''", '"""',
]  # fmt: skip


def test_odd_names_survive(tmp_path: Path) -> None:
    ids = {name + "_id": np.arange(N) * 3 + 7 for name in NAMES}  # left out, so their names stand in the file
    config = guessed(click_log()[["event_time", "is_clicked"]].assign(**ids), tmp_path)
    written = {*config.features.exclude, config.logs.id}
    assert written == {f"{name}_id" for name in NAMES}


def test_columns_of_different_types_in_different_files(tmp_path: Path) -> None:
    base = click_log(2000, 10)[["event_time", "is_clicked", "age"]]
    base.head(1000).assign(code=range(1000)).to_parquet(tmp_path / "a.parquet")
    base.tail(1000).assign(code=[f"c{i % 7}" for i in range(1000)], extra=1.5).to_parquet(tmp_path / "b.parquet")
    init([str(tmp_path)], tmp_path / "driftmeter.toml")
    assert Config.load(tmp_path / "driftmeter.toml").logs.label == "is_clicked"


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"x": [1.0]}),
        pd.DataFrame({"ts": ["2024-01-01"], "label": [1]}),
        pd.DataFrame({"x": [None] * 50, "y": [0] * 50}),
        pd.DataFrame({"ts": ["2024-01-01"] * 50, "label": [0, 1] * 25}),
        pd.DataFrame({"ts": ["soon"] * 50, "y": [np.inf, 1.0] * 25}),
        pd.DataFrame({"ts": ["1700-01-01", *["2024-01-01"] * 98, "9000-01-01"], "label": [0, 1] * 50}),
    ],
    ids=["one number", "one row", "nulls", "one day", "no times", "stray years"],
)
def test_small_and_strange_logs_still_get_a_file_that_loads(tmp_path: Path, frame: pd.DataFrame) -> None:
    guessed(frame, tmp_path, "log.csv")


def test_nested_values_are_not_features(tmp_path: Path) -> None:
    rows = [{"ts": f"2024-01-{1 + i % 28:02d}", "label": i % 2, "tags": ["a", "b"][: i % 3]} for i in range(500)]
    (tmp_path / "log.ndjson").write_text("\n".join(map(json.dumps, rows)))
    init([str(tmp_path / "log.ndjson")], tmp_path / "driftmeter.toml")
    assert Config.load(tmp_path / "driftmeter.toml").logs.label == "label"


def test_an_existing_file_is_not_replaced(tmp_path: Path) -> None:
    guessed(click_log(500, 5), tmp_path)
    before = (tmp_path / "driftmeter.toml").read_text()
    with pytest.raises(UserError, match=r"driftmeter.toml is there already; give another name with -o, or --force"):
        init([str(tmp_path / "log.parquet")], tmp_path / "driftmeter.toml")
    assert (tmp_path / "driftmeter.toml").read_text() == before
    init([str(tmp_path / "log.parquet")], tmp_path / "driftmeter.toml", force=True)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("none.csv", None, "none.csv"),
        ("empty.csv", b"", "empty.csv"),
        ("broken.parquet", b"PAR1 and no more", "broken.parquet"),
        ("header.csv", b"a,b\n", "no row"),
        ("*.parquet", None, "matches no file"),
    ],
)
def test_a_log_that_cannot_be_read(tmp_path: Path, name: str, content: bytes | None, words: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=words) as caught:
        init([str(tmp_path / name)], tmp_path / "driftmeter.toml")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "driftmeter.toml").exists()


def test_nowhere_to_write(tmp_path: Path) -> None:
    click_log(500, 5).to_parquet(tmp_path / "log.parquet")
    with pytest.raises(UserError, match="cannot be written"):
        init([str(tmp_path / "log.parquet")], tmp_path / "nowhere" / "driftmeter.toml")


def test_a_sample_keeps_order_and_density(tmp_path: Path) -> None:
    pd.DataFrame({"x": np.arange(350_000)}).to_parquet(tmp_path / "a.parquet", row_group_size=10_000)
    taken = sample([str(tmp_path / "a.parquet")], tmp_path)
    kept = taken.table["x"].to_numpy()
    assert (taken.rows, taken.files, taken.is_whole) == (350_000, 1, True)
    assert 50_000 <= len(kept) <= 100_000
    assert set(np.diff(kept)) == {4}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("isCanceled", ("is", "canceled")),
        ("IS_CANCELED", ("is", "canceled")),
        ("CO_GT", ("co", "gt")),
        ("y_pred_proba", ("y", "pred", "proba")),
        ("PT08_S1", ("pt", "08", "s", "1")),
        ("", ()),
        ("данные", ()),
    ],
)
def test_words_of_a_name(name: str, words: tuple[str, ...]) -> None:
    assert Column(name, None).words == words  # type: ignore[arg-type]


def test_what_is_known_of_a_column(tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": [0.5, np.nan, 0.25, 0.5], "t": ["a", None, "b", "a"], "b": [True, False, True, True]})
    frame.to_parquet(tmp_path / "a.parquet")
    x, t, b = columns(sample([str(tmp_path / "a.parquet")], tmp_path).table)
    assert [each.kind for each in (x, t, b)] == ["number", "text", "bool"]
    assert (x.distinct, x.coverage, x.is_probability, x.is_integral) == (2, 0.75, True, False)
    np.testing.assert_array_equal(x.codes >= 0, [True, False, True, True])
    assert (t.distinct, t.mean_length) == (2, 1.0)
    assert (b.is_probability, b.is_integral) == (False, True)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"responseTimeMs": 40.0}, "responseTimeMs"),
        ({"latency_ms": -1.0}, None),  # what is negative is no duration
        ({"latency_ms": "slow"}, None),
        ({"duration": 3.5}, None),  # of what, nobody knows
    ],
)
def test_latency_is_told_by_its_name(tmp_path: Path, change: dict[str, object], found: str | None) -> None:
    frame = click_log(2000).drop(columns="latency_ms").assign(**change)
    assert guessed(frame, tmp_path).logs.latency == found


def explained(rows: int = 2000, glob: str = "shap_*") -> pd.DataFrame:
    """The log with attributions of two features and of none, and the place at which a row was shown."""
    rng = np.random.default_rng(4)
    log = click_log(rows)
    for name in ("age", "hour", "base_value"):
        log[glob.replace("*", name)] = rng.standard_normal(rows)
    return log.assign(rank=rng.integers(1, 21, rows))


@pytest.mark.parametrize("glob", ["shap_*", "*_contribution", "SHAP.*", "attr:*"])
def test_attributions_are_told_by_the_features_in_their_names(tmp_path: Path, glob: str) -> None:
    config = guessed(explained(glob=glob), tmp_path)
    assert config.patterns == (glob,)
    assert config.logs.position == "rank" and config.logs.label == "is_clicked"


@pytest.mark.parametrize(
    "more",
    [{"shap_age": 1.5, "shap_unknown": 2.5}, {"shap_age": "a", "shap_hour": "b"}, {"log_age": 1.5, "log_hour": 2.5}],
)
def test_one_column_alone_is_no_attribution_nor_are_words(tmp_path: Path, more: dict[str, object]) -> None:
    assert guessed(click_log(2000).assign(**more), tmp_path).patterns == ()


@pytest.mark.parametrize(
    ("place", "found"),
    [
        (np.arange(2000) % 12, "rank"),
        (1 + np.arange(2000) % 50, "rank"),
        (1 + np.arange(2000) * 7 % 2000, None),  # of so many, and not from the top: a rank of something
        (3 + np.arange(2000) % 10, None),
        (np.arange(2000) % 10 + 0.5, None),
        (np.ones(2000, int), None),
        (np.resize(["top", "side"], 2000), None),
    ],
)
def test_a_position_counts_places_from_the_top(tmp_path: Path, place: np.ndarray, found: str | None) -> None:
    assert guessed(click_log(2000).assign(rank=place), tmp_path).logs.position == found


def test_what_was_guessed_runs(tmp_path: Path) -> None:
    config = guessed(explained(), tmp_path)
    bins = run(config) and Store.open(config.store.url).bins(config.model.name)
    assert bins is not None
    assert not {"rank", "shap_age", "shap_base_value"} & {column.name for column in bins.features}
