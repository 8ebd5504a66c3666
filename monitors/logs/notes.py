"""What a reader had to leave out or change, told beside the rows that it delivers."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class ReadNotes:
    """Filled while one file is read; complete when its last batch has come.

    Attributes
    ----------
    skipped_rows : lines that are no rows of this file: wrong number of fields, broken quotes, broken JSON
    messages : one clause for each thing noticed, without any of the log's values
    """

    skipped_rows: int = 0
    _skipped: dict[str, tuple[int, int]] = field(default_factory=dict)
    _said: list[str] = field(default_factory=list)

    def skip(self, rows: int, what: str, line: int) -> None:
        """Count `rows` more lines as left out, the first of them at row `line` of the file."""
        if rows:
            self.skipped_rows += rows
            count, first = self._skipped.get(what, (0, line))
            self._skipped[what] = (count + rows, min(first, line))

    def say(self, message: str) -> None:
        """Keep a message once."""
        if message not in self._said:
            self._said.append(message)

    @property
    def messages(self) -> list[str]:
        """What was skipped, then what was changed."""
        return [
            f"{count} {'row' if count == 1 else 'rows'} skipped: {what} (first at row {first})"
            for what, (count, first) in self._skipped.items()
        ] + self._said
