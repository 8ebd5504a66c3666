"""A PostgreSQL server of the tests' own: in a temporary folder, on a free port, as a user who may not do harm."""

from __future__ import annotations

import glob
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PLACES = "/usr/lib/postgresql/*/bin"
"""Where Debian puts a version's programs: not on the path."""


def program(name: str) -> str:
    """One of the newest version's programs; RuntimeError when PostgreSQL is not installed."""
    found = sorted(glob.glob(f"{PLACES}/{name}"), key=lambda path: float(Path(path).parts[-3]))
    path = found[-1] if found else shutil.which(name)
    if path is None:
        raise RuntimeError(f"this test needs PostgreSQL's {name}: apt-get install postgresql, or run tests/run.py")
    return path


@contextmanager
def served() -> Iterator[str]:
    """A server as long as it lasts; its URL, without a database."""
    folder = Path(tempfile.mkdtemp(prefix="driftmeter-postgres-"))
    user = None
    if os.geteuid() == 0:  # PostgreSQL refuses to be run by root
        user = next(name for name in ("postgres", "nobody") if name in {each.pw_name for each in pwd.getpwall()})
        shutil.chown(folder, user)
    port, data = _free_port(), folder / "data"
    try:
        _as(user, folder, [program("initdb"), "-D", str(data), "-U", "driftmeter", "-A", "trust", "-E", "UTF8",
                           "--locale=C.UTF-8", "--no-sync"])  # fmt: skip
        # what is slow and keeps data through a power cut, tests do not need
        options = f"-p {port} -h 127.0.0.1 -k {folder} -c fsync=off -c full_page_writes=off -c synchronous_commit=off"
        control = [program("pg_ctl"), "-D", str(data), "-w"]
        _as(user, folder, [*control, "-t", "120", "-l", str(folder / "log"), "-o", options, "start"])
        try:
            yield f"postgresql://driftmeter@127.0.0.1:{port}"
        finally:
            _as(user, folder, [*control, "-m", "immediate", "stop"])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _as(user: str | None, folder: Path, command: list[str]) -> None:
    """Run a command as a user, in a folder of theirs."""
    if user is not None:
        command = ["runuser", "-u", user, "--", *command]
    log = folder / "said"
    with log.open("a") as said:  # not a pipe: the server would hold it open
        code = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=said, stderr=said).returncode
    if code != 0:
        server = folder / "log"
        more = server.read_text() if server.exists() else ""
        raise RuntimeError(f"{' '.join(command)}: exit code {code}\n{log.read_text()}{more}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
