"""The pictures that README.md shows: `./dev screenshots`.

    python -m tests.screenshots DIR URL

against a demonstration that is served at URL.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

# The first import: it sets Django up.
from tests import gallery  # isort: skip
from django.urls import reverse
from playwright.sync_api import sync_playwright

from accounts.choices import Role
from accounts.demo import DEMO_ACCOUNTS
from permits.choices import Status
from permits.models import Application, Card, PermitSweep
from tests.browser import LAUNCH_ARGUMENTS, find_chromium

NAMES = ("worklist", "case", "consideration", "turkiye", "sweep", "history")
LOOK = gallery.Look("desktop", width=1280)


def addresses() -> Iterator[tuple[Role, str]]:
    """Of each picture who looks, and at what."""
    yield Role.ANALYST, reverse("permits:worklist")
    in_review = Application.objects.filter(status=Status.IN_REVIEW).order_by("pk")
    # What applies to it hangs on a question: may sensitive goods go to Hong Kong?
    asked = in_review.filter(destination__code="HK")[0]
    yield Role.ANALYST, asked.get_absolute_url()
    turkish = in_review.filter(destination__code="TR")
    card = Card.objects.filter(application=turkish[0]).order_by("pk")[0]
    yield Role.ANALYST, card.get_absolute_url()
    turkey = reverse("policies:destination", args=["TR"])
    yield Role.ADMINISTRATOR, f"{turkey}?on=2020-10-05#timeline-name"
    sweep = PermitSweep.objects.order_by("pk")[0]
    yield Role.ADMINISTRATOR, sweep.get_absolute_url()
    yield Role.AUDITOR, reverse("history:events")


def take(folder: Path, url: str) -> None:
    people = {one.role: one for one in reversed(DEMO_ACCOUNTS)}
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=LAUNCH_ARGUMENTS)
        for name, (role, address) in zip(NAMES, addresses(), strict=True):
            with gallery.open_page(browser, LOOK) as page:
                gallery.sign_in(page, url, people[role])
                answer = page.goto(url + address)
                if answer is None or not answer.ok:
                    sys.exit(f"{address}: {answer and answer.status}")
                page.screenshot(path=folder / f"{name}.png")
        browser.close()


if __name__ == "__main__":
    take(Path(sys.argv[1]), sys.argv[2])
