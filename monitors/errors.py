"""The errors that a person sees."""

from __future__ import annotations


class DriftmeterError(Exception):
    """Root of the package's own errors."""


class UserError(DriftmeterError, ValueError):
    """A user's mistake, told in one sentence: what it is about, what came, what would do (exit code 2)."""


class LogFileError(DriftmeterError):
    """One file of the log cannot be read. It never stops the others: the run reports it as a finding.

    Parameters
    ----------
    path : the file, as the user would recognise it
    reason : one clause, without a full stop
    """

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


def clause(error: BaseException) -> str:
    r"""What somebody else's error says, as a part of a sentence: its first line, without what it is wrapped in.

    A data base's error as SQLAlchemy wraps it is the one inside; one without words has the name of its kind.

    >>> clause(OSError("disk full.\nTraceback follows")), clause(TimeoutError())
    ('disk full', 'TimeoutError')
    """
    inner = getattr(error, "orig", None) or error
    lines = [line.strip() for line in str(inner).splitlines() if line.strip()] or [type(error).__name__]
    first = f"{lines[0]} {lines[1]}" if lines[0].endswith(":") and len(lines) > 1 else lines[0]
    return first.rstrip(". ")[:_LONGEST]


_LONGEST = 300
"""Characters of somebody else's words."""
