from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest
from pydantic import BaseModel

from monitors import config_sections
from monitors.config import Config
from monitors.errors import UserError
from monitors.windows import Grain

LOG = '[logs]\npath = "a.csv"\ntimestamp = "ts"\n'

EVERYTHING = """
[model]
name = "flight-delay"
task = "binary"
positive = 1
threshold = 0.4
[logs]
path = "logs/**/*.parquet"
timestamp = "ts"
id = "request_id"
prediction = "score"
label = "late"
[labels]
path = "labels/*.parquet"
id = "request"
label = "late"
timestamp = "label_ts"
[features]
include = ["distance", "region"]
exclude = ["request_body"]
segments = ["region"]
version = "model_version"
[windows]
size = "1d"
timezone = "Europe/Berlin"
[reference]
start = "2015-01-01"
end = 2015-03-31
[alerts]
false_alarm_rate = 0.1
minimum_effect = { jensen_shannon = 0.03 }
[alerts.features.distance]
minimum_effect = 0.05
false_alarm_rate = 0.01
[deprecations.legacy_score]
owner = "search-platform"
date = "2015-07-01"
[notify]
urls = ["json://localhost"]
[store]
url = "sqlite:///driftmeter.db"
"""


def load(tmp_path: Path, text: str) -> Config:
    file = tmp_path / "driftmeter.toml"
    file.write_text(textwrap.dedent(text), encoding="utf-8")
    return Config.load(file)


def refusal(tmp_path: Path, text: str) -> str:
    """The error's sentence; every one names the file and fits on one line."""
    with pytest.raises(UserError) as caught:
        load(tmp_path, text)
    sentence = str(caught.value)
    assert "driftmeter.toml" in sentence
    assert "\n" not in sentence
    return sentence.replace(str(tmp_path / "driftmeter.toml"), "FILE")


def test_everything(tmp_path: Path) -> None:
    config = load(tmp_path, EVERYTHING)
    assert (config.model.name, config.model.task, config.model.positive) == ("flight-delay", "binary", 1)
    assert config.labels is not None
    assert config.labels.id == "request"
    assert config.reference.kind == "range"
    assert config.reference.bounds(config.grain) == (1420066800_000_000, 1427839200_000_000)  # local midnights
    assert str(config.deprecations["legacy_score"].date) == "2015-07-01"
    assert config.base == tmp_path.resolve()
    assert config.logs.path == "logs/**/*.parquet"
    assert config.store.url == f"sqlite:///{tmp_path.resolve()}/driftmeter.db"


def test_the_least_that_does(tmp_path: Path) -> None:
    config = load(tmp_path, '[logs]\npath = "a.csv"')
    assert config.grain == Grain("rows", "1000 rows")
    assert config.reference.kind == "default"
    assert config.alerts.false_alarm_rate == 0.05
    assert config.model.threshold == 0.5
    assert load(tmp_path, LOG).grain == Grain("calendar", "1d")


def test_rows_may_be_counted_with_timestamps_too(tmp_path: Path) -> None:
    config = load(tmp_path, LOG + '[windows]\nsize = "500 rows"\n[reference]\nstart = 0\nend = 2000')
    assert config.reference.bounds(config.grain) == (0, 2000)


