"""Every page as every role sees it, in pictures: `./dev gallery DIR`.

    python -m tests.gallery DIR URL

against a demonstration that is served at URL. Each page is taken as desktop, at 390 px, dark, in
French and as printed; `index.html` lays them side by side.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright keeps an event loop.
django.setup()

# ruff: noqa: E402 - what follows needs Django
from django.urls import reverse
from playwright.sync_api import Browser, Page, sync_playwright

from accounts.choices import Role
from accounts.demo import DEMO_ACCOUNTS, DemoAccount
from accounts.models import User
from config.access import who_may
from history.models import Checkpoint, Event
from permits.choices import Status
from permits.models import (
    Application,
    Card,
    Consultation,
    Permit,
    PermitAct,
    PermitSweep,
    Statement,
    Use,
)
from tests.browser import LAUNCH_ARGUMENTS, find_chromium


@dataclass(frozen=True)
class Look:
    name: str
    width: int = 1440
    dark: bool = False
    language: str = "en-CA"
    printed: bool = False


LOOKS = (
    Look("desktop"),
    Look("phone", width=390),
    Look("dark", dark=True),
    Look("french", language="fr-CA"),
    Look("print", printed=True),
)


def pages() -> Iterator[tuple[str, str]]:
    """The name of each page's address, and an address; several where a page has several faces."""
    for name in (
        *("accounts:sign_in", "reports:start", "permits:worklist", "permits:permits"),
        *("permits:rebuttals", "permits:policy_changes", "permits:new_policy_change"),
        "permits:sweeps",
        *("permits:new", "policies:register", "policies:destinations", "policies:lists"),
        *("policies:law", "policies:ask", "accounts:account", "accounts:people"),
        *("accounts:pending", "accounts:new_person", "history:events", "history:checkpoints"),
        *(
            "admin:index",
            "admin:permits_application_changelist",
            "admin:policies_policy_changelist",
        ),
    ):
        yield name, reverse(name)
    for day in ("2020-10-05", "2024-01-29"):
        yield "policies:map", reverse("policies:map") + f"?on={day}"
    yield "policies:changes", reverse("policies:changes") + "?from=2020-10-04&to=2024-01-29"
    yield "policies:policy", reverse("policies:policy", args=["TR-2020-04-16-presumptive"])
    for code, day in (("TR", "2020-10-05"), ("TR", "2024-01-29"), ("UA", ""), ("DE", "")):
        query = f"?on={day}" if day else ""
        yield "policies:destination", reverse("policies:destination", args=[code]) + query
    for code in ("ECL", "BCL", "GEP41"):
        yield "policies:list", reverse("policies:list", args=[code])
    yield "policies:instrument", reverse("policies:instrument", args=["EIPA"])
    asked = "?on=2020-10-05&activity=brokering&destination=TR&items=2-15.d"
    yield "policies:ask", reverse("policies:ask") + asked
    yield "accounts:person", reverse("accounts:person", args=[_first(User.objects.all())])
    yield "history:event", reverse("history:event", args=[Event.objects.latest("number").number])
    if Checkpoint.objects.exists():
        yield "history:events", reverse("history:events") + "?subject=policy:TR-2020-04-16-freeze"
    yield from _of_cases()


def _of_cases() -> Iterator[tuple[str, str]]:
    for status in Status:
        case = Application.objects.filter(status=status).order_by("-pk").first()
        if case is not None:
            yield "permits:case", case.get_absolute_url()
    for case in Application.objects.filter(status=Status.IN_REVIEW).order_by("pk")[:1]:
        for name in ("in_full", "form", "new_line", "new_party", "new_document"):
            yield f"permits:{name}", reverse(f"permits:{name}", args=[case.reference])
        for action in ("recommend", "consult", "return"):
            yield "permits:do", reverse("permits:do", args=[case.reference, action])
    for case in Application.objects.filter(status=Status.RECOMMENDED).order_by("pk")[:1]:
        for action in ("issue", "refuse"):
            yield "permits:do", reverse("permits:do", args=[case.reference, action])
    signed = Card.objects.filter(application__status=Status.IN_REVIEW, first_by__isnull=False)
    for card in signed[:1]:
        yield "permits:card", card.get_absolute_url()
        slug = card.get_absolute_url().rstrip("/").rpartition("/")[2]
        yield "permits:sign", reverse("permits:sign", args=[card.application.reference, slug])
    for statement in Statement.objects.filter(countersigned_at__isnull=True)[:1]:
        yield "permits:countersign", reverse("permits:countersign", args=[statement.pk])
    for consultation in Consultation.objects.filter(closed_on__isnull=True)[:1]:
        for name in ("permits:answer", "permits:move_day"):
            yield name, reverse(name, args=[consultation.pk])
    for use in Use.objects.all()[:1]:
        yield "permits:take_back", reverse("permits:take_back", args=[use.pk])
    for sweep in PermitSweep.objects.all()[:1]:
        yield "permits:sweep", sweep.get_absolute_url()
    acted = PermitAct.objects.values("permit")
    for found in (Permit.objects.filter(pk__in=acted), Permit.objects.exclude(pk__in=acted)):
        for permit in found.order_by("-pk")[:1]:
            yield "permits:permit", permit.get_absolute_url()
            yield "permits:propose", reverse("permits:propose", args=[permit.number])
            yield "permits:tighten", reverse("permits:tighten", args=[permit.number])


