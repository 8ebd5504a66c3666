"""The command line. What goes wrong ends as one sentence and an exit code, never as a traceback."""

from __future__ import annotations

import os
import sys
import traceback

from monitors.errors import UserError

USER, FAULT = 2, 3


def main() -> None:
    """Run `driftmeter` with the process's arguments and leave with its exit code.

    0 fine; 1 alerts (`check` alone); 2 the user's mistake; 3 a fault of ours; 130 interrupted; 141 nobody reads on.
    """
    from monitors.cli.app import app

    try:
        app(prog_name="driftmeter")
    except UserError as error:
        sentence = str(error)
        code = _say(f"driftmeter: {sentence}{'' if sentence.endswith(('.', '?', '!')) else '.'}", USER)
    except Exception as error:  # noqa: BLE001 -- the one place where a fault of ours becomes a sentence
        if os.environ.get("DRIFTMETER_DEBUG") == "1":
            traceback.print_exc()
        words = " ".join(str(error).split()) or "no more is known"
        hint = "set DRIFTMETER_DEBUG=1 and run again to see where"
        code = _say(f"driftmeter: a fault of ours: {type(error).__name__}: {words} ({hint})", FAULT)
    sys.exit(code)


def _say(sentence: str, code: int) -> int:
    print(sentence, file=sys.stderr)
    return code
