"""Reading and counting at the same time."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")


def ahead(items: Iterator[Item]) -> Iterator[Item]:
    """The same items, each made by another thread while the one before it is used.

    It is one thread for all of them, also for closing a generator that nobody asks any further: what belongs to the
    thread that made it, such as a connection, stays with it.
    """
    with ThreadPoolExecutor(1) as maker:
        following = maker.submit(next, items, None)
        try:
            while (item := following.result()) is not None:
                following = maker.submit(next, items, None)
                yield item
        finally:
            if hasattr(items, "close"):
                maker.submit(items.close)
