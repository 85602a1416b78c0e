"""Sessions in the database, of which it does not know the keys.

A row stands under a digest of its key, and what it holds is signed together with the key: whoever
reads the table can neither act as somebody who is signed in nor move what is in one row to another.
The key itself is in the browser's cookie alone. The product answers no request asynchronously, so
Django's asynchronous twins of these methods are left as they are, and find nothing.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from django.contrib.sessions.backends import db
from django.utils import timezone


def digest(key: str) -> str:
    """What stands in the key's place: as much of SHA-256 as the column holds, 160 bits."""
    return sha256(key.encode()).hexdigest()[:40]


class SessionStore(db.SessionStore):
    """Django's, with the digest of the key wherever the database is asked."""

    @property
    def key_salt(self) -> str:
        return f"config.session_store.{self.session_key}"

    def _get_session_from_db(self) -> Any:
        found = self.model.objects.filter(
            session_key=digest(self.session_key or ""), expire_date__gt=timezone.now()
        ).first()
        if found is None:
            # As Django's: a key that opens nothing is not used again.
            self._session_key = None
        return found

    def exists(self, session_key: str) -> bool:
        return super().exists(digest(session_key))

    def create_model_instance(self, data: Any) -> Any:
        row = super().create_model_instance(data)
        row.session_key = digest(row.session_key)
        return row

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key is not None:
            super().delete(digest(key))