def test_a_label_log_inherits_the_names_of_the_log(tmp_path: Path) -> None:
    config = load(tmp_path, LOG + 'id = "i"\nlabel = "y"\n[labels]\npath = "b.csv"')
    assert config.labels is not None
    assert (config.labels.id, config.labels.label) == ("i", "y")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", "logs.path is missing; give a file"),
        ("[logs]", "logs.path is missing"),
        ('[logs]\npath = ""', "logs.path is "),
        ("[logs]\npath = []", "logs.path is "),
        ("[logs]\npath = 5", "logs.path is 5; give a file"),
        ('[logs]\npath = ["a", 5]', 'logs.path is ["a", 5]; give a file'),
        ('logs = "x"', 'logs is "x"; give a table'),
        ('[log]\npath = "a"', "unknown key log; did you mean logs?"),
        (LOG + '[windows]\nsiez = "1d"', "[windows] has the unknown key siez; did you mean size?"),
        ('size = "1d"\n' + LOG, "unknown key size; it belongs in [windows]"),
        (LOG + "[alerts.features.x]\nminimum_efect = 1",
         "[alerts.features.x] has the unknown key minimum_efect; did you mean minimum_effect?"),
        (LOG + '[deprecations.f]\nowner = "me"\ndaet = 2015-01-01',
         "[deprecations.f] has the unknown key daet; did you mean date?"),
        (LOG + '[windows]\nsize = "1x"', 'windows.size is "1x"; give a number of hours'),
        ('[logs]\npath = "a"\n[windows]\nsize = "1d"', "logs.timestamp is left out; name the column of times"),
        (LOG + '[windows]\ntimezone = "Europe/Berln"', 'windows.timezone is "Europe/Berln"; give an IANA time zone'),
        (LOG + "[reference]\nstart = 2015-01-01\nend = 2014-01-01", "start must come first"),
        (LOG + "[reference]\nprevious = 8\nend = 2014-01-01", "start/end and previous are given; keep one"),
        (LOG + '[reference]\npath = "x"\nseason = "1w"', "path and season are given; keep one"),
        (LOG + "[reference]\nprevious = 0", "reference.previous is 0; give a number of windows"),
        (LOG + "[reference]\nstart = 2015-01-01", "start is given without end"),
        (LOG + "[reference]\ncount = 4", "count is given without season"),
        (LOG + '[reference]\nseason = "100 rows"', 'reference.season is "100 rows"; give a span of the calendar'),
        (LOG + '[windows]\nsize = "10 rows"\n[reference]\nseason = "1w"',
         "reference.season needs windows of the calendar"),
        (LOG + '[reference]\nend = "2015-13-01"', 'reference.end is "2015-13-01"; give a date'),
        (LOG + "[reference]\nend = 5", "reference.end is 5 but windows are of 1d; give a date"),
        ('[logs]\npath = "a"\n[reference]\nend = 2015-01-01', "but windows are of 1000 rows; give a row number"),
        (LOG + "[alerts]\nfalse_alarm_rate = 2", "alerts.false_alarm_rate is 2; give a probability"),
        (LOG + "[alerts]\nminimum_effect = { jensen_shanon = 0.1 }", 'did you mean "jensen_shannon"?'),
        (LOG + "[alerts]\nminimum_effect = -1", "alerts.minimum_effect is -1; give a number of 0 or more"),
        (LOG + '[alerts.features.x]\nminimum_effect = "a"', 'alerts.features.x.minimum_effect is "a"; give a number'),
        (LOG + '[model]\ntask = "binery"', 'model.task is "binery"; give "binary", "multiclass" or "regression"'),
        (LOG + "[model]\nthreshold = 1.5", "model.threshold is 1.5; give the score"),
        (LOG + "label = 5", "logs.label is 5; give the name"),
        (LOG + 'prediction = ""', 'logs.prediction is ""; give the name'),
        (LOG + 'prediction = "y"\nlabel = "y"', "must be two columns"),
        (LOG + '[labels]\npath = "x"', "labels.id is missing"),
        (LOG + 'id = "i"\n[labels]\npath = "x"', "labels.label is missing"),
        (LOG + '[labels]\npath = "x"\nid = "i"\nlabel = "y"', "logs.id is left out"),
        (LOG + 'id = "i"\nlabel = "y"\n[labels]\npath = "x"\nlabel = "z"', "keep the one"),
        (LOG + '[features]\nexclude = "a"', 'features.exclude is "a"; give a list'),
        (LOG + '[features]\ninclude = ["a"]\nexclude = ["a"]', 'both name "a"'),
        (LOG + '[deprecations.f]\ndate = "soon"', 'deprecations.f.date is "soon"; give a date'),
        (LOG + '[store]\nurl = "sqlite:///${NO_SUCH_VARIABLE}"',
         "store.url asks for the environment variable NO_SUCH_VARIABLE"),
        ("[logs\npath = 1", "not valid TOML at line 1"),
        (LOG + "a = b", "not valid TOML at line 4"),
        (LOG + 'timestamp = "b"', "a key stands twice"),
    ],
)  # fmt: skip
def test_mistakes_are_told_in_one_sentence(tmp_path: Path, text: str, wanted: str) -> None:
    assert wanted in refusal(tmp_path, text)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no .*none.toml"):
        Config.load(tmp_path / "none.toml")
    with pytest.raises(UserError, match="cannot be read"):
        Config.load(tmp_path)
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(UserError, match="not UTF-8"):
        Config.load(tmp_path / "binary.toml")


def test_secrets_come_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRIFTMETER_TEST_HOOK", "abc/def")
    config = load(tmp_path, LOG + '[notify]\nurls = ["slack://${DRIFTMETER_TEST_HOOK}"]')
    assert config.notify.urls == ["slack://abc/def"]
    assert load(tmp_path, LOG + 'id = "$${HOME} $$ ${ }"').logs.id == "${HOME} $$ ${ }"


@pytest.mark.parametrize(
    ("url", "resolved"),
    [
        ("sqlite:///runs/x.db", "sqlite:///BASE/runs/x.db"),
        ("sqlite:////var/x.db", "sqlite:////var/x.db"),
        ("sqlite:///x.db?timeout=5", "sqlite:///BASE/x.db?timeout=5"),
        ("sqlite:///:memory:", "sqlite:///:memory:"),
        ("postgresql://u:p@host/db", "postgresql://u:p@host/db"),
    ],
)
def test_only_a_relative_file_of_sqlite_is_resolved(tmp_path: Path, url: str, resolved: str) -> None:
    config = load(tmp_path, LOG + f'[store]\nurl = "{url}"')
    assert config.store.url == resolved.replace("BASE", str(tmp_path.resolve()))


