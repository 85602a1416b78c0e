"""The product as gunicorn serves it, saying of each answer what it took.

Each answer has the headers `X-Took` (milliseconds at the server), `X-Sql` (of these, waiting for
the database) and `X-Queries`. A request with `X-Bare: 1` gets what the same address gave before,
made again by the same template from the same context: its rows are in memory, so what it takes is
the template alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.template import loader

from config.wsgi import application as product

_spent = {"sql": 0.0, "queries": 0}
_made: list[tuple[Any, ...]] = []
_contexts: dict[str, tuple[Any, ...]] = {}
_render = loader.render_to_string


def _keep(*given: Any, **named: Any) -> str:
    """Renders, and keeps what with."""
    _made.append((given, named))
    return _render(*given, **named)


def _timed(
    execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]
) -> Any:
    begun = time.perf_counter()
    try:
        return execute(sql, params, many, context)
    finally:
        _spent["sql"] += time.perf_counter() - begun
        _spent["queries"] += 1


def _watch(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    if _timed not in connection.execute_wrappers:
        connection.execute_wrappers.append(_timed)


loader.render_to_string = _keep  # type: ignore[assignment]
connection_created.connect(_watch)


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """One request at a time: the server of a benchmark has one thread."""
    address = f"{environ['PATH_INFO']}?{environ.get('QUERY_STRING', '')}"
    _spent.update(sql=0.0, queries=0)
    _made.clear()
    begun = time.perf_counter()
    if environ.get("HTTP_X_BARE"):
        given, named = _contexts[address]
        status, headers = "200 OK", [("Content-Type", "text/html")]
        body = _render(*given, **named).encode()
    else:
        told: list[Any] = []
        answer = product(environ, lambda *started: told.extend(started))  # type: ignore[arg-type]
        body = b"".join(answer)
        if hasattr(answer, "close"):
            answer.close()
        status, headers = told[0], told[1]
        if _made:
            _contexts[address] = _made[-1]
    took = time.perf_counter() - begun
    headers = [
        *headers,
        ("X-Took", f"{1000 * took:.3f}"),
        ("X-Sql", f"{1000 * _spent['sql']:.3f}"),
        ("X-Queries", str(_spent["queries"])),
    ]
    if environ.get("HTTP_X_BARE"):
        headers.append(("Content-Length", str(len(body))))
    start_response(status, headers)
    return [body]
