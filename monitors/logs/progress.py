"""How long work tells how far it is."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called with the step's name, what is done and what there is to do."""

    def __call__(self, step: str, done: int, total: int, /) -> None:
        """Say how far it is."""


def silent(_step: str, _done: int, _total: int, /) -> None:
    """Tell nobody."""