def _first(rows: Any) -> int:
    return int(rows.order_by("pk").values_list("pk", flat=True)[0])


def take(folder: Path, url: str) -> int:
    """Takes the pictures and writes the index. How many could not be taken or are too wide."""
    people: dict[Role | None, DemoAccount | None] = {None: None}
    people |= {one.role: one for one in reversed(DEMO_ACCOUNTS)}
    every, failed, rows = list(pages()), 0, []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=LAUNCH_ARGUMENTS)
        for role, account in people.items():
            there = [one for one in every if _may_see(one[0], role)]
            for look in LOOKS:
                with open_page(browser, look) as page:
                    sign_in(page, url, account)
                    page.emulate_media(media="print" if look.printed else "screen")
                    for place, (name, path) in enumerate(there):
                        picture = f"{role or 'anonymous'}/{place:02}-{look.name}.png"
                        answer = page.goto(url + path)
                        page.screenshot(path=folder / picture, full_page=True)
                        if answer is None or answer.status >= 400:
                            failed += 1
                            sys.stdout.write(f"{path} as {role}: {answer and answer.status}\n")
                        wide = page.evaluate("document.documentElement.scrollWidth")
                        if wide > look.width and not look.printed:
                            failed += 1
                            sys.stdout.write(f"{path} as {role}, {look.name}: {wide} px wide\n")
                        rows.append((str(role or "anonymous"), place, name, path, picture))
            sys.stdout.write(f"{role or 'anonymous'}: {len(there)} pages\n")
        browser.close()
    (folder / "index.html").write_text(_index(rows), encoding="utf-8")
    return failed


def _may_see(name: str, role: Role | None) -> bool:
    who = who_may(name, "GET")
    if who is None:
        return False
    if role is None or name == "accounts:sign_in":
        return role is None and not who.signed_in
    return not who.signed_in or who.roles is None or role in who.roles


def open_page(browser: Browser, look: Look) -> Page:
    context = browser.new_context(
        viewport={"width": look.width, "height": 900},
        color_scheme="dark" if look.dark else "light",
        locale=look.language,
        reduced_motion="reduce",
    )
    return context.new_page()


def sign_in(page: Page, url: str, account: DemoAccount | None) -> None:
    if account is None:
        return
    page.goto(f"{url}/sign-in/")
    page.locator("#id_username").fill(account.username)
    page.locator("#id_password").fill(account.password)
    page.locator("#id_password").press("Enter")
    page.wait_for_url("**/start/")


def _index(rows: list[tuple[str, int, str, str, str]]) -> str:
    found: dict[tuple[str, int, str, str], list[str]] = {}
    for role, place, name, path, picture in rows:
        found.setdefault((role, place, name, path), []).append(picture)
    parts = [
        f"<section><h2>{escape(role)}: {escape(name)}</h2><p>{escape(path)}</p>"
        + "".join(
            f'<a href="{escape(one)}"><img src="{escape(one)}" alt="{escape(one)}"></a>'
            for one in pictures
        )
        + "</section>"
        for (role, _place, name, path), pictures in found.items()
    ]
    style = "img{height:22rem;margin:.25rem;border:1px solid #888}body{font-family:sans-serif}"
    return (
        f"<!DOCTYPE html><meta charset=utf-8><title>Gallery</title><style>{style}</style>"
        f"<h1>Gallery: synthetic data</h1>{''.join(parts)}"
    )


def main(folder: str, url: str) -> int:
    there = Path(folder)
    there.mkdir(parents=True, exist_ok=True)
    return 1 if take(there, url.rstrip("/")) else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
