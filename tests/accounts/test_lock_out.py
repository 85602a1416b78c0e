"""Ten failed sign-ins lock an account, and an address, for a while; the security log tells it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import cast
from unittest.mock import patch

import pytest
import time_machine
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib.auth.hashers import MD5PasswordHasher
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone
from pytest_django import Settings
from pytest_django.asserts import assertTemplateUsed

from accounts.domain.people import close_account
from accounts.models import User
from config.lock_out import forget_old_records
from config.security import address_of
from tests.people import PASSWORD, make_cast, make_person
from tests.unlogged import unlogged

SIGN_IN = "/sign-in/"
HERE, THERE = "192.0.2.1", "198.51.100.1"


def try_once(
    username: str = "analyst",
    password: str = "not the password",
    *,
    address: str = HERE,
    language: str = "en-ca",
) -> HttpResponse:
    """One try by someone without a session."""
    client = Client(REMOTE_ADDR=address, headers={"accept-language": language})
    given = {"username": username, "password": password}
    return cast(HttpResponse, client.post(SIGN_IN, given))


def fail(times: int, username: str = "analyst", *, address: str | None = None) -> list[int]:
    """The statuses of so many failures, each from another address unless one is named."""
    return [
        try_once(username, address=address or f"203.0.113.{number}").status_code
        for number in range(times)
    ]


def signs_in(username: str = "analyst", *, address: str = HERE) -> bool:
    return try_once(username, PASSWORD, address=address).status_code == 302


# What locks


def test_the_tenth_failure_locks_the_account_wherever_from(analyst: User) -> None:
    make_person("colleague")
    assert fail(10) == [200] * 9 + [429]
    assert not signs_in(address=THERE)
    assert signs_in("colleague", address=THERE)


def test_the_tenth_failure_locks_the_address_whoever_for(analyst: User) -> None:
    statuses = [try_once(f"name-{number}").status_code for number in range(10)]
    assert statuses == [200] * 9 + [429]
    assert not signs_in()
    assert signs_in(address=THERE)


def test_one_account_is_one_however_its_name_is_written(analyst: User) -> None:
    for name in ("analyst", "ANALYST", " Analyst ", "ａｎａｌｙｓｔ", "analyst"):
        fail(2, name)
    assert not signs_in(address=THERE)


def test_nine_failures_lock_nothing_and_signing_in_forgives_them(analyst: User) -> None:
    for _day in range(2):
        assert fail(9, address=HERE) == [200] * 9
        assert signs_in()


def test_signing_in_forgives_nobody_else_s_failures(analyst: User) -> None:
    """Or whoever has an account could go on guessing another's for ever."""
    make_person("colleague")
    fail(9, address=HERE)
    assert signs_in("colleague")
    assert fail(1, address=HERE) == [429]


def test_signing_in_forgives_no_failures_at_another_address(analyst: User) -> None:
    """Or an attacker would get ten more tries each time that the person signs in."""
    fail(5)
    assert signs_in(address=THERE)
    assert fail(5) == [200] * 4 + [429]


# The answer


def test_the_answer_says_what_to_do(analyst: User) -> None:
    fail(9)
    response = try_once()
    assertTemplateUsed(response, "429.html")
    assert response.status_code == 429
    assert response["Retry-After"] == "900"
    assert response["Cache-Control"] == "no-store"
    text = response.content.decode()
    assert "15 minutes" in text
    assert response["X-Request-ID"] in text


def test_the_page_can_still_be_read_while_locked(analyst: User) -> None:
    fail(10, address=HERE)
    assert Client(REMOTE_ADDR=HERE).get(SIGN_IN).status_code == 200


def without_what_differs(response: HttpResponse) -> tuple[int, str, str]:
    text = response.content.decode()
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|[A-Za-z0-9]{64}", "", text)
    text = re.sub(r'value="[^"]*"', "", text)
    return response.status_code, response.get("Retry-After", ""), text


@pytest.mark.parametrize("closed", [False, True])
def test_no_answer_tells_whether_there_is_such_an_account(db: None, closed: bool) -> None:
    office = make_cast()
    if closed:
        close_account(office.analyst, by=office.admin, reason="Left the office")
    for number in range(12):
        there = try_once("analyst", address=f"203.0.113.{number}")
        not_there = try_once("nobody", address=f"198.51.100.{number}")
        assert without_what_differs(there) == without_what_differs(not_there)


@pytest.mark.parametrize("username", ["analyst", "nobody", "closed"])
def test_one_password_is_hashed_whoever_is_named(
    analyst: User, settings: Settings, username: str
) -> None:
    """What takes time, takes it for every name."""
    with unlogged():
        User.objects.filter(pk=make_person("closed").pk).update(is_active=False)
    with patch.object(MD5PasswordHasher, "encode", wraps=MD5PasswordHasher().encode) as encode:
        try_once(username)
    assert encode.call_count == 1


# How long


def locked_for(minutes: int) -> bool:
    """Whether a lock made now lasts so long and no longer."""
    assert fail(10)[-1] == 429
    start = timezone.now()
    with time_machine.travel(start + timedelta(minutes=minutes, seconds=-30), tick=False):
        still = not signs_in(address=THERE)
    with time_machine.travel(start + timedelta(minutes=minutes, seconds=30), tick=False):
        return still and signs_in(address=THERE)


