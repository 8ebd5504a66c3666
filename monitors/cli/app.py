"""The commands: what each is called, what it takes, and the few lines that do it.

Everything heavy is imported inside a command, for `driftmeter --help` must answer at once.
"""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from monitors.warehouse import schema

CLOSED, INTERRUPTED = 141, 130


class Commands(TyperGroup):
    """Commands that leave quietly when nobody reads their output on, or when they are interrupted."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for."""
        try:
            out = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            # `driftmeter findings | head`: leave as other programs do, and let the interpreter's own flush succeed.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(CLOSED) from None
        except KeyboardInterrupt:
            typer.echo("driftmeter: interrupted; what was stored before stands", err=True)
            raise typer.Exit(INTERRUPTED) from None
        return out


app = typer.Typer(
    cls=Commands,
    help="Concept drift, decaying features and disappearing features, told from the logs a model already writes.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

DEFAULT = Path("driftmeter.toml")
FILE = typer.Option("-c", "--config", metavar="FILE", help="The configuration.")
FILES = typer.Option("-c", "--config", metavar="FILE", help="The configuration; may be given more than once.")
Config = Annotated[Path, FILE]
Configs = Annotated[list[Path] | None, FILES]
Port = Annotated[
    int | None,
    typer.Option(metavar="N", min=1, max=65535, help="Port of the dashboard; else 8501 or the next free one."),
]


class Fixture(StrEnum):
    """Logs that come with Driftmeter."""

    flights = "flights"
    search = "search"


class Kind(StrEnum):
    """What sort of thing people did."""

    deploy = "deploy"
    product = "product"
    holiday = "holiday"
    other = "other"


@app.command()
def demo(
    fixture: Annotated[
        Fixture | None, typer.Argument(help="Which log; both when left out.", show_default=False)
    ] = None,
    home: Annotated[Path, typer.Option(metavar="DIR", help="Where logs, configuration and store go.")] = Path(
        "driftmeter-demo"
    ),
    dashboard: Annotated[
        bool, typer.Option("--dashboard/--no-dashboard", help="Open the dashboard at the end.")
    ] = True,
    port: Port = None,
) -> None:
    """Show the dashboard on logs that come along.

    Lays them out under --home as your own would be, runs, says what was found and opens the dashboard.
    """
    from monitors.cli import demo as room

    names = [fixture.value] if fixture else [each.value for each in Fixture]
    configs = [room.prepare(name, home) for name in names]
    _run(configs)
    for config in configs:
        _show(config)
    if dashboard:
        _serve(configs, port)


@app.command()
def init(
    logs: Annotated[list[str], typer.Argument(metavar="LOG...", help="Files or globs of the log.")],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="FILE", help="The configuration to write.")] = DEFAULT,
    force: Annotated[bool, typer.Option("--force", help="Replace a configuration that is there.")] = False,
) -> None:
    """Write a configuration for a log.

    Reads a sample of it, guesses every key and says why.
    """
    from monitors.guess import init as guess

    for line in guess(logs, out, force=force):
        typer.echo(line)


@app.command()
def run(
    config: Configs = None,
    prometheus: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Then write gauges for Prometheus: node exporter's textfile collector."),
    ] = None,
) -> None:
    """Profile what is new, measure, find, notify.

    Running twice changes nothing.
    """
    _run(config or [DEFAULT], prometheus)


@app.command()
def findings(
    config: Config = DEFAULT,
    as_json: Annotated[bool, typer.Option("--json", help="A list of objects, newest window first.")] = False,
    since: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="Leave out windows that end before this date, time or row."),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also what is watched, silenced or resolved.")] = False,
    cards: Annotated[bool, typer.Option("--cards", help="All that is known of what went missing, at length.")] = False,
) -> None:
    """Say what is wrong: incidents with alerts, what is open first, then by what they cost."""
    from monitors.cli import answers, show

    if cards:
        typer.echo("\n\n".join(answers.cards(config)) or "Nothing is missing.")
        return
    frame, grain = answers.findings(config, since=since, everything=everything)
    if as_json:
        import json

        from monitors.export import findings_json

        typer.echo(json.dumps(findings_json(frame, grain), ensure_ascii=False, indent=1))
    else:
        show.incidents(answers.incidents(config, frame["incident"].dropna()), frame, grain)
        if everything or frame["incident"].isna().any():
            show.findings(frame, grain, everything=everything)
        show.planned(answers.planned(config))


@app.command()
def measurements(
    out: Annotated[Path, typer.Option("--out", metavar="X.parquet|X.csv", help="The file to write.")],
    config: Config = DEFAULT,
) -> None:
    """Write every number that was measured to a file."""
    from monitors.cli import answers

    typer.echo(answers.write_measurements(config, out))


@app.command(epilog=schema.told())
def export(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="The folder to write to; made where needed.")],
    config: Config = DEFAULT,
) -> None:
    """Write the store as Parquet files.

    DuckDB, pandas or a warehouse can query them: every count, sum and measurement, all of one moment.
    """
    from monitors.cli import answers

    typer.echo(answers.export_store(config, out))


@app.command()
def check(
    config: Config = DEFAULT,
    window: Annotated[str, typer.Option(metavar="last|DATE", help="The window to judge.")] = "last",
) -> None:
    """Exit with 1 when an alert is open.

    For CI and schedulers.
    """
    from monitors.cli import answers

    is_open, sentence = answers.check(config, window)
    typer.echo(sentence)
    if is_open:
        raise typer.Exit(1)


@app.command()
def scorecard(
    config: Config = DEFAULT,
    as_json: Annotated[bool, typer.Option("--json", help="One object; its tests are a list of seven.")] = False,
) -> None:
    """Answer the Monitoring tests of Google's ML Test Score.

    Seven tests, each pass, fail or not covered, with the evidence in the store and what to configure.
    """
    from monitors.cli import answers, show

    card, grain = answers.scorecard(config)
    if as_json:
        import json

        from monitors.scorecard import as_json as plain

        typer.echo(json.dumps(plain(card, grain), ensure_ascii=False, indent=1))
    else:
        show.scorecard(card)


@app.command()
def note(
    text: Annotated[str, typer.Argument(help="What happened.")],
    config: Config = DEFAULT,
    at: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="When: a date, a time, or a row number; now when left out."),
    ] = None,
    kind: Annotated[Kind, typer.Option(help="What sort of thing it was.")] = Kind.other,
) -> None:
    """Note an event, such as a deploy.

    Charts show it beside what changed.
    """
    from monitors.cli import answers

    typer.echo(answers.note(config, text, at, kind.value))


@app.command()
def dashboard(config: Configs = None, port: Port = None) -> None:
    """Open the dashboard on this machine."""
    _serve(config or [DEFAULT], port)


def _run(configs: list[Path], prometheus: Path | None = None) -> None:
    from monitors.cli import running

    running.run_all(configs, prometheus)


def _show(config: Path) -> None:
    from monitors.cli import answers, show

    frame, grain = answers.findings(config)
    show.incidents(answers.incidents(config, frame["incident"].dropna()), frame, grain)


def _serve(configs: list[Path], port: int | None) -> None:
    from monitors.cli import serve

    serve.dashboard(configs, port)
