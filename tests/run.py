#!/usr/bin/env python3
"""Everything that must be green: lint, types, tests. Needs Python's standard library alone.

Makes .venv, installs the project with its test extra into it, gets the system packages that some tests need (with
apt-get, as root or through sudo), then runs pytest, with ruff and mypy beside it, each whatever the others say.
Arguments go to pytest: ``python3 tests/run.py tests/test_config.py -k timezone``.

Tests whose system package cannot be had are named at the end; with CI=true in the environment that is a failure.
"""

from __future__ import annotations

import glob
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
OLDEST, NEWEST = (3, 11), (3, 13)

# Tests with this marker need one of these programs (names, or globs of paths), which comes with this Debian package.
NEEDS = {
    "browser": (("chromium", "chromium-browser", "google-chrome"), "chromium"),
    "spark": (("java",), "openjdk-17-jre-headless"),
    "postgres": (("initdb", "/usr/lib/postgresql/*/bin/initdb"), "postgresql"),
}


def main(arguments: list[str]) -> int:
    """Run all steps; the exit code is 0 when every one is green."""
    environment()
    absent = [marker for marker, (programs, package) in NEEDS.items() if not found(programs, package)]
    unrun = [name for marker in absent for name in collected(marker, arguments)]
    in_ci = os.environ.get("CI", "").lower() == "true"

    left_out = ["-m", " and ".join(f"not {marker}" for marker in absent)] if absent else []
    lint = {"ruff": ["-m", "ruff", "check", "."], "mypy": ["-m", "mypy"]}
    # a worker begins with a half of the tests as they stand, so that what a file shares is mostly made once
    tests = ["-m", "pytest", "-n", "2", "--dist", "worksteal", *left_out, *arguments]
    aside = {name: begun([str(PYTHON), *step]) for name, step in lint.items()}
    failed = ["pytest"] if run([str(PYTHON), *tests]) != 0 else []
    failed += [name for name, process in aside.items() if ended(name, process) != 0]
    if unrun:
        print(f"\n{'!' * 100}\nNOT RUN, for want of {', '.join(NEEDS[marker][1] for marker in absent)}:")
        print("\n".join(f"  {name}" for name in unrun) + f"\n{'!' * 100}")
        if in_ci:
            failed.append("tests that need a system package")
    print(f"\nfailed: {', '.join(failed)}" if failed else "\nall green" + (" but what was not run" if unrun else ""))
    return 1 if failed else 0


def run(command: list[str], quiet: bool = False) -> int:
    """Run a command in the project's folder, saying so; its exit code."""
    print("+", " ".join(command), flush=True)
    return subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL if quiet else None).returncode


def begun(command: list[str]) -> subprocess.Popen[str]:
    """A command that runs beside others in the project's folder, what it says being kept."""
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def ended(name: str, process: subprocess.Popen[str]) -> int:
    """What such a command said, shown when it is done; its exit code."""
    print(f"\n+ {name}\n{process.communicate()[0]}", end="", flush=True)
    return process.returncode


def environment() -> None:
    """Make or complete the virtual environment; leaves with a sentence when that cannot be."""
    if run_ok(PYTHON, "import pip") is False:
        python = interpreter()
        make = [python, "-m", "venv", "--clear", str(VENV)]
        if run(make, quiet=True) != 0:  # Debian's python3 comes without venv
            version = subprocess.run([python, "-c", VERSION], capture_output=True, text=True, check=True).stdout
            if not (apt(f"python{version.strip()}-venv") and run(make) == 0):
                sys.exit("cannot make a virtual environment: install your Python's venv module (Debian: python3-venv)")
    if run([str(PYTHON), "-m", "pip", "install", "--quiet", "--editable", ".[test]"]) != 0:
        sys.exit("cannot install the project: see pip's words above")


VERSION = "import sys; print('.'.join(map(str, sys.version_info[:2])))"


def run_ok(python: Path | str, code: str) -> bool:
    """Whether this Python is there and runs this line."""
    try:
        return subprocess.run([str(python), "-c", code], capture_output=True).returncode == 0
    except OSError:
        return False


def interpreter() -> str:
    """A Python that the project supports: this one if it does, else the newest found."""
    fits = f"import sys; raise SystemExit(not {OLDEST} <= sys.version_info[:2] <= {NEWEST})"
    for python in (sys.executable, "python3", "python3.13", "python3.12", "python3.11"):
        if run_ok(python, fits):
            return python
    sys.exit("no Python 3.11, 3.12 or 3.13 found: install one")


def apt(package: str) -> bool:
    """Install a Debian package, as root or through a sudo that asks nothing."""
    if not shutil.which("apt-get"):
        return False
    prefix = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if prefix and not shutil.which("sudo"):
        return False
    os.environ["DEBIAN_FRONTEND"] = "noninteractive"
    install = [*prefix, "apt-get", "install", "-y", "-qq", "--no-install-recommends", package]
    if run(install, quiet=True) == 0:
        return True
    # An image straight from the registry has no package lists yet.
    return run([*prefix, "apt-get", "update", "-qq"], quiet=True) == 0 and run(install, quiet=True) == 0


def found(programs: tuple[str, ...], package: str) -> bool:
    """Whether one of the programs is there, or is after an attempt to install its package."""

    def there() -> bool:
        return any(glob.glob(program) if "/" in program else shutil.which(program) for program in programs)

    return there() or (apt(package) and there())


def collected(marker: str, arguments: list[str]) -> list[str]:
    """The names of the tests with a marker."""
    command = [str(PYTHON), "-m", "pytest", "--collect-only", "-q", "-m", marker, *arguments]
    lines = subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout.splitlines()
    return [line for line in lines if "::" in line]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
