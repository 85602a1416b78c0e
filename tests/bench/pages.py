"""How long pages take, as the office grows.

    ./dev bench pages [SIZE ...]

Fills the database up to each size with made-up applications, serves it by gunicorn and asks for
each page again and again: the page, and by turns the same page from memory, so that both meet the
machine in the same state. Prints a table for docs/performance.md; ends with 1 where a bar of the
product is missed.
"""

from __future__ import annotations

import http.client
import os
import platform
import re
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlencode

SIZES = (1_000, 20_000, 100_000)
ROUNDS = 60
WARM = 5


@dataclass(frozen=True)
class Page:
    """A page and its bars: milliseconds for 95 of 100 answers, queries, times the bare page."""

    name: str
    address: str
    most: float | None = None
    queries: int | None = None
    times_bare: float | None = None


@dataclass
class Found:
    """What was found of a page at one size, in milliseconds."""

    page: Page
    took: list[float] = field(default_factory=list)
    sql: list[float] = field(default_factory=list)
    queries: list[int] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)
    bare_queries: int = 0
    size: int = 0

    @property
    def p95(self) -> float:
        return statistics.quantiles(self.took, n=20)[-1]

    @property
    def times_bare(self) -> float:
        return statistics.median(self.took) / statistics.median(self.bare)

    def misses(self, first: Found | None) -> Iterator[str]:
        """Each bar that is missed, in words. `first` is the same page at the first size."""
        page = self.page
        if page.most is not None and self.p95 > page.most:
            yield f"{page.name}: p95 {self.p95:.0f} ms, not {page.most:.0f}"
        if page.queries is not None and max(self.queries) > page.queries:
            yield f"{page.name}: {max(self.queries)} queries, not {page.queries}"
        if page.times_bare is not None and self.times_bare > page.times_bare:
            yield f"{page.name}: {self.times_bare:.1f} times the bare page, not {page.times_bare}"
        if first is not None and page.most is not None and self.growth(first) > GROWTH:
            yield f"{page.name}: {self.growth(first):.2f} times as long as at the first size"
        if self.bare_queries:
            yield f"{page.name}: the bare page asks the database {self.bare_queries} times"

    def growth(self, first: Found) -> float:
        return statistics.median(self.took) / statistics.median(first.took)


GROWTH = 1.5


def pages(case: str, reference: str) -> list[Page]:
    return [
        Page("worklist", "/worklist/", most=60, queries=12, times_bare=2.5),
        Page("worklist, all", "/worklist/?view=all"),
        Page("worklist, by value", "/worklist/?view=all&sort=-value"),
        Page("worklist, one destination", "/worklist/?view=all&destination=SG"),
        Page("worklist, a text", "/worklist/?view=all&q=Harbour"),
        Page("case", case, most=80, queries=20),
        Page("register", "/policies/", most=100),
        Page("history", "/history/", most=100),
        Page("history of a case", f"/history/?subject=application:{reference}"),
        Page("start", "/start/"),
    ]


