"""The payload formats by name, and which of them a log is in."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import replace

from monitors.errors import LogFileError
from monitors.logs.files import LogFile
from monitors.logs.formats import azure, bentoml, databricks, feast, kserve, mlflow, sagemaker, seldon, vertex
from monitors.logs.formats.payload import Format, Payload

FORMATS: dict[str, Format] = {
    each.FORMAT.name: each.FORMAT
    # in the order in which they are tried on an unknown log: the one that asks least of a record last
    for each in (sagemaker, databricks, vertex, feast, azure, kserve, seldon, mlflow, bentoml)
}
_LOOKED_AT = 20  # records of each file


def checked(name: str) -> str:
    """The name of a format; ValueError with the nearest one when there is no such format."""
    if name not in FORMATS:
        near = difflib.get_close_matches(name.lower(), FORMATS, 1, cutoff=0.4)
        hint = f'; did you mean "{near[0]}"?' if near else "; left out, files are plain tables"
        raise ValueError(f"give one of {', '.join(sorted(FORMATS))}{hint}")
    return name


def formatted(
    files: list[LogFile], name: str | None, columns: Sequence[str] = (), outputs: Sequence[str] | str | None = None
) -> list[LogFile]:
    """The files of a log as files of a payload format; as they are where there is none."""
    if name is None:
        return files
    given = outputs if isinstance(outputs, str) else tuple(outputs) if outputs else "prediction"
    payload = Payload(FORMATS[name], tuple(columns), given)
    return [replace(file, payload=payload) for file in files]


def joined(files: list[LogFile], among: Sequence[LogFile]) -> list[LogFile]:
    """The files with the responses that stand in some files, where their format has those apart."""
    if not files or not is_apart(files[0]):
        return files
    from monitors.logs.formats.answers import Answers

    answers = Answers(among)
    return [replace(file, payload=replace(file.payload, answers=answers)) if file.payload else file for file in files]


def is_apart(file: LogFile) -> bool:
    """Whether the file's format has requests and responses as records of their own."""
    return file.payload is not None and file.payload.format.apart


def recognised(files: Sequence[LogFile]) -> str | None:
    """The format that all records looked at are of, None where no format is evident."""
    from monitors.logs.formats.exchanges import raw_records
    from monitors.logs.notes import ReadNotes

    records = []
    for file in files:
        try:
            records += [record for _, record in next(raw_records(file, ReadNotes()), [])[:_LOOKED_AT]]
        except LogFileError:
            continue
    if not records:
        return None
    return next((name for name, each in FORMATS.items() if all(map(each.recognises, records))), None)
