from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
import typer.main

from monitors import cli
from monitors.cli import demo, running, serve
from monitors.cli.app import app
from monitors.errors import UserError
from monitors.export import FINDING_KEYS, MEASUREMENT_KEYS
from monitors.store import Store
from monitors.windows import Grain, instant
from tests.stored import finding, measurement, write_store

DAYS = Grain.parse("1d", "Europe/Berlin")
FIRST, SECOND, THIRD = (instant(day, "Europe/Berlin") for day in ("2015-03-28", "2015-03-29", "2015-03-30"))
PROGRAM = [sys.executable, "-c", "from monitors.cli import main; main()"]


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    """Three days; alerts on the first two (one thing), a watch and a resolved one on the second, none on the third."""
    findings = [
        finding(FIRST, DAYS),
        finding(SECOND, DAYS, state="ongoing", onset=FIRST, message="x moved further"),
        finding(SECOND, DAYS, feature="y", severity="watch", message="y moved a little", incident=None),
        finding(SECOND, DAYS, feature="z", state="resolved", message="z is back", p_value=None, incident="i2"),
    ]
    measurements = [measurement(start, DAYS) for start in (FIRST, SECOND, THIRD)]
    return write_store(tmp_path, DAYS, [FIRST, SECOND, THIRD], findings, measurements)


