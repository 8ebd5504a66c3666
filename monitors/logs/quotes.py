"""Where the rows of a CSV block end when some of its values are quoted, and which quotes were never closed."""

from __future__ import annotations

import numpy as np
from numba import njit

_QUOTE, _NEWLINE, _RETURN = ord('"'), ord("\n"), ord("\r")


@njit(cache=True, nogil=True)
def scan_rows(data: np.ndarray, delimiter: int, last: bool, drops: np.ndarray) -> tuple[int, int]:
    """Find the end of the last whole row, and rows whose opening quote is a mistake.

    A quoted value may run over line ends (RFC 4180, section 2.6). If it does, and the quote that ends it is not
    followed by a delimiter or a line end, or never comes, then the opening quote was a stray one: taken at its
    word it would swallow good rows without a trace. The row in which it opened is dropped, and reading goes on
    with the next line.

    Parameters
    ----------
    data : uint8, the block, beginning at a row's start
    delimiter : byte between values
    last : nothing comes after this block that could close a quote
    drops : int64 (k, 2), filled with start and end of every row to leave out

    Returns
    -------
    end : number of bytes up to the end of the last whole row
    dropped : number of rows to leave out; when it reaches k, call again with the rest
    """
    size = data.size
    row = end = 0
    dropped = 0
    quoted = False
    fresh = True  # at the start of a value, the only place where a quote opens one
    line_end = -1  # end of the first line that the open quoted value ran over
    i = 0
    while True:
        if i >= size:
            if not (quoted and last):
                return end, dropped
            stray = True
        else:
            stray = False
            byte = data[i]
            if not quoted:
                if byte == _NEWLINE:
                    row = end = i + 1
                    fresh = True
                elif byte == delimiter:
                    fresh = True
                else:
                    quoted = fresh and byte == _QUOTE
                    if quoted:
                        line_end = -1
                    fresh = False
            elif byte == _NEWLINE:
                if line_end < 0:
                    line_end = i + 1
            elif byte == _QUOTE:
                if i + 1 == size:
                    if not last:
                        return end, dropped
                    quoted = False
                elif data[i + 1] == _QUOTE:
                    i += 1
                else:
                    after = data[i + 1]
                    quoted = False
                    stray = line_end >= 0 and after != delimiter and after != _NEWLINE and after != _RETURN
        if stray:
            if dropped == drops.shape[0]:
                return row, dropped
            row_end = line_end if line_end >= 0 else size
            drops[dropped, 0] = row
            drops[dropped, 1] = row_end
            dropped += 1
            row = end = i = row_end
            quoted = False
            fresh = True
        else:
            i += 1
