"""A configuration as TOML, with the reason of each guess beside it."""

from __future__ import annotations

import json
import os
import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from monitors.logs.files import discover

WIDTH = 110


class Entry(NamedTuple):
    """A line of the file.

    Attributes
    ----------
    table, key : where it stands
    value : what is written; None: the line is a comment that shows how it would be written
    why : the reason
    example : the value shown when there is none
    """

    table: str
    key: str
    value: object
    why: str
    example: object = None


def toml(entries: Iterable[Entry], heading: Sequence[str]) -> str:
    """The file's text; entries of a table must stand together."""
    lines = [f"# {line}" for line in heading]
    table = None
    for entry in entries:
        if entry.table != table:
            table = entry.table
            lines += ["", f"[{table}]"]
        lines += wrapped(entry.why)
        prefix = "" if entry.value is not None else "# "
        value = entry.value if entry.value is not None else entry.example
        lines += [prefix + line for line in f"{entry.key} = {literal(value)}".split("\n")]
    return "\n".join(lines) + "\n"


def literal(value: object) -> str:
    """A value in TOML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        flat = f"[{', '.join(literal(item) for item in value)}]"
        return flat if len(flat) < 90 else "[\n" + "".join(f"    {literal(item)},\n" for item in value) + "]"
    if isinstance(value, (int, float)):
        return repr(value)
    # A configuration expands ${NAME} and takes $${NAME} for the text; JSON's strings are TOML's, but for DEL.
    text = re.sub(r"\$\{(?=[A-Za-z_][A-Za-z0-9_]*\})", "$${", str(value))
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")


def wrapped(text: str) -> list[str]:
    """Comment lines."""
    lines = []
    for part in text.split("\n") if text else []:
        lines += textwrap.wrap(
            plain(part), WIDTH, initial_indent="# ", subsequent_indent="#   ",
            break_long_words=False, break_on_hyphens=False,
        )  # fmt: skip
    return lines


def plain(text: str) -> str:
    """A name without control characters: one in a column's name must not end a comment or a line."""
    return re.sub(r"[\x00-\x1f\x7f\u0085\u2028\u2029]+", " ", text)


def log_path(patterns: Sequence[str], out: Path) -> str | list[str]:
    """The log's path relative to the configuration's folder; a glob where a shell spelt one out."""
    base = out.resolve().parent
    found = [_relative(pattern, base) for pattern in patterns]
    folders = {os.path.dirname(path) for path in found}
    endings = {"".join(Path(path).suffixes[-2:]) for path in found}
    if len(found) > 3 and len(folders) == 1 and len(endings) == 1:
        glob = f"{folders.pop() or '.'}/*{endings.pop()}".removeprefix("./")
        if {file.path for file in discover(glob, base)} == {file.path for file in discover(found, base)}:
            return glob
    return found[0] if len(found) == 1 else found


def _relative(pattern: str, base: Path) -> str:
    if "://" in pattern:
        return pattern
    full = os.path.abspath(os.path.expanduser(pattern))
    try:
        relative = os.path.relpath(full, base)
    except ValueError:  # another drive
        return full
    return Path(full).as_posix() if relative.startswith(os.path.join("..", "..", "..")) else Path(relative).as_posix()


def model_name(patterns: Sequence[str]) -> str:
    """A name for the model from its log's path: the file's, or the folder's when there are several."""
    first = Path(patterns[0])
    plain = len(patterns) == 1 and not re.search(r"[*?\[]", first.name)
    name = first.name.split(".")[0] if plain else _folder(first)
    return re.sub(r"[\s_]+", "-", name).strip("-.") or "model"


def _folder(path: Path) -> str:
    parts = [part for part in Path(os.path.abspath(path)).parts[:-1] if not re.search(r"[*?\[]", part)]
    generic = {"logs", "log", "data", "parquet", "csv", "raw", "events", "/"}
    named = [part for part in parts if part.lower() not in generic]
    return named[-1] if named else "model"


def quoted(names: Mapping[str, str]) -> list[str]:
    """Sentences about excluded columns, those with the same reason together."""
    reasons: dict[str, list[str]] = {}
    for name, why in names.items():
        reasons.setdefault(why, []).append(name)
    return [f"{', '.join(map(plain, group))}: {plain(why)}" for why, group in reasons.items()]
