"""Where a source leads a reader of French."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import translation

from policies.domain.sources import in_french, source_for_reader

LAWS = "https://laws-lois.justice.gc.ca"
GAZETTE = "https://www.gazette.gc.ca/rp-pr/p2/2017/2017-07-12/html/sor-dors138"


@pytest.mark.parametrize(
    ("english", "french"),
    [
        (f"{LAWS}/eng/acts/E-19/", f"{LAWS}/fra/lois/E-19/"),
        (f"{LAWS}/eng/acts/E-19/page-1.html", f"{LAWS}/fra/lois/E-19/page-1.html"),
        (f"{LAWS}/eng/acts/E-19/FullText.html", f"{LAWS}/fra/lois/E-19/TexteComplet.html"),
        (f"{LAWS}/eng/regulations/SOR-2014-58/", f"{LAWS}/fra/reglements/DORS-2014-58/"),
        (f"{LAWS}/eng/regulations/SI-89-1/", f"{LAWS}/fra/reglements/TR-89-1/"),
        (f"{LAWS}/eng/acts/E-19/section-7.html", None),
        (f"{LAWS}/fra/lois/E-19/", None),
        (f"{GAZETTE}-eng.html", f"{GAZETTE}-fra.html"),
        (f"{GAZETTE}-eng.html?q=1", None),
        (
            "https://canadagazetteducanada.gc.ca/rp-pr/p2/2015/2015-07-15/html/sor-dors179-eng.html",
            "https://canadagazetteducanada.gc.ca/rp-pr/p2/2015/2015-07-15/html/sor-dors179-fra.html",
        ),
        (
            "https://www.international.gc.ca/controls-controles/notices-avis/148.aspx?lang=eng",
            "https://www.international.gc.ca/controls-controles/notices-avis/148.aspx?lang=fra",
        ),
        (
            "https://international.gc.ca/a.aspx?b=1&lang=eng&c=2",
            "https://international.gc.ca/a.aspx?b=1&lang=fra&c=2",
        ),
        ("https://international.gc.ca/a.aspx?lang=english", None),
        ("https://international.gc.ca.example.org/a.aspx?lang=eng", None),
        ("https://example.org/?u=https://international.gc.ca/a.aspx?lang=eng", None),
        ("https://openparliament.ca/committees/foreign-affairs/43-2/26", None),
    ],
)
def test_a_french_address_is_given_only_by_rule(english: str, french: str | None) -> None:
    assert in_french(english) == french
    with translation.override("en-ca"):
        assert source_for_reader(english) == (english, False)
    with translation.override("fr-ca"):
        is_french = english.startswith(f"{LAWS}/fra/")
        assert source_for_reader(english) == (french or english, french is None and not is_french)


@pytest.mark.django_db
def test_a_page_in_french_links_french_and_marks_what_is_english(client: Client) -> None:
    path = "/policies/EIPA-7-2/"
    assert f'href="{LAWS}/eng/acts/E-19/"' in client.get(path).content.decode()
    client.cookies["django_language"] = "fr-ca"
    page = client.get(path).content.decode()
    assert f'href="{LAWS}/fra/lois/E-19/"' in page
    assert f'href="{LAWS}/eng' not in page
    page = client.get("/policies/TR-2020-04-16-presumptive/").content.decode()
    assert page.count('class="url"') == page.count('hreflang="en"') > 1
    assert page.count("<blockquote") == page.count('<blockquote class="quotation" lang="en-CA"') > 1
