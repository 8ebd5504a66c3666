"""The tables of driftmeter.toml, one model each.

Each field's description says what would do: it is the second half of the error that a wrong value gets.
"""

from __future__ import annotations

import datetime as dt
import difflib
from importlib.metadata import entry_points
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_serializer, model_validator

from monitors import clock
from monitors.errors import UserError
from monitors.logs.formats.registry import checked
from monitors.logs.secrets import masked
from monitors.settings import MINIMUM_EFFECT
from monitors.windows import SIZES, Grain, instant


def _timezone(name: str) -> str:
    if not clock.known(name):
        raise ValueError("an IANA time zone such as UTC or Europe/Berlin")
    return name


def _size(text: str) -> str:
    try:
        return Grain.parse(text).size
    except UserError:
        raise ValueError(SIZES) from None


def _calendar_size(text: str) -> str:
    size = _size(text)
    if size.endswith("rows"):
        raise ValueError("a span of the calendar such as 1d or 1w")
    return size


def _moment(value: str | int | dt.datetime | dt.date) -> str | int:
    if isinstance(value, int):
        return value
    text = value if isinstance(value, str) else value.isoformat()
    try:
        instant(text, "UTC")
    except UserError:
        raise ValueError("a date such as 2015-03-31, a time such as 2015-03-31T12:00, or a row number") from None
    return text


def _effects(value: float | dict[str, float]) -> float | dict[str, float]:
    for name, effect in value.items() if isinstance(value, dict) else [("", value)]:
        if not 0 <= effect < float("inf"):
            raise ValueError("a number of 0 or more")
        # Monitors from other packages have metrics of their own, which only they know.
        if name not in ("", "*", *MINIMUM_EFFECT) and not entry_points(group="driftmeter.monitors"):
            near = difflib.get_close_matches(name, MINIMUM_EFFECT, 1)
            hint = f'did you mean "{near[0]}"?' if near else f"metrics are {', '.join(MINIMUM_EFFECT)}"
            raise ValueError(f'"{name}" is not a metric that is judged; {hint}')
    return value


def _patterns(value: str | list[str]) -> str | list[str]:
    given = [value] if isinstance(value, str) else value
    if not given or any(not pattern or pattern.count("*") > 1 or pattern == "*" for pattern in given):
        raise ValueError('a glob with one star, such as "shap_*", or a list of globs and names')
    return value


Column = Annotated[str, Field(min_length=1)]
Moment = Annotated[str | int | dt.datetime | dt.date, AfterValidator(_moment)]
Rate = Annotated[float, Field(gt=0, lt=1)]
Effect = Annotated[float | dict[str, float], AfterValidator(_effects)]


