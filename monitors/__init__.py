"""Driftmeter: from a model's logs, when the concept drifts, when features lose their power, and when they disappear."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from monitors.config import Config
    from monitors.errors import DriftmeterError, UserError
    from monitors.notebook import measure
    from monitors.pipeline import RunResult
    from monitors.profile.cube import Cube, Profile
    from monitors.store import Store

__all__ = ["Config", "Cube", "DriftmeterError", "Profile", "RunResult", "Store", "UserError", "measure", "run"]

_HOMES = {
    "Config": "monitors.config", "Cube": "monitors.profile.cube", "DriftmeterError": "monitors.errors",
    "Profile": "monitors.profile.cube", "RunResult": "monitors.pipeline", "Store": "monitors.store",
    "UserError": "monitors.errors", "measure": "monitors.notebook",
}  # fmt: skip


def run(config: str | Path | Config, spark: Any = None) -> RunResult:
    """Run the pipeline on a configuration file (or a ``Config``); see ``monitors.pipeline.run``.

    Parameters
    ----------
    spark : a SparkSession that is to read and count the rows
    """
    from monitors.config import Config
    from monitors.pipeline import run as run_pipeline

    return run_pipeline(config if isinstance(config, Config) else Config.load(config), spark=spark)


def __getattr__(name: str) -> Any:
    """Import a public name when it is asked for: ``driftmeter --help`` needs none of them."""
    if name not in _HOMES:
        raise AttributeError(f"module 'monitors' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_HOMES[name]), name)
