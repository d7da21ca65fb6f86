"""Prompts and answers as a file: a JSON line for each body that the filter's requests have. What is sealed stays so."""

import json
from collections.abc import Iterator, Sequence

from activity import export
from activity.bodies import queries
from activity.models import Body, Request
from activity.queries import instant

AT_ONCE = 8  # one may have eleven megabytes


def _lines(rows: Sequence[Request]) -> Iterator[list[str]]:
    for start in range(0, len(rows), AT_ONCE):
        some = rows[start : start + AT_ONCE]
        bodies = queries.readable().in_bulk([row.pk for row in some])
        export.give_back()
        yield [_line(row, bodies[row.pk]) for row in some if row.pk in bodies]


def _line(row: Request, body: Body) -> str:
    about = {"created_at": instant(row.created_at), "model": row.model or row.requested_model}
    return json.dumps(queries.as_json(row, body) | about) + "\n"


FORMAT = export.Format("bodies", export.JSON_LINES, "", _lines, export.json_end)
