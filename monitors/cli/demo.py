"""The logs that come with Driftmeter, laid out under a folder as a user's own would be."""

from __future__ import annotations

import importlib
import importlib.util
import shutil
import sys
from pathlib import Path
from types import ModuleType

from monitors.errors import UserError

PACKAGE = "driftmeter_fixtures"  # under a name of its own: another distribution may install `fixtures`


def prepare(name: str, home: Path) -> Path:
    """Put a fixture's log and configuration under `home`, unless they are there; the configuration's path."""
    folder = home / name
    config = folder / "driftmeter.toml"
    if config.exists():
        print(f"{folder} is there and is used as it is")
        return config
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if name == "search":
            print(f"generating the synthetic log of an image search in {folder}: 180 days, about 400,000 rows")
            module("search.generate").generate(folder)
        else:
            for file in sorted((root() / name).iterdir()):
                if file.suffix in (".parquet", ".md"):
                    shutil.copy2(file, folder)
            # Last: where it stands, the log is whole.
            shutil.copy2(root() / name / "driftmeter.toml", folder)
    except OSError as error:
        raise UserError(f"--home is {home}, where nothing can be written: {error.strerror or error}") from None
    return config


def root() -> Path:
    """The folder of fixtures: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    for folder, proof in (
        (package / "_fixtures", package),
        (package.parent / "fixtures", package.parent / "pyproject.toml"),
    ):
        if folder.is_dir() and proof.exists():
            return folder
    raise UserError("this installation of driftmeter has no fixtures; install it again from a wheel or a checkout")


def module(name: str) -> ModuleType:
    """A module of the fixtures' own package, such as "search.generate"."""
    if PACKAGE not in sys.modules:
        spec = importlib.util.spec_from_file_location(
            PACKAGE, root() / "__init__.py", submodule_search_locations=[str(root())]
        )
        if spec is None or spec.loader is None:
            raise UserError(f"{root()} holds no fixtures; install driftmeter again")
        package = importlib.util.module_from_spec(spec)
        sys.modules[PACKAGE] = package
        spec.loader.exec_module(package)
    return importlib.import_module(f"{PACKAGE}.{name}")