def test_the_hash_is_of_what_changes_numbers(tmp_path: Path) -> None:
    plain = load(tmp_path, LOG)
    assert re.fullmatch("[0-9a-f]{12}", plain.hash)
    assert load(tmp_path, LOG + '[windows]\nsize = "1d"').hash == plain.hash
    assert load(tmp_path, LOG + '[store]\nurl = "sqlite:///y.db"\n[notify]\nurls = ["json://h"]').hash == plain.hash
    assert load(tmp_path, LOG + '[windows]\nsize = "1w"').hash != plain.hash
    assert Config.from_dict({"logs": {"path": "a.csv", "timestamp": "ts"}}, "/elsewhere").hash == plain.hash


def test_a_features_settings_come_before_those_for_all() -> None:
    config = Config.from_dict(
        {
            "logs": {"path": "a", "timestamp": "t"},
            "alerts": {
                "false_alarm_rate": 0.1,
                "minimum_effect": {"jensen_shannon": 0.03, "rows": 0.2},
                "features": {
                    "x": {"minimum_effect": {"jensen_shannon": 0.5}},
                    "y": {"minimum_effect": 0.7, "false_alarm_rate": 0.01},
                },
            },
        }
    )
    assert config.alerts.for_feature("x").effects() == {"jensen_shannon": 0.5, "rows": 0.2}
    assert config.alerts.for_feature("x").false_alarm_rate == 0.1
    assert config.alerts.for_feature("y").effects() == {"*": 0.7}
    assert config.alerts.for_feature("y").false_alarm_rate == 0.01
    assert config.alerts.for_feature(None).effects() == {"jensen_shannon": 0.03, "rows": 0.2}
    assert config.alerts.minimum_effects() == {
        "jensen_shannon": 0.03, "rows": 0.2, "jensen_shannon:x": 0.5, "*:y": 0.7,
    }  # fmt: skip


def test_positions_and_attributions() -> None:
    config = Config.from_dict({"logs": {"path": "a", "position": "rank", "attributions": "shap_*"}})
    config.check_columns(["rank", "shap_price", "price"])
    assert config.patterns == ("shap_*",)
    with pytest.raises(UserError, match=r'logs.position names the column "rank", which the log does not have'):
        config.check_columns(["shap_price", "price"])
    with pytest.raises(UserError, match=r'logs.attributions names "shap_\*", which the log does not have'):
        config.check_columns(["rank", "price"])
    several = Config.from_dict({"logs": {"path": "a", "attributions": ["why_price", "*_shap"]}})
    assert several.patterns == ("why_price", "*_shap")


@pytest.mark.parametrize("wrong", ["", "*", "a*b*c", [], ["shap_*", "*"]])
def test_a_glob_of_attributions_has_one_star_that_is_a_feature(wrong: object) -> None:
    with pytest.raises(UserError, match="a glob with one star"):
        Config.from_dict({"logs": {"path": "a", "attributions": wrong}})


def test_a_column_plays_one_part() -> None:
    with pytest.raises(UserError, match='both "y"'):
        Config.from_dict({"logs": {"path": "a", "label": "y", "position": "y"}})


@pytest.mark.parametrize(
    ("config", "columns", "wanted"),
    [
        ({"logs": {"path": "a", "timestamp": "Ts"}}, ["ts", "b"],
         'logs.timestamp names the column "Ts".*did you mean "ts"'),
        ({"logs": {"path": "a", "label": "lable"}}, ["label"], 'did you mean "label"'),
        ({"logs": {"path": "a"}, "features": {"segments": ["regoin"]}}, ["region", "x"],
         'features.segments .*"region"'),
        ({"logs": {"path": "a"}, "features": {"exclude": ["zzz"]}}, ["a", "b"], 'its columns are "a", "b"'),
        ({"logs": {"path": "a"}, "alerts": {"features": {"distanc": {}}}}, ["distance"],
         'alerts.features.distanc .*"distance"'),
    ],
)  # fmt: skip
def test_a_misspelt_column_is_told_with_the_nearest(config: dict[str, object], columns: list[str], wanted: str) -> None:
    with pytest.raises(UserError, match=wanted):
        Config.from_dict(config).check_columns(columns)


def test_columns_that_are_there_and_deprecated_ones_that_are_gone() -> None:
    config = Config.from_dict(
        {
            "logs": {"path": "a", "timestamp": "ts", "id": "i"},
            "labels": {"path": "b", "label": "y"},
            "deprecations": {"gone": {"date": "2015-01-01"}},
        }
    )
    config.check_columns(["ts", "i"], ["i", "y"])
    with pytest.raises(UserError, match="the label log does not have"):
        config.check_columns(["ts", "i"], ["i", "yy"])


def test_every_key_says_what_would_do() -> None:
    for model in vars(config_sections).values():
        if isinstance(model, type) and issubclass(model, BaseModel) and model.__module__ == config_sections.__name__:
            for name, field in model.model_fields.items():
                assert field.description, f"{model.__name__}.{name} has no description for its errors"
