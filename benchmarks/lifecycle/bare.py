"""The limit: no framework, a WSGI function, one prepared statement per request, the minimal rows.

One life: a case row, one deadline per step (the old one closed), one event per request; each request commits.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from typing import Any

from psycopg_pool import ConnectionPool

CREATE = """
WITH c AS (INSERT INTO cases (status, content) VALUES ('new', %s) RETURNING id),
     d AS (INSERT INTO deadlines (case_id, due) SELECT id, now() + interval '20 minutes' FROM c),
     e AS (INSERT INTO events (case_id, at, by, what) SELECT id, now(), %s, 'create' FROM c)
SELECT id FROM c
"""
STEP = """
WITH c AS (UPDATE cases SET status = %(status)s, owner = %(by)s WHERE id = %(id)s RETURNING id),
     o AS (UPDATE deadlines SET done = now() WHERE case_id = %(id)s AND done IS NULL),
     d AS (INSERT INTO deadlines (case_id, due) SELECT id, now() + interval '4 hours' FROM c WHERE %(status)s <> 'closed'),
     e AS (INSERT INTO events (case_id, at, by, what) SELECT id, now(), %(by)s, %(what)s FROM c)
SELECT id FROM c
"""
NOTE = "INSERT INTO events (case_id, at, by, what) VALUES (%s, now(), %s, %s) RETURNING case_id"

pool = ConnectionPool(os.environ["BARE_URL"], min_size=4, max_size=4, open=True, kwargs={"prepare_threshold": 0})


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """POST /new and POST /<id>/<assign|note|take|finish|close> with a JSON body; answers the id."""
    if environ["REQUEST_METHOD"] == "GET":
        start_response("200 OK", [("Content-Length", "2")])
        return [b"ok"]
    data = json.loads(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)))
    parts = environ["PATH_INFO"].strip("/").split("/")
    with pool.connection() as connection:
        if parts[0] == "new":
            found = connection.execute(CREATE, (data["content"], data["by"])).fetchone()
        elif parts[1] == "note":
            found = connection.execute(NOTE, (int(parts[0]), data["by"], data["text"])).fetchone()
        else:
            values = {"id": int(parts[0]), "by": data["by"], "what": parts[1], "status": "closed" if parts[1] == "close" else parts[1]}
            found = connection.execute(STEP, values).fetchone()
    body = json.dumps({"id": found[0] if found else 0}).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
