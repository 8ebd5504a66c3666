"""A wrong configuration, told in one sentence: the key, what came, what would do."""

from __future__ import annotations

import difflib
import json
import os
import re
from collections.abc import Iterable, Mapping
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from monitors.errors import UserError

_ENV = re.compile(r"(\$?)\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def expand(value: Any, source: str, key: str = "") -> Any:
    """Replace `${NAME}` in every string by the environment's variable; `$${NAME}` is the text `${NAME}` itself.

    Raises UserError when there is no such variable.
    """
    if isinstance(value, str):

        def read(match: re.Match[str]) -> str:
            escaped, name = match[1], match[2]
            if escaped:
                return f"${{{name}}}"
            if name not in os.environ:
                raise UserError(f"{source}: {key} asks for the environment variable {name}, which is not set; set it")
            return os.environ[name]

        return _ENV.sub(read, value)
    if isinstance(value, Mapping):
        return {name: expand(item, source, f"{key}.{name}" if key else str(name)) for name, item in value.items()}
    if isinstance(value, list):
        return [expand(item, source, key) for item in value]
    return value


def closest(name: str, known: Iterable[str], where: str) -> str:
    """The rest of a sentence about a name that is not there, with the nearest one that is."""
    names = list(known)
    folded = {n.lower(): n for n in names}
    near = difflib.get_close_matches(name.lower(), folded, 1, cutoff=0.5)
    if near:
        return f'which {where} does not have; did you mean "{folded[near[0]]}"?'
    shown = ", ".join(f'"{n}"' for n in names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
    return f"which {where} does not have; its columns are {shown or 'none'}"


def explain(model: type[BaseModel], error: ValidationError) -> str:
    """The first problem that Pydantic found (unknown keys first), as one sentence without its full stop."""
    problems = sorted(error.errors(), key=lambda e: e["type"] != "extra_forbidden")  # a stable sort
    first = problems[0]
    loc = [str(part) for part in first["loc"]]
    if first["type"] == "extra_forbidden":
        return _unknown(model, loc, first["input"])
    path, field = _field(model, loc)
    key = ".".join(path)
    would_do = (field.description if field else None) or "a table"
    if first["type"] == "missing":
        if not field or not field.description:  # a whole table: name the key in it that must be there
            inner = next(iter(_models(field.annotation))) if field else model
            name, needed = next(
                ((n, f) for n, f in inner.model_fields.items() if f.is_required()),
                next(iter(inner.model_fields.items())),
            )
            key, would_do = f"{key}.{name}", needed.description or ""
        return f"{key} is missing; give {would_do}"
    if first["type"] == "value_error":
        reason = str(first["ctx"]["error"])
        if len(path) == 1:  # a check of a whole table speaks for itself
            return f"[{key}] {reason}"
        return f"{key} is {_shown(first['input'])}; {'' if '; ' in reason else 'give '}{reason}"
    return f"{key} is {_shown(first['input'])}; give {would_do}"


def _unknown(model: type[BaseModel], loc: list[str], value: Any) -> str:
    """A key that is not known: the nearest in its table, or the table in which it belongs."""
    parent, _ = _walk(model, loc[:-1])
    table = f"[{'.'.join(loc[:-1])}]" if loc[:-1] else "the file"
    name = loc[-1]
    names = list(parent.model_fields) if parent else []
    near = difflib.get_close_matches(name.lower(), names, 1, cutoff=0.6)
    if near:
        return f"{table} has the unknown key {name}; did you mean {near[0]}?"
    for section, field in model.model_fields.items():
        for inner in _models(field.annotation):
            if name in inner.model_fields and not isinstance(value, dict):
                return f"{table} has the unknown key {name}; it belongs in [{section}]"
    return f"{table} has the unknown key {name}; it may hold {', '.join(names)}"


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:57] + "…"


def _models(annotation: Any) -> list[type[BaseModel]]:
    """The models in an annotation: of `Labels | None`, `dict[str, Deprecation]` and the like."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for part in get_args(annotation) for found in _models(part)]


def _walk(model: type[BaseModel], loc: list[str]) -> tuple[type[BaseModel] | None, FieldInfo | None]:
    """The model and the field to which a place leads, through tables by name."""
    current: type[BaseModel] | None = model
    field: FieldInfo | None = None
    for part in loc:
        if current is not None and part in current.model_fields:
            field = current.model_fields[part]
            inner = _models(field.annotation)
            current = inner[0] if inner else None
    return current, field


def _field(model: type[BaseModel], loc: list[str]) -> tuple[list[str], FieldInfo | None]:
    """A place without Pydantic's own parts (branches of a union, positions), and the field there."""
    path: list[str] = []
    current: type[BaseModel] | None = model
    field: FieldInfo | None = None
    for part in loc:
        if current is None:
            break
        if part in current.model_fields:
            field = current.model_fields[part]
            inner = _models(field.annotation)
            current = inner[0] if inner else None
        elif field is None or not str(field.annotation).startswith("dict"):
            break
        path.append(part)
    return path, field
