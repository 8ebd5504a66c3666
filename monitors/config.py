"""driftmeter.toml, read and checked.

The tables stand in `config_sections`; checks that need the log's columns are in `Config.check_columns`.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import Field, PrivateAttr, ValidationError

from monitors.config_errors import closest, expand, explain
from monitors.config_sections import (
    Alerts,
    Deprecation,
    Engine,
    Features,
    Labels,
    Logs,
    Model,
    Notify,
    Offline,
    Queried,
    Reference,
    Section,
    Store,
    Windows,
)
from monitors.errors import UserError
from monitors.logs.formats.registry import FORMATS
from monitors.profile.rows import is_attribution
from monitors.windows import Grain

DEFAULT_ROWS = "1000 rows"


class Config(Section):
    """A whole driftmeter.toml, checked.

    `logs.path`, `labels.path` and `reference.path` stay as written, relative to `base`; `store.url` of a SQLite file
    is resolved against `base`.
    """

    model: Model = Model()
    logs: Logs
    labels: Labels | None = None
    offline: Offline | None = None
    features: Features = Features()
    windows: Windows = Windows()
    reference: Reference = Reference()
    alerts: Alerts = Alerts()
    deprecations: dict[str, Deprecation] = Field({}, description="a table by feature, with owner and date")
    notify: Notify = Notify()
    engine: Engine = Engine()
    store: Store = Store()

    _base: Path = PrivateAttr(default_factory=Path)
    _path: Path | None = PrivateAttr(default=None)

    @property
    def base(self) -> Path:
        """The folder against which relative paths resolve."""
        return self._base

    @property
    def path(self) -> Path | None:
        """The file that this was read from; None when it came from Python."""
        return self._path

    @property
    def source(self) -> str:
        """What an error about this configuration is to name."""
        return str(self._path) if self._path else "the configuration"

    @property
    def grain(self) -> Grain:
        """The finest windows."""
        return Grain.parse(self.windows.size, self.windows.timezone)

    @property
    def patterns(self) -> tuple[str, ...]:
        """Names and globs of the columns with attributions."""
        given = self.logs.attributions
        return (given,) if isinstance(given, str) else tuple(given or ())

    @cached_property
    def hash(self) -> str:
        """Twelve hexadecimal digits of the SHA-256 of all that can change a number: not the store, not who is told."""
        apart: dict[str, Any] = {"store": True, "notify": True, "engine": True, "model": {"max_age"}}
        content = self.model_dump(mode="json", exclude=apart, exclude_none=True)
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]

    @classmethod
    def load(cls, path: str | Path) -> Config:
        """Read a file; raises UserError naming the file, the key, what came and what would do."""
        file = Path(path)
        try:
            text = file.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise UserError(f"there is no {file}; `driftmeter init LOG` writes one, -c names another") from None
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            raise UserError(f"{file} cannot be read: {reason}") from None
        try:
            data = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            where = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
            place = f"line {where[1]}, column {where[2]}" if where else f"line {text.count(chr(10)) + 1}"
            reason = re.sub(r"\s*\(at .*\)$", "", str(error))
            hint = "a key stands twice" if "overwrite" in reason else 'write key = value, with text in "quotes"'
            raise UserError(f"{file} is not valid TOML at {place} ({reason}); {hint}") from None
        return cls._build(data, file.resolve().parent, file)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], base: str | Path = ".") -> Config:
        """The same from a mapping; relative paths resolve against `base`."""
        return cls._build(data, Path(base).resolve(), None)

    @classmethod
    def _build(cls, data: Mapping[str, Any], base: Path, path: Path | None) -> Config:
        source = str(path) if path else "the configuration"
        raw = {"logs": {}, **expand(dict(data), source)}
        if isinstance(raw.get("logs"), dict):
            raw = {**raw, "logs": _of_format(raw["logs"])}
        labels, logs, windows = raw.get("labels"), raw.get("logs"), raw.get("windows", {})
        if isinstance(labels, dict) and isinstance(logs, dict):
            inherited = {key: logs[key] for key in ("id", "label") if key in logs}
            raw = {**raw, "labels": {**inherited, **labels}}
        offline = raw.get("offline")
        if isinstance(offline, dict) and isinstance(logs, dict) and "id" in logs:
            raw = {**raw, "offline": {"id": logs["id"], **offline}}
        if isinstance(logs, dict) and "timestamp" not in logs and isinstance(windows, dict) and "size" not in windows:
            raw = {**raw, "windows": {**windows, "size": DEFAULT_ROWS}}
        try:
            config = cls.model_validate(raw)
        except ValidationError as error:
            raise UserError(f"{source}: {explain(cls, error)}") from None
        problem = config._contradiction()
        if problem:
            raise UserError(f"{source}: {problem}")
        store = Store(url=_resolve(config.store.url, base))
        config = config.model_copy(update={"store": store})
        config._base, config._path = base, path
        return config

    def _contradiction(self) -> str | None:
        """What is right key by key and wrong together, in one sentence."""
        logs, labels, features, reference = self.logs, self.labels, self.features, self.reference
        by_rows = self.grain.kind == "rows"
        for key, section in (("logs", logs), ("labels", labels)):
            problem = _place(key, section) if section is not None else None
            if problem is not None:
                return problem
        for key in ("columns", "output"):
            value = getattr(logs, key)
            if value is not None and logs.format is None:
                return f"logs.{key} is given but logs.format is left out; name the payload format that it is about"
            if isinstance(value, list) and len(set(value)) < len(value):
                return f"logs.{key} names {json.dumps(max(value, key=value.count))} twice; give each value a name"
        if logs.timestamp is None and not by_rows:
            return (
                f'windows.size is "{self.windows.size}" but logs.timestamp is left out; name the column of times, '
                f'or count windows in rows, as in "{DEFAULT_ROWS}"'
            )
        if logs.prediction is not None and logs.prediction == logs.label:
            return f'logs.prediction and logs.label are both "{logs.label}"; they must be two columns'
        if self.offline and logs.id is None:
            return "[offline] is given but logs.id is left out; name the column that both logs are joined on"
        if logs.position is not None and logs.position in (logs.prediction, logs.label, logs.timestamp, logs.id):
            return f'logs.position and another key of [logs] are both "{logs.position}"; they must be two columns'
        if labels and logs.id is None:
            return "[labels] is given but logs.id is left out; name the column that both logs are joined on"
        if labels and logs.label is not None and logs.label != labels.label:
            return (
                f'logs.label is "{logs.label}" and labels.label is "{labels.label}"; keep the one of the log that '
                "really holds the label"
            )
        if labels and labels.table is not None and logs.table is None:
            return "labels.table is given, but the log is no table; give logs.table too, or labels.path"
        if self.engine.kind == "local" and (self.engine.master is not None or self.engine.options):
            return 'engine.master and engine.options are for Spark; set engine.kind = "spark", or remove them'
        if by_rows and self.model.max_age is not None:
            return "model.max_age needs windows of the calendar; remove it, or set windows.size to 1d"
        both = set(features.include or []) & set(features.exclude)
        if both:
            return f'features.include and features.exclude both name "{min(both)}"; keep one'
        if by_rows and reference.season is not None:
            return "reference.season needs windows of the calendar; use previous = 8, or set windows.size to 1d"
        if by_rows and reference.holidays is not None:
            return "reference.holidays needs windows of the calendar; remove it, or set windows.size to 1d"
        for key in ("start", "end"):
            value = getattr(reference, key)
            if value is not None and isinstance(value, int) != by_rows:
                wanted = "a row number such as 20000" if by_rows else "a date such as 2015-03-31"
                return f"reference.{key} is {json.dumps(value)} but windows are of {self.windows.size}; give {wanted}"
        start, end = reference.bounds(self.grain)
        if start is not None and end is not None and start >= end:
            return f"reference.start is {reference.start} and reference.end is {reference.end}; start must come first"
        return None

    def check_columns(self, columns: Iterable[str], label_columns: Iterable[str] | None = None) -> None:
        """Raise UserError for a configured column that the log (or the label log) does not have.

        Parameters
        ----------
        columns : every column of any file of the log
        label_columns : every column of any file of the label log; None: not known, not checked
        """
        known = list(columns)
        logs, features = self.logs, self.features
        wanted: list[tuple[str, str | None]] = [
            ("logs.timestamp", logs.timestamp),
            ("logs.id", logs.id),
            ("logs.prediction", logs.prediction),
            ("logs.latency", logs.latency),
            ("logs.label", logs.label if self.labels is None else None),
            ("logs.position", logs.position),
            ("features.version", features.version),
            *(("features.segments", name) for name in features.segments),
            *(("features.include", name) for name in features.include or []),
            *(("features.exclude", name) for name in features.exclude),
            *((f"alerts.features.{name}", name) for name in self.alerts.features),
        ]
        for key, name in wanted:
            if name is not None and name not in known:
                raise UserError(f'{self.source}: {key} names the column "{name}", {closest(name, known, "the log")}')
        for pattern in self.patterns:
            if not any(is_attribution((pattern,), name) for name in known):
                hint = closest(pattern, known, "the log")
                raise UserError(f'{self.source}: logs.attributions names "{pattern}", {hint}')
        if self.labels and label_columns is not None:
            found = list(label_columns)
            for key, name in (
                ("id", self.labels.id),
                ("label", self.labels.label),
                ("timestamp", self.labels.timestamp),
            ):
                if name is not None and name not in found:
                    hint = closest(name, found, "the label log")
                    raise UserError(f'{self.source}: labels.{key} names the column "{name}", {hint}')


def _of_format(logs: dict[str, Any]) -> dict[str, Any]:
    """The table [logs] with the columns that its payload format always has, where it names none itself."""
    known = FORMATS.get(logs["format"]) if isinstance(logs.get("format"), str) else None
    if known is None:
        return logs
    given = {"timestamp": known.timestamp, "id": known.id, "prediction": logs.get("output")}
    return {**{key: name for key, name in given.items() if name and isinstance(name, str)}, **logs}


def _place(key: str, section: Logs | Labels) -> str | None:
    """What is wrong with where a table's rows are: in files, or in a data base."""
    would_do = type(section).model_fields["path"].description
    given = {name: getattr(section, name) for name in ("uri", "query", "checksum")}
    if section.table is not None:
        other = next((name for name, value in {"path": section.path, **given}.items() if value is not None), None)
        return None if other is None else f"{key}.table and {key}.{other} are given; keep table for what Spark reads"
    if section.path is None and not any(given.values()):
        return f"{key}.path is missing; give {would_do}, or uri and query"
    if section.path is not None:
        stray = next((name for name, value in given.items() if value is not None), None)
        if stray is not None:
            return f"{key}.path and {key}.{stray} are given; keep path for files, or uri and query for a data base"
        if not section.path or (isinstance(section.path, list) and "" in section.path):
            return f"{key}.path is {json.dumps(section.path)}; give {would_do}"
        return None
    for name in ("uri", "query"):
        if not given[name]:
            other = "query" if name == "uri" else "uri"
            return f"{key}.{name} is missing beside {key}.{other}; give {Queried.model_fields[name].description}"
    return None


def _resolve(url: str, base: Path) -> str:
    """A SQLite URL with its relative file made absolute; any other URL as it is."""
    match = re.fullmatch(r"(sqlite(?:\+\w+)?:///)([^/?:][^?]*)(\?.*)?", url)
    if match is None or Path(match[2]).is_absolute():
        return url
    return f"{match[1]}{(base / match[2]).resolve()}{match[3] or ''}"