def test_each_lock_of_a_day_is_longer_up_to_an_hour(analyst: User) -> None:
    start = timezone.now()
    for hours, minutes in ((0, 15), (2, 30), (4, 60), (6, 60), (31, 15)):
        with time_machine.travel(start + timedelta(hours=hours), tick=False):
            assert locked_for(minutes), f"after {hours} hours"


def test_tries_meanwhile_do_not_make_it_longer_nor_write(analyst: User) -> None:
    start = timezone.now()
    fail(10)
    tables = (AccessAttempt, AccessFailureLog, AccessLog)
    before = [list(table.objects.values()) for table in tables]
    with time_machine.travel(start + timedelta(minutes=14), tick=False):
        assert fail(3) == [429] * 3
    assert [list(table.objects.values()) for table in tables] == before
    with time_machine.travel(start + timedelta(minutes=16), tick=False):
        assert signs_in(address=THERE)


def test_failures_long_apart_lock_nothing(analyst: User) -> None:
    start = timezone.now()
    for number in range(12):
        with time_machine.travel(start + timedelta(minutes=16 * number), tick=False):
            assert fail(1, address=HERE) == [200]


# What is kept


def test_the_records_hold_no_password_and_no_name_that_is_none(analyst: User) -> None:
    try_once("my secret by mistake", "my other secret")
    try_once("analyst", "my other secret")
    kept = f"{list(AccessAttempt.objects.values())}{list(AccessFailureLog.objects.values())}"
    assert "secret" not in kept
    assert set(AccessFailureLog.objects.values_list("username", flat=True)) > {"analyst"}


def test_records_are_forgotten_after_ninety_days(analyst: User) -> None:
    start = timezone.now()
    fail(1)
    signs_in()
    with time_machine.travel(start + timedelta(days=89), tick=False):
        forget_old_records()
    assert (AccessLog.objects.count(), AccessFailureLog.objects.count()) == (1, 1)
    assert AccessAttempt.objects.count() == 0
    with time_machine.travel(start + timedelta(days=91), tick=False):
        forget_old_records()
    assert (AccessLog.objects.count(), AccessFailureLog.objects.count()) == (0, 0)


# Where from


@pytest.mark.parametrize(
    ("header", "seen"),
    [
        (THERE, THERE),
        (f"10.9.9.9, {THERE}", THERE),
        (f"203.0.113.7, nonsense, {THERE}", THERE),
        ("10.1.2.3", "10.1.2.3"),
        ("2001:db8::1", "2001:db8::1"),
    ],
)
def test_a_visitor_cannot_choose_their_address(settings: Settings, header: str, seen: str) -> None:
    request = RequestFactory(REMOTE_ADDR="127.0.0.1").get("/", headers={"X-Forwarded-For": header})
    assert address_of(request) == "127.0.0.1"
    # As production does behind a proxy: tests/test_settings.py shows that it does.
    settings.AXES_IPWARE_META_PRECEDENCE_ORDER = ("HTTP_X_FORWARDED_FOR", "REMOTE_ADDR")
    settings.AXES_IPWARE_PROXY_COUNT = 0
    settings.IPWARE_STRICT = False
    assert address_of(request) == seen


# The security log


def lines_of(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    return [
        (record.levelname, record.getMessage())
        for record in caplog.records
        if record.name == "security"
    ]


def test_signing_in_and_out_are_logged(
    client: Client, analyst: User, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "security")
    client.post(SIGN_IN, {"username": "analyst", "password": PASSWORD})
    client.post("/sign-out/")
    assert lines_of(caplog) == [
        ("INFO", f"signed in: person:{analyst.pk} from 127.0.0.1"),
        ("INFO", f"signed out: person:{analyst.pk} from 127.0.0.1"),
    ]


def test_failures_and_locks_are_logged_once_each(
    analyst: User, caplog: pytest.LogCaptureFixture
) -> None:
    fail(11, address=HERE)
    failed = ("WARNING", f"sign-in failed: person:{analyst.pk} from {HERE}")
    locked = ("WARNING", f"sign-in locked: person:{analyst.pk} from {HERE}")
    assert sorted(lines_of(caplog)) == [failed] * 10 + [locked] * 2


def test_a_name_that_is_none_is_logged_by_its_digest(
    db: None, caplog: pytest.LogCaptureFixture
) -> None:
    try_once("my secret\nby mistake", "my other secret")
    try_once("MY SECRET\nby mistake", "my other secret")
    (first, second) = lines_of(caplog)
    assert first == second
    assert re.fullmatch(
        r"sign-in failed: no account \(digest [0-9a-f]{16}\) from 192\.0\.2\.1", first[1]
    )
    assert "secret" not in caplog.text


def test_a_denied_page_is_logged(
    client: Client, analyst: User, caplog: pytest.LogCaptureFixture
) -> None:
    client.force_login(analyst)
    caplog.clear()
    response = client.get("/people/")
    assert response.status_code == 403
    assert lines_of(caplog) == [
        (
            "WARNING",
            f"denied: person:{analyst.pk}, GET /people/ from 127.0.0.1:"
            " accounts:people is for administrator, auditor",
        )
    ]
