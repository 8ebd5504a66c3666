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
