"""The README against the program."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import typer

from monitors import settings
from monitors.cli.app import app
from monitors.config import Config

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def test_every_command_and_option_is_documented() -> None:
    table = README.split("## Commands")[1].split("## Configuration")[0]
    group = typer.main.get_command(app)
    rows = {row.split()[1]: row for row in re.findall(r"\| `(driftmeter .*?)` \|", table.replace("\\|", "¦"))}
    assert set(rows) == set(group.commands)  # type: ignore[attr-defined]
    for name, command in group.commands.items():  # type: ignore[attr-defined]
        for parameter in command.params:
            flags = [flag for flag in (*parameter.opts, *parameter.secondary_opts) if flag.startswith("--")]
            wanted = [flag for flag in flags if flag not in {"--help", "--config", "--out", "--dashboard"}]
            assert all(flag in rows[name] for flag in wanted), f"{name}: {wanted}"


def test_the_example_configuration_loads_and_is_ten_lines() -> None:
    text = re.search(r"```toml\n(.*?)```", README, re.DOTALL)
    assert text is not None
    config = Config.from_dict(tomllib.loads(text[1]))
    assert config.logs.label == "converted"
    assert sum(1 for line in text[1].splitlines() if "=" in line) <= 10


def test_every_key_is_documented() -> None:
    table = README.split("## Configuration")[1].split("## How each number")[0]
    for section, field in Config.model_fields.items():
        model = field.annotation
        keys = getattr(model, "model_fields", None)
        assert f"`{section}" in table, section
        for key in keys or {}:
            assert f"`{section}.{key}`" in table or f"`.{key}`" in table or f".{key}" in table, f"{section}.{key}"


@pytest.mark.parametrize(
    "name", sorted(path.stem for path in (ROOT / "monitors").glob("*.py") if "def measure(" in path.read_text())
)
def test_every_monitor_is_explained(name: str) -> None:
    if name != "notebook":
        assert name in README.split("## How each number")[1].split("## Limits")[0]


def test_the_budget_is_spent_exactly() -> None:
    assert sum(settings.BUDGET.values()) == pytest.approx(1.0)


def test_pictures_are_there() -> None:
    for picture in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", README):
        assert (ROOT / picture).is_file(), picture
