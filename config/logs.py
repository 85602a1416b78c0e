"""Log records as single lines, so that nothing a visitor sends can forge a line of ours."""

from __future__ import annotations

import logging
import re

from config.requests import META_KEY, current_request_id

# C0 and C1 controls (line ends and terminal escapes among them), the Unicode line separators, and
# the bidirectional overrides that reorder what a reader sees.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def one_line(text: str) -> str:
    """The text with each character that could break or disguise a line written as an escape."""
    return _UNPRINTABLE.sub(lambda match: ascii(match[0])[1:-1], text)


class RequestIdFilter(logging.Filter):
    """Adds `request_id` to each record: of the request that it names, else of the current one."""

    def filter(self, record: logging.LogRecord) -> bool:
        request = getattr(record, "request", None)
        meta = getattr(request, "META", {})
        record.request_id = meta.get(META_KEY, current_request_id())
        return True


class OneLineFormatter(logging.Formatter):
    """`time level logger request-id message`; a traceback follows on the same line, escaped."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(request_id)s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        return one_line(super().format(record))
