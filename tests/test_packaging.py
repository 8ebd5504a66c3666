from __future__ import annotations

import ast
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tomllib
import venv
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
OURS = {"monitors", "dashboard", "fixtures"}
NOT_IMPORTED = {"tzdata"}  # zoneinfo reads it


def names(requirements: list[str]) -> set[str]:
    """The distributions of requirements, spelt as one spells them."""
    return {re.split(r"[\s<>=!~;\[]", each, maxsplit=1)[0].lower().replace("_", "-") for each in requirements}


def imported() -> Iterator[tuple[str, str]]:
    """(module, file) of every import of the two packages that is neither ours nor the standard library's."""
    for package in ("monitors", "dashboard"):
        for file in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                found = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                    found = [node.module]
                for name in found:
                    top = name.partition(".")[0]
                    # The dashboard's script folder comes first on its path: its own modules need no package name.
                    own = (ROOT / "dashboard" / f"{top}.py").exists() or (ROOT / "dashboard" / top).is_dir()
                    if top not in OURS | set(sys.stdlib_module_names) and not own:
                        yield top, str(file.relative_to(ROOT))


def test_every_import_is_declared_and_every_dependency_imported() -> None:
    owners = packages_distributions()
    extras = PROJECT["optional-dependencies"]
    base = names(PROJECT["dependencies"])
    optional = set().union(*(names(some) for extra, some in extras.items() if extra != "test"))
    used = {}
    for module, file in imported():
        distributions = {each.lower().replace("_", "-") for each in owners.get(module, [module])}
        assert distributions & (base | optional), f"{file} imports {module}, which pyproject.toml does not ask for"
        used.update(dict.fromkeys(distributions & base, file))
    assert base - set(used) - NOT_IMPORTED == set(), "asked for and not imported"


