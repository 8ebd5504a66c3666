"""Reading and counting at the same time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")


def ahead(items: Iterable[Item]) -> Iterator[Item]:
    """The same items, each made by another thread while the one before it is used.

    It is one thread for all of them: what belongs to the thread that made it, such as a connection, stays with it.
    """
    waiting = iter(items)
    with ThreadPoolExecutor(1) as maker:
        following = maker.submit(next, waiting, None)
        while (item := following.result()) is not None:
            following = maker.submit(next, waiting, None)
            yield item
