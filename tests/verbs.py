"""What tests do that nobody does: an entry beside those of the product, by anyone, anywhere."""

from __future__ import annotations

from history.verbs import By, declare

ANYWHERE = By(
    ["audit", "case", "people", "policy", "reference"],
    [None, "administrator", "analyst"],
    system=True,
)

declare(
    {
        f"test.{what}": ANYWHERE
        for what in (
            "added",
            "assessed",
            "changed",
            "decided",
            "done",
            "doubled",
            "edited",
            "issued",
            "numbered",
            "told",
        )
    }
)