def call(*arguments: str | Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """Run the program in this process; its exit code."""
    monkeypatch.setattr(sys, "argv", ["driftmeter", *map(str, arguments)])
    with pytest.raises(SystemExit) as left:
        cli.main()
    return int(left.value.code or 0)


def ran(*arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the program in a process of its own."""
    return subprocess.run([*PROGRAM, *map(str, arguments)], capture_output=True, text=True, cwd=cwd, check=False)


def test_help_answers_at_once() -> None:
    times = []
    for _ in range(3):
        began = time.perf_counter()
        done = ran("--help")
        times.append(time.perf_counter() - began)
    assert done.returncode == 0
    for command in ("demo", "init", "run", "findings", "measurements", "check", "note", "dashboard"):
        assert command in done.stdout
    assert min(times) < 0.4


def test_every_command_and_option_says_what_it_is_for() -> None:
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    for name, command in commands.items():
        assert command.help, name
        for parameter in command.params:
            assert getattr(parameter, "help", None), f"{name} {parameter.name}"


@pytest.mark.parametrize(
    "arguments",
    [["runn"], ["init"], ["check", "--windw", "last"], ["note", "x", "--kind", "party"], ["dashboard", "--port", "0"]],
)
def test_usage_errors_leave_with_2_and_no_traceback(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(*arguments, monkeypatch=monkeypatch) == 2
    said = capsys.readouterr().err
    assert said
    assert "Traceback" not in said


@pytest.mark.parametrize("command", ["run", "findings", "check", "dashboard"])
def test_no_configuration_is_one_sentence(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert call(command, monkeypatch=monkeypatch) == 2
    sentence = "driftmeter: there is no driftmeter.toml; `driftmeter init LOG` writes one, -c names another.\n"
    assert capsys.readouterr().err == sentence


def test_nothing_stored_yet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "driftmeter.toml").write_text('[logs]\npath = "a.csv"\n')
    monkeypatch.chdir(tmp_path)
    for command in (["check"], ["note", "deployed"], ["measurements", "--out", "x.csv"]):
        assert call(*command, monkeypatch=monkeypatch) == 2
        said = capsys.readouterr().err
        assert "driftmeter run" in said
        assert len(said.splitlines()) == 1
    done = ran("findings", cwd=tmp_path)  # a process of its own says the same
    assert (done.returncode, done.stdout, done.stderr) == (2, "", said)
    assert not (tmp_path / "driftmeter.db").exists()


def test_a_fault_of_ours_is_one_line_unless_asked_for_more(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], stored: Path
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("by\nzero")

    monkeypatch.setattr(Store, "findings", broken)
    assert call("findings", "-c", stored, monkeypatch=monkeypatch) == 3
    err = capsys.readouterr().err
    assert err.startswith("driftmeter: a fault of ours: ZeroDivisionError: by zero")
    assert "DRIFTMETER_DEBUG=1" in err
    assert len(err.splitlines()) == 1
    monkeypatch.setenv("DRIFTMETER_DEBUG", "1")
    assert call("findings", "-c", stored, monkeypatch=monkeypatch) == 3
    assert "Traceback" in capsys.readouterr().err


def test_interrupted(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], stored: Path) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Store, "findings", interrupted)
    assert call("findings", "-c", stored, monkeypatch=monkeypatch) == 130
    assert capsys.readouterr().err == "driftmeter: interrupted; what was stored before stands\n"


def test_a_reader_that_left_is_no_fault(tmp_path: Path) -> None:
    config = write_store(tmp_path, DAYS, [FIRST], [finding(FIRST, DAYS)], [])
    with subprocess.Popen(
        [*PROGRAM, "findings", "--json", "-c", config], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as done:
        assert done.stdout is not None
        assert done.stderr is not None
        done.stdout.close()
        assert done.stderr.read() == b""
        assert done.wait() == 141


def test_findings_for_people(stored: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("findings", "-c", stored, monkeypatch=monkeypatch) == 0
    out = capsys.readouterr().out
    assert "x moved further" in out  # the newest of the two windows speaks for both
    assert "y moved" not in out
    assert "z is back" not in out
    assert call("findings", "-c", stored, "--all", monkeypatch=monkeypatch) == 0
    out = capsys.readouterr().out
    assert out.index("x moved further") < out.index("y moved a little")
    assert "z is back" in out


def test_findings_for_programs(
    stored: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("findings", "-c", stored, "--json", "--all", monkeypatch=monkeypatch) == 0
    found = json.loads(capsys.readouterr().out)
    assert [set(each) for each in found] == [set(FINDING_KEYS)] * 4
    assert [each["window_start"] for each in found] == ["2015-03-29T00:00:00+01:00"] * 3 + ["2015-03-28T00:00:00+01:00"]
    assert found[0]["window_end"] == "2015-03-30T00:00:00+02:00"
    assert found[0]["feature"] == "x"
    assert found[0]["onset"] == "2015-03-28T00:00:00+01:00"
    assert next(each for each in found if each["feature"] == "z")["p_value"] is None
    assert call("findings", "-c", stored, "--json", "--since", "2015-03-29", monkeypatch=monkeypatch) == 0
    assert [each["state"] for each in json.loads(capsys.readouterr().out)] == ["ongoing"]


def test_no_findings_is_an_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = write_store(tmp_path, DAYS, [FIRST], [], [])
    assert call("findings", "-c", config, monkeypatch=monkeypatch) == 0
    assert "no open alerts" in capsys.readouterr().out
    assert call("findings", "-c", config, "--json", monkeypatch=monkeypatch) == 0
    assert json.loads(capsys.readouterr().out) == []


@pytest.mark.parametrize(
    ("window", "code", "words"),
    [
        ("last", 0, "m: no open alert in 2015-03-30"),
        ("2015-03-29", 1, "m: 1 open alert in 2015-03-29: x moved further"),
        ("2015-03-29T13:00", 1, "m: 1 open alert in 2015-03-29: x moved further"),
        ("2015-04-02", 2, "that window was not measured; the store holds 2015-03-28 to 2015-03-30"),
        ("yesterday", 2, '"yesterday" is no date or time'),
    ],
)
def test_check(
    window: str,
    code: int,
    words: str,
    stored: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert call("check", "-c", stored, "--window", window, monkeypatch=monkeypatch) == code
    captured = capsys.readouterr()
    assert words in (captured.err if code == 2 else captured.out)
    assert len((captured.out + captured.err).splitlines()) == 1


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_measurements(
    ending: str, stored: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / f"x.{ending}"
    assert call("measurements", "-c", stored, "--out", out, monkeypatch=monkeypatch) == 0
    assert "3 measurements" in capsys.readouterr().out
    frame = pd.read_parquet(out) if ending == "parquet" else pd.read_csv(out)
    assert tuple(frame.columns) == MEASUREMENT_KEYS
    assert pd.Timestamp(frame["window_end"].iloc[1]) == pd.Timestamp("2015-03-30T00:00+02:00")
    if ending == "csv":
        assert frame["window_start"].iloc[0] == "2015-03-28T00:00:00+01:00"


@pytest.mark.parametrize(("out", "words"), [("x.txt", ".parquet or .csv"), ("nowhere/x.csv", "no folder")])
def test_measurements_to_a_wrong_place(
    out: str,
    words: str,
    stored: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert call("measurements", "-c", stored, "--out", tmp_path / out, monkeypatch=monkeypatch) == 2
    assert words in capsys.readouterr().err


def test_note(stored: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    note = ["note", "version 2 went live", "-c", stored, "--kind", "deploy"]
    assert call(*note, "--at", "2015-03-29T12:00", monkeypatch=monkeypatch) == 0
    assert "2015-03-29T12:00:00+02:00" in capsys.readouterr().out
    assert call(*note, monkeypatch=monkeypatch) == 0
    store = Store.open(f"sqlite:///{stored.parent}/driftmeter.db", read_only=True)
    events = store.events("m")
    store.close()
    assert events["at"].iloc[0] == instant("2015-03-29T12:00", "Europe/Berlin")
    assert set(events["kind"]) == {"deploy"}
    assert set(events["text"]) == {"version 2 went live"}


def test_windows_of_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    rows = Grain.parse("1000 rows")
    config = write_store(tmp_path, rows, [0, 1000], [finding(1000, rows)], [measurement(1000, rows)])
    assert call("check", "-c", config, monkeypatch=monkeypatch) == 1
    assert "rows 1,000–1,999" in capsys.readouterr().out
    assert call("check", "-c", config, "--window", "500", monkeypatch=monkeypatch) == 0
    assert call("check", "-c", config, "--window", "2015-01-01", monkeypatch=monkeypatch) == 2
    assert "is no row number" in capsys.readouterr().err
    assert call("findings", "-c", config, "--json", "--since", "1500", monkeypatch=monkeypatch) == 0
    found = json.loads(capsys.readouterr().out)
    assert [(each["window_start"], each["window_end"]) for each in found] == [(1000, 2000)]
    assert call("note", "deployed", "-c", config, monkeypatch=monkeypatch) == 0
    assert "at row 2000" in capsys.readouterr().out


def test_progress_off_a_terminal_is_a_few_lines(capsys: pytest.CaptureFixture[str]) -> None:
    seconds = iter(range(10_000))  # one passes at each look at the clock
    report = running.plain("m", lambda: next(seconds))
    for done in range(31):
        report("profiling", done, 30)
    report("measuring", 1, 1)
    lines = capsys.readouterr().err.splitlines()
    assert lines[-2:] == ["m: profiling 30/30", "m: measuring 1/1"]
    assert 4 <= len(lines) <= 6


def test_progress_on_a_terminal_is_a_bar(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with running.progress("m") as report:
        report("profile", 1, 2)
    assert "m: profile 1/2" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("file", "package"),
    [("monitors/x.py", "monitors"), ("dashboard/__init__.py", "dashboard"), ("screens/monitors/x.py", None)],
)
def test_namesakes_are_told(
    file: str, package: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, files in (("driftmeter", ["monitors/a.py", "dashboard/a.py"]), ("screens", ["screens/a.py", file])):
        information = tmp_path / f"{name}-1.dist-info"
        information.mkdir()
        (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
        (information / "RECORD").write_text("".join(f"{each},,\n" for each in files))
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    running.warn_of_namesakes()
    told = capsys.readouterr().err
    if package is None:
        assert told == ""
    else:
        assert told.startswith(f"driftmeter: warning: screens also installs a package called {package} ")
        assert told.count("\n") == 1


def test_the_dashboard_is_for_this_machine_alone_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STREAMLIT_SERVER_ADDRESS", raising=False)
    arguments = serve.arguments(9000)
    assert Path(arguments[1]).parts[-2:] == ("dashboard", "app.py")
    assert "--server.address=127.0.0.1" in arguments
    assert "--browser.gatherUsageStats=false" in arguments
    assert "--server.port=9000" in arguments
    monkeypatch.setenv("STREAMLIT_SERVER_ADDRESS", "0.0.0.0")
    assert not any("address" in each for each in serve.arguments(None))


def test_demo_lays_out_the_flights(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = demo.prepare("flights", tmp_path / "home")
    assert config == tmp_path / "home" / "flights" / "driftmeter.toml"
    assert len(list(config.parent.glob("*.parquet"))) == 12
    config.write_text(config.read_text() + "# mine\n")
    assert demo.prepare("flights", tmp_path / "home") == config
    assert config.read_text().endswith("# mine\n")
    assert "used as it is" in capsys.readouterr().out


def test_demo_into_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="--home is .*file, where nothing can be written"):
        demo.prepare("flights", tmp_path / "file")
