"""BentoML monitoring: a JSON object a call in ``monitoring/NAME/data/*.log``, its columns as the service names them.

https://docs.bentoml.com/en/latest/build-with-bentoml/observability/monitoring-and-data-collection.html
(``timestamp`` and ``request_id`` beside the logged values; which of them is the prediction stands in ``schema/``).
"""

from __future__ import annotations

from monitors.logs.formats.payload import BOTH, ID, TIMESTAMP, BrokenRecordError, Exchange, Format, Record, id_text


def _recognises(record: Record) -> bool:
    # Every record ends in these two; the values before them are logged one by one, so none is an object.
    return list(record)[-2:] == [TIMESTAMP, ID] and len(record) > 2 and str(record[ID]).isdecimal()


def _exchange(record: Record) -> Exchange:
    if TIMESTAMP not in record:
        raise BrokenRecordError("a record has no timestamp")
    values = {name: value for name, value in record.items() if name not in (TIMESTAMP, ID)}
    return Exchange(BOTH, id_text(record.get(ID)), record[TIMESTAMP], [values])


FORMAT = Format("bentoml", _recognises, _exchange)
