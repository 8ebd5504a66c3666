"""Types of text columns: the narrowest one that holds every value so far."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

TIME = pa.timestamp("us")
ZONED = pa.timestamp("us", "UTC")
# What a type may give way to when a later value does not fit it; text holds everything.
WIDER: dict[pa.DataType, tuple[pa.DataType, ...]] = {
    pa.bool_(): (pa.string(),),
    pa.int64(): (pa.float64(), pa.string()),
    pa.float64(): (pa.string(),),
    pa.date32(): (TIME, pa.string()),
    TIME: (pa.string(),),
    ZONED: (pa.string(),),
    pa.string(): (),
}
# Arrow alone would take "007" for 7 and "0x1f" for 31: codes and hashes, whose spelling matters.
_SHAPES = (
    (pa.bool_(), r"^(?i:true|false)$"),
    (pa.int64(), r"^-?(0|[1-9]\d{0,18})$"),
    (pa.float64(), r"^[-+]?(0|[1-9]\d*|\d+\.\d*|\.\d+|\d+(\.\d*)?[eE][-+]?\d+|(?i:nan|inf|infinity))$"),
    (pa.date32(), r"^\d{4}-\d\d-\d\d$"),
    (TIME, r"^\d{4}-\d\d-\d\d([ T]\d\d(:\d\d){0,2}(\.\d{1,6})?)?$"),
    (ZONED, r"^\d{4}-\d\d-\d\d[ T]\d\d(:\d\d){0,2}(\.\d{1,6})?(Z|[-+]\d\d:?\d\d)$"),
)
_NONE = pa.array(["None", "none", "nil"])
_NO_NUMBER = pa.array(["", "NA", "NULL", "null", "N/A", "n/a", "#N/A", *_NONE.to_pylist()])
_LOOK_AT = 256


def typed(text: pa.Array, known: pa.DataType, decimal_comma: bool = False) -> pa.Array:
    """Convert a column of text to `known`, or to the first wider type that holds all its values.

    Parameters
    ----------
    text : string array
    known : type that earlier blocks of this column had; ``null`` while nothing but nulls was seen
    decimal_comma : numbers may be written ``1,5``

    Returns
    -------
    Array of bool, int64, float64, date32, timestamp[us] (with zone UTC where offsets were written) or string; of
    type null when every value is null. In a column of numbers an empty string or a word such as ``NA`` is null.
    """
    if text.null_count == len(text):
        return pa.nulls(len(text), known)
    first = _guess(text, decimal_comma) if pa.types.is_null(known) else known
    if pa.types.is_null(first):
        return pa.nulls(len(text))
    for wanted in (first, *WIDER[first]):
        converted = _converted(text, wanted, decimal_comma)
        if converted is not None:
            return converted
    return text


def _guess(text: pa.Array, decimal_comma: bool) -> pa.DataType:
    trimmed = pc.utf8_trim_whitespace(text.drop_null())
    values = trimmed.filter(pc.invert(pc.is_in(trimmed, value_set=_NO_NUMBER)))[:_LOOK_AT]
    if not len(values):
        # Nothing but markers: "None" may be a category of its own, the others never are.
        return pa.string() if pc.any(pc.is_in(trimmed, value_set=_NONE)).as_py() else pa.null()
    for wanted, shape in _SHAPES:
        seen = pc.replace_substring(values, ",", ".") if decimal_comma and wanted == pa.float64() else values
        if pc.all(pc.match_substring_regex(seen, shape)).as_py():
            return wanted
    return pa.string()


def _converted(text: pa.Array, wanted: pa.DataType, decimal_comma: bool) -> pa.Array | None:
    if pa.types.is_string(wanted):
        return text
    try:
        return text.cast(wanted)
    except pa.ArrowInvalid:
        pass
    plain = pc.utf8_trim_whitespace(text)
    plain = pc.if_else(pc.is_in(plain, value_set=_NO_NUMBER), None, plain)
    if decimal_comma and pa.types.is_floating(wanted):
        plain = pc.replace_substring(plain, ",", ".")
    try:
        return plain.cast(wanted)
    except pa.ArrowInvalid:
        return None