def test_extras_are_imported_only_inside_functions() -> None:
    optional = {"apprise", "evidently", "holidays", "psycopg"}
    for package in ("monitors", "dashboard"):
        for file in (ROOT / package).rglob("*.py"):
            for node in ast.parse(file.read_text()).body:
                found = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                found += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
                assert not {name.partition(".")[0] for name in found} & optional, file


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel in a virtual environment of its own, where nothing of the checkout can be imported; its bin folder."""
    folder = tmp_path_factory.mktemp("clean")
    build = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--no-deps",
        "--no-build-isolation",
        "--quiet",
        "-w",
        str(folder),
        ".",
    ]
    subprocess.run(build, cwd=ROOT, check=True)
    wheel = next(folder.glob("driftmeter-*.whl"))
    venv.create(folder / "venv", with_pip=False)
    place = "import sysconfig; print(sysconfig.get_path('purelib'))"
    python = folder / "venv" / "bin" / "python"
    site = Path(subprocess.run([python, "-c", place], capture_output=True, text=True, check=True).stdout.strip())
    # What we depend on comes from the environment of the tests. A folder added this way does not have its own .pth
    # files read, so an editable installation there stays out.
    (site / "dependencies.pth").write_text(subprocess.check_output([sys.executable, "-c", place], text=True))
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "--python",
            str(python),
            "install",
            "--quiet",
            "--no-deps",
            "--no-index",
            str(wheel),
        ],
        check=True,
    )
    return python.parent


def run(program: Path, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a program of the clean environment away from the checkout."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    return subprocess.run([program, *arguments], cwd=cwd, env=environment, capture_output=True, text=True, check=False)


def test_the_wheel_runs_away_from_the_checkout(installed: Path, tmp_path: Path) -> None:
    where = "import monitors, dashboard; print(monitors.__file__, dashboard.__file__)"
    paths = run(installed / "python", "-c", where, cwd=tmp_path).stdout.split()
    assert len(paths) == 2
    assert not any(Path(path).is_relative_to(ROOT) for path in paths)
    done = run(installed / "driftmeter", "--help", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_wheel_has_all_that_it_needs_and_nothing_else(installed: Path, tmp_path: Path) -> None:
    package = Path(
        run(installed / "python", "-c", "import monitors; print(monitors.__path__[0])", cwd=tmp_path).stdout.strip()
    )
    assert len(list((package / "_fixtures" / "flights").glob("*.parquet"))) == 12
    for name in ("flights/driftmeter.toml", "flights/SOURCE.md", "search/generate.py"):
        assert (package / "_fixtures" / name).exists()
    assert (package.parent / "dashboard" / ".streamlit" / "config.toml").exists()
    assert not (package.parent / "tests").exists()
    assert not (package.parent / "fixtures").exists()
    metadata = next(package.parent.glob("driftmeter-*.dist-info"))
    assert list(metadata.rglob("LICENSE"))


def test_the_wheels_fixtures_are_found(installed: Path, tmp_path: Path) -> None:
    code = "from monitors.cli.demo import module, root; print(root()); print(module('search.generate').generate)"
    done = run(installed / "python", "-c", code, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0].endswith("monitors/_fixtures")


def ci_run(folder: Path, readme: str) -> subprocess.CompletedProcess[str]:
    """`.ci/run` in a folder with this README."""
    (folder / ".ci").mkdir()
    shutil.copy2(ROOT / ".ci" / "run", folder / ".ci" / "run")
    (folder / "README.md").write_text(readme)
    return subprocess.run([folder / ".ci" / "run"], cwd="/", capture_output=True, text=True, check=False)


def test_ci_runs_the_readmes_test_command_and_nothing_else(tmp_path: Path) -> None:
    command = "echo right in $(basename $PWD) with CI=$CI"
    readme = f"# x\n```\necho wrong\n```\n<!-- test command -->\n\n```sh\n{command}\n```\n```\nexit 7\n```\n"
    done = ci_run(tmp_path, readme)
    assert done.returncode == 0
    assert done.stdout.splitlines()[1:] == [f"right in {tmp_path.name} with CI=true"]


@pytest.mark.parametrize(
    ("readme", "code"), [("# x\n```\necho wrong\n```\n", 1), ("<!-- test command -->\n```\nexit 7\n```\n", 7)]
)
def test_ci_fails_when_the_command_does_or_is_not_there(tmp_path: Path, readme: str, code: int) -> None:
    assert ci_run(tmp_path, readme).returncode == code


@pytest.fixture
def runner() -> ModuleType:
    """tests/run.py as a module."""
    spec = importlib.util.spec_from_file_location("run", ROOT / "tests" / "run.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_runner_finds_a_python_that_the_project_supports(
    runner: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    oldest, newest = re.findall(r"3\.(\d+)", PROJECT["requires-python"])
    assert ((3, int(oldest)), (3, int(newest) - 1)) == (runner.OLDEST, runner.NEWEST)
    assert runner.interpreter() == sys.executable
    monkeypatch.setattr(runner, "run_ok", lambda python, code: python == "python3.12")
    assert runner.interpreter() == "python3.12"
    monkeypatch.setattr(runner, "run_ok", lambda python, code: False)
    with pytest.raises(SystemExit, match="no Python 3.11"):
        runner.interpreter()


def test_the_runner_gets_the_venv_module_where_debian_left_it_out(
    runner: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    codes = iter([1, 0, 0])  # making the environment fails, then works, then pip works
    monkeypatch.setattr(runner, "run_ok", lambda python, code: python == sys.executable)
    monkeypatch.setattr(runner, "run", lambda command, quiet=False: next(codes))
    monkeypatch.setattr(runner, "apt", lambda package: asked.append(package) is None)
    runner.environment()
    assert asked == [f"python3.{sys.version_info.minor}-venv"]
    monkeypatch.setattr(runner, "run", lambda command, quiet=False: 1)
    monkeypatch.setattr(runner, "apt", lambda package: False)
    with pytest.raises(SystemExit, match="python3-venv"):
        runner.environment()


@pytest.mark.parametrize(("in_ci", "code"), [("true", 1), ("", 0)])
def test_tests_that_cannot_run_are_named_and_fail_in_ci(
    runner: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], in_ci: str, code: int
) -> None:
    commands: list[list[str]] = []
    monkeypatch.setenv("CI", in_ci)
    monkeypatch.setattr(runner, "environment", lambda: None)
    monkeypatch.setattr(runner, "found", lambda programs, package: False)
    monkeypatch.setattr(runner, "collected", lambda marker, arguments: [f"tests/test_{marker}.py::test_page"])
    monkeypatch.setattr(runner, "run", lambda command: commands.append(command) or 0)
    monkeypatch.setattr(runner, "begun", lambda command: None)
    monkeypatch.setattr(runner, "ended", lambda name, process: 0)
    assert runner.main([]) == code
    out = capsys.readouterr().out
    assert "NOT RUN, for want of chromium, openjdk-17-jre-headless, postgresql" in out
    assert "tests/test_browser.py::test_page" in out
    assert "tests/test_postgres.py::test_page" in out
    assert "tests/test_spark.py::test_page" in out
    assert commands[-1][-2:] == ["-m", "not browser and not spark and not postgres"]


def test_every_step_runs_whatever_the_others_say(
    runner: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(runner, "environment", lambda: None)
    monkeypatch.setattr(runner, "found", lambda programs, package: True)
    says = "print(f'{7 * 6} lines are too long'); raise SystemExit(1)"
    begun = runner.begun
    monkeypatch.setattr(runner, "begun", lambda command: begun([sys.executable, "-c", says]))
    monkeypatch.setattr(runner, "run", lambda command: 0 if "pytest" in command else 1)
    assert runner.main([]) == 1
    out = capsys.readouterr().out
    assert out.count("42 lines are too long") == 2
    assert "failed: ruff, mypy" in out
    monkeypatch.setattr(runner, "run", lambda command: 1)
    monkeypatch.setattr(runner, "begun", lambda command: begun([sys.executable, "-c", "print('fine')"]))
    assert runner.main([]) == 1
    assert "failed: pytest\n" in capsys.readouterr().out
