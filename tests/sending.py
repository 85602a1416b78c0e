"""A form sent as a browser sends it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.test import Client


def send(client: Client, address: str, typed: Mapping[str, Any], **how: Any) -> Any:
    """Opens the page of a form and sends it, with what the page says was looked at."""
    form = (client.get(address).context or {}).get("form")
    seen = form["seen"].value() if form and "seen" in form.fields else None
    return client.post(address, typed if seen is None else {"seen": seen, **typed}, **how)
