"""Items made a step ahead: the same ones in the same order, all by one thread, and no more than one too many."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from monitors.logs.ahead import ahead


class Made:
    """Items that note what happens to them."""

    def __init__(self, count: int, fails: bool = False) -> None:
        self.count, self.fails = count, fails
        self.made: list[int] = []
        self.threads: set[int] = set()
        self.closed = False

    def items(self) -> Iterator[int]:
        try:
            for i in range(self.count):
                self.made.append(i)
                self.threads.add(threading.get_ident())
                yield i
            if self.fails:
                raise ValueError("broken off")
        finally:
            self.threads.add(threading.get_ident())
            self.closed = True


@pytest.mark.parametrize("count", [0, 1, 7])
def test_items_come_in_order_from_one_other_thread(count: int) -> None:
    made = Made(count)
    assert list(ahead(made.items())) == list(range(count))
    assert len(made.threads) == 1
    assert threading.get_ident() not in made.threads


def test_the_next_item_is_made_while_one_is_used_and_no_further_one() -> None:
    made = Made(9)
    waiting = ahead(made.items())
    assert next(waiting) == 0
    waiting.close()
    assert made.made == [0, 1]
    assert made.closed
    assert len(made.threads) == 1


def test_what_goes_wrong_is_raised_after_the_items_before_it() -> None:
    found: list[int] = []
    with pytest.raises(ValueError, match="broken off"):
        found.extend(ahead(Made(2, fails=True).items()))
    assert found == [0, 1]


def test_an_error_of_the_one_who_uses_them_closes_them() -> None:
    made = Made(5)
    with pytest.raises(KeyError):
        for _ in ahead(made.items()):
            raise KeyError
    assert made.closed