class Browser:
    """Keeps a connection and its cookies."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self._cookies: dict[str, str] = {}

    def ask(
        self, address: str, form: dict[str, str] | None = None, *, bare: bool = False
    ) -> tuple[http.client.HTTPResponse, str]:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
        if bare:
            headers["X-Bare"] = "1"
        body = None
        if form is not None:
            body = urlencode(form)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self._connection.request("POST" if body else "GET", address, body, headers)
        answer = self._connection.getresponse()
        text = answer.read().decode()
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = cookie.partition(";")[0].partition("=")
            self._cookies[name] = value
        return answer, text

    def sign_in(self) -> None:
        from accounts.demo import DEMO_ACCOUNTS  # noqa: PLC0415 - after the settings are named

        senior = next(one for one in DEMO_ACCOUNTS if one.username == "senior")
        _, text = self.ask("/sign-in/")
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', text)
        assert token, "the sign-in page has no form"
        answer, _ = self.ask(
            "/sign-in/",
            {
                "csrfmiddlewaretoken": token[1],
                "username": senior.username,
                "password": senior.password,
            },
        )
        assert answer.status == 302, f"signing in gave {answer.status}"


@contextmanager
def served() -> Iterator[int]:
    """The port at which the product is served by one process with one thread."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}/"
    command = [sys.executable, "-m", "gunicorn", "--config", "python:config.server"]
    server = subprocess.Popen(
        [*command, "--threads", "1", "--bind", f"127.0.0.1:{port}", "tests.bench.served"],
        env={**os.environ, "PERMIT_DESK_URL": url},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        # It names its address once the port answers.
        assert server.stdout is not None
        assert any(url in line for line in server.stdout), "the server did not start"
        yield port
    finally:
        server.terminate()
        server.wait()


def measure(size: int) -> list[Found]:
    """Every page's figures with the database as it is."""
    from permits.models import Application  # noqa: PLC0415 - after `setup`

    # An open one, with its review begun: it has the most to show.
    chosen = (
        Application.objects.filter(status="in_review", cards__isnull=False).order_by("-pk").first()
        or Application.objects.filter(status="in_review").order_by("-pk").first()
    )
    assert chosen is not None
    with served() as port:
        browser = Browser(port)
        browser.sign_in()
        found = [
            Found(page, size=size) for page in pages(chosen.get_absolute_url(), chosen.reference)
        ]
        for one in found:
            for turn in range(WARM + ROUNDS):
                answer, text = browser.ask(one.page.address)
                assert answer.status == 200, f"{one.page.address} gave {answer.status}"
                bare, again = browser.ask(one.page.address, bare=True)
                assert abs(len(again) - len(text)) < 200, f"{one.page.address}: another page"
                if turn >= WARM:
                    one.took.append(float(answer.headers["X-Took"]))
                    one.sql.append(float(answer.headers["X-Sql"]))
                    one.queries.append(int(answer.headers["X-Queries"]))
                    one.bare.append(float(bare.headers["X-Took"]))
                    one.bare_queries = int(bare.headers["X-Queries"])
    return found


def main(sizes: tuple[int, ...]) -> int:
    import django  # noqa: PLC0415 - the settings are named by then

    django.setup()
    from django.core.management import call_command  # noqa: PLC0415
    from django.db import connection  # noqa: PLC0415

    from permits.models import Application  # noqa: PLC0415

    print(
        f"{datetime.now(UTC):%Y-%m-%d}, {connection.vendor}, {os.cpu_count()} cores,"
        f" {platform.machine()}, Python {platform.python_version()}; {ROUNDS} answers each;"
        " milliseconds at the server"
    )
    print("| applications | page | p50 | p95 | SQL | queries | bare | times bare | growth |")
    print("| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    there = Application.objects.count()
    if there > min(sizes):
        print(f"There are {there:,} applications already: name sizes from that on, or begin anew.")
        return 2
    first: dict[str, Found] = {}
    missed: list[str] = []
    made: list[str] = []
    for size in sizes:
        begun = time.monotonic()
        call_command("seed", applications=size, verbosity=0)
        made.append(f"{size:,} applications were there after {time.monotonic() - begun:,.0f} s")
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE")
        connection.close()
        for one in measure(size):
            before = first.setdefault(one.page.name, one)
            print(
                f"| {size:,} | {one.page.name} | {statistics.median(one.took):.1f} |"
                f" {one.p95:.1f} | {statistics.median(one.sql):.1f} | {max(one.queries)} |"
                f" {statistics.median(one.bare):.1f} | {one.times_bare:.1f} |"
                f" {one.growth(before):.2f} |",
                flush=True,
            )
            missed += [f"at {size:,}: {words}" for words in one.misses(before)]
    print("\n".join(made))
    for words in missed:
        print(f"MISSED {words}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(tuple(int(size) for size in sys.argv[1:]) or SIZES))
