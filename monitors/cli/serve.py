"""`driftmeter dashboard`: Streamlit on this machine alone."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from monitors.config import Config

CONFIGS = "DRIFTMETER_CONFIGS"  # absolute paths, joined by os.pathsep: what the dashboard shows


def dashboard(configs: list[Path], port: int | None) -> None:
    """Serve the dashboard of these configurations until it is interrupted."""
    import streamlit.web.cli

    from monitors.cli.running import warn_of_namesakes

    for path in configs:
        Config.load(path)  # a mistake in it is told here, not in a browser
    warn_of_namesakes()
    os.environ[CONFIGS] = os.pathsep.join(str(path.resolve()) for path in configs)
    sys.argv = ["streamlit", *arguments(port)]
    streamlit.web.cli.main()


def arguments(port: int | None) -> list[str]:
    """Streamlit's command line; its theme stands in .streamlit/config.toml beside the script."""
    script = Path(__file__).resolve().parents[2] / "dashboard" / "app.py"
    options = {"server.headless": "true", "browser.gatherUsageStats": "false"}
    if "STREAMLIT_SERVER_ADDRESS" not in os.environ:  # who wants to share the dashboard says so
        options["server.address"] = "127.0.0.1"
    if port is not None:
        options["server.port"] = str(port)
    return ["run", str(script), *(f"--{name}={value}" for name, value in options.items())]