class Section(BaseModel):
    """A table of the file: unknown keys are refused, values don't change."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Queried(Section):
    """What a data base may hold in the place of files."""

    uri: str | None = Field(None, description='the address of a data base, such as "postgresql://host/name"')
    query: str | None = Field(None, description="a SELECT, as text")
    checksum: str | None = Field(
        None, description="an SQL expression that changes when any of a window's rows does, such as max(updated_at)"
    )

    @field_serializer("uri")
    def _shown(self, uri: str | None) -> str | None:
        """Without its secrets, for what is stored and compared."""
        return None if uri is None else masked(uri)


class Model(Section):
    """The model whose log this is."""

    name: str = Field("model", min_length=1, description="a name, as text")
    task: Literal["binary", "multiclass", "regression"] | None = Field(
        None, description='"binary", "multiclass" or "regression"; left out, it is read off the label'
    )
    positive: str | int | float | bool | None = Field(
        None, description="the label's value that counts as positive, as it stands in the log"
    )
    threshold: float = Field(0.5, gt=0, lt=1, description="the score from which a row counts as positive, in (0, 1)")
    max_age: Annotated[str, AfterValidator(_calendar_size)] | None = Field(
        None, description='how old the serving version may be, as a span of the calendar such as "90d" or "3mo"'
    )

    @property
    def max_age_days(self) -> float | None:
        """The same in days: a month has a twelfth of 365.25 of them."""
        if self.max_age is None:
            return None
        grain = Grain.parse(self.max_age)
        return grain.count * {"h": 1 / 24, "d": 1.0, "w": 7.0, "mo": 365.25 / 12}[grain.unit]


class Logs(Queried):
    """Where the log is and what its columns mean."""

    path: str | list[str] | None = Field(
        None, description='a file, a glob such as "logs/**/*.parquet", or a list of them'
    )
    table: Column | None = Field(None, description="the name of a table or view that Spark knows, in the place of path")
    timestamp: Column | None = Field(None, description="the name of the column of times")
    id: Column | None = Field(None, description="the name of the column that identifies a row")
    prediction: Column | None = Field(
        None, description="the name of the column with the score, class or number predicted"
    )
    label: Column | None = Field(None, description="the name of the column with what came true")
    position: Column | None = Field(None, description="the name of the column with the place at which a row was shown")
    attributions: Annotated[str | list[str], AfterValidator(_patterns)] | None = Field(
        None, description='a glob such as "shap_*", in which the star stands for the feature, or a list of them'
    )
    latency: Column | None = Field(None, description="the name of the column that says how long the answer took")
    format: Annotated[str, AfterValidator(checked)] | None = Field(
        None, description='the name of a payload format, such as "sagemaker"'
    )
    columns: list[Column] | None = Field(
        None, min_length=1, description="a list of names, one for each value of a request's row"
    )
    output: Column | Annotated[list[Column], Field(min_length=1)] | None = Field(
        None, description="a name for the response's value, or a list of names when it has several"
    )


class Labels(Queried):
    """A second log with labels that arrive later."""

    path: str | list[str] | None = Field(
        None, description='a file, a glob such as "labels/*.parquet", or a list of them'
    )
    table: Column | None = Field(None, description="the name of a table or view that Spark knows, in the place of path")
    id: Column = Field(description="the name of the column that holds the log's id; left out: as in [logs]")
    label: Column = Field(description="the name of the column with what came true; left out: as in [logs]")
    timestamp: Column | None = Field(None, description="the name of the column that says when the label came")


class Offline(Section):
    """A second log that holds the same features, computed offline."""

    path: str | list[str] = Field(description='a file, a glob such as "offline/*.parquet", or a list of them')
    id: Column = Field(description="the name of the column that holds the log's id; left out: as in [logs]")
    tolerance: float = Field(
        1e-6, ge=0, lt=1, description="a number in [0, 1): the part of a value (or of 1, where that is more) by which "
        "two may differ",
    )  # fmt: skip


class Features(Section):
    """Which columns are features, and which ones cut the log."""

    include: list[Column] | None = Field(None, description="a list of column names")
    exclude: list[Column] = Field([], description="a list of column names")
    segments: list[Column] = Field([], description="a list of column names")
    version: Column | None = Field(None, description="the name of the column with the model's version")


class Windows(Section):
    """The finest windows that the store keeps."""

    size: Annotated[str, AfterValidator(_size)] = Field("1d", description=SIZES)
    timezone: Annotated[str, AfterValidator(_timezone)] = Field(
        "UTC", description="an IANA time zone such as UTC or Europe/Berlin"
    )


class Reference(Section):
    """What windows are compared with: a range of the log, a data set, earlier windows, or earlier seasons."""

    start: Moment | None = Field(None, description="a date, a time, or a row number")
    end: Moment | None = Field(None, description="a date (that day included), a time, or a row number (both excluded)")
    path: str | list[str] | None = Field(None, description="a file or glob of the training data")
    previous: int | None = Field(None, ge=1, description="a number of windows, 1 or more")
    season: Annotated[str, AfterValidator(_calendar_size)] | None = Field(
        None, description="a span of the calendar such as 1d or 1w"
    )
    count: int | None = Field(None, ge=1, description="a number of seasons, 1 or more")
    lag: int | None = Field(
        None, ge=0, description="a number of windows, 0 or more, that lie between previous or season and what it judges"
    )
    holidays: str | None = Field(
        None, pattern=r"^[A-Z]{2,3}(-[A-Z0-9]{1,5})?$", description='the code of a country, such as "US" or "DE-BY"'
    )

    @property
    def kind(self) -> Literal["range", "path", "previous", "season", "default"]:
        """Which of its forms is given; "default" when none is."""
        if self.start is not None or self.end is not None:
            return "range"
        if self.path is not None:
            return "path"
        if self.previous is not None:
            return "previous"
        return "season" if self.season is not None else "default"

    @model_validator(mode="after")
    def _one_form(self) -> Reference:
        forms = {
            "start/end": self.start is not None or self.end is not None,
            "path": self.path is not None,
            "previous": self.previous is not None,
            "season": self.season is not None,
        }
        given = [form for form, is_given in forms.items() if is_given]
        if len(given) > 1:
            raise ValueError(f"{' and '.join(given)} are given; keep one of start/end, path, previous, season")
        if self.count is not None and self.season is None:
            raise ValueError('count is given without season; add season = "1w", or remove count')
        if self.lag is not None and self.previous is None and self.season is None:
            raise ValueError("lag is given without previous or season, the references that roll; remove lag")
        if self.start is not None and self.end is None:
            raise ValueError("start is given without end; add the last day of the reference as end")
        return self

    def bounds(self, grain: Grain) -> tuple[int | None, int | None]:
        """Start (inclusive) and end (exclusive) of a range, in microseconds or rows; None where it is open."""

        def read(value: Any, end: bool) -> int | None:
            if value is None or grain.kind == "rows":
                return value if value is None else int(value)
            return instant(value, grain.timezone, end=end)

        return read(self.start, False), read(self.end, True)


class AlertSettings(Section):
    """Settings that hold for all features or for one."""

    false_alarm_rate: Rate | None = Field(None, description="a probability in (0, 1), such as 0.05")
    minimum_effect: Effect | None = Field(
        None, description="a number, or a table of numbers by metric such as { jensen_shannon = 0.05 }"
    )
    matters: Effect | None = Field(
        None, description="a number, or a table of numbers by metric such as { jensen_shannon = 0.1 }"
    )

    def effects(self) -> dict[str, float]:
        """Minimum effects by metric; "*" is for every metric without its own."""
        return _by_metric(self.minimum_effect)

    def sizes(self) -> dict[str, float]:
        """Sizes that matter by metric; "*" is for every metric without its own."""
        return _by_metric(self.matters)


def _by_metric(given: dict[str, float] | float | None) -> dict[str, float]:
    return dict(given) if isinstance(given, dict) else {} if given is None else {"*": given}


class Alerts(AlertSettings):
    """When a measurement becomes an alert."""

    false_alarm_rate: Rate = Field(0.05, description="a probability in (0, 1), such as 0.05")
    features: dict[str, AlertSettings] = Field({}, description="a table of settings by feature")

    def for_feature(self, name: str | None) -> AlertSettings:
        """The settings that hold for one feature (None: for the log or the model as a whole)."""
        own = self.features.get(name, AlertSettings()) if name is not None else AlertSettings()
        # A bare number for the feature covers every metric, so nothing said for all features shines through it.
        effects = own.effects() if "*" in own.effects() else {**self.effects(), **own.effects()}
        return AlertSettings(
            false_alarm_rate=own.false_alarm_rate or self.false_alarm_rate, minimum_effect=effects or None
        )

    def minimum_effects(self) -> dict[str, float]:
        """All minimum effects as `monitors.settings.Settings` has them: by `metric`, `metric:feature`, `*:feature`."""
        own = {
            f"{metric}:{name}": effect
            for name, settings in self.features.items()
            for metric, effect in settings.effects().items()
        }
        return {**self.effects(), **own}

    def sizes_that_matter(self) -> dict[str, float]:
        """All sizes that matter, keyed as `minimum_effects`."""
        own = {
            f"{metric}:{name}": size
            for name, settings in self.features.items()
            for metric, size in settings.sizes().items()
        }
        return {**self.sizes(), **own}


class Deprecation(Section):
    """A feature's planned end."""

    owner: str | None = Field(None, description="who retires the feature, as text")
    date: dt.date | None = Field(None, description="a date such as 2015-07-01")


class Notify(Section):
    """Who is told about new alerts."""

    urls: list[str] = Field([], description='a list of Apprise URLs such as "slack://…"')


class Engine(Section):
    """Who reads and counts the rows."""

    kind: Literal["local", "spark"] = Field("local", description='"local" or "spark"')
    master: str | None = Field(
        None,
        min_length=1,
        description='a Spark master such as "local[4]" or "yarn", or Spark Connect as in "sc://host"',
    )
    options: dict[str, str | int | float | bool] = Field(
        {}, description='a table of settings of Spark, such as { "spark.executor.memory" = "8g" }'
    )


class Store(Section):
    """The data base of profiles, measurements and findings."""

    url: str = Field("sqlite:///driftmeter.db", description='a SQLAlchemy URL such as "sqlite:///driftmeter.db"')
