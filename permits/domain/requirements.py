"""What an application must contain, fact by fact, each with its provision.

The facts are those of `permits/data/application_requirements.json`, the law's own words; what is
looked at for each is here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.reasons import is_readable
from permits.choices import END_USE_SUPPORT, DocumentKind, PartyRole
from permits.domain.casefile import CaseFile
from permits.domain.statements import counted
from permits.models import Line, Party
from policies.choices import Activity
from policies.domain.codes import is_under, parts

FILE = Path(__file__).resolve().parent.parent / "data" / "application_requirements.json"
FORM_OF = {Activity.EXPORT: "export_strategic_and_military", Activity.BROKERING: "brokering"}

_OTHER_FORMS = tuple(parts(code) for code in ("5101", "5102", "5103", "5104")) + tuple(
    parts(str(number)) for number in range(5200, 5211)
)
LIMITS = "item.quantity_unit_value_total_value"
"""What a permit authorises of a line: without it there would be no limit, so it is not waived."""
_DPA = (parts("2"), parts("6"), parts("5504"))
_ITEM_5400 = parts("5400")


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact that the regulations ask for, as the data names it.

    `asked_from` is the first day on which it is asked, `asked_before` the first on which it is not
    any more; without them it is asked always.
    """

    key: str
    cite_en: str
    cite_fr: str
    text_en: str
    text_fr: str
    asked_from: date = date.min
    asked_before: date = date.max


@dataclass(frozen=True, slots=True)
class RequiredFact:
    """A fact that this application must give, and where.

    `anchor` is the part of the case's page that shows it, `field` the field of that part's form in
    which it is given, `preset` what is chosen there for it ("role=applicant").

    `was_waived`: two people waived it, which counts where it `may_be_waived`: what the permit would
    authorise, and that it is no application for another form, nobody waives.

    `words` say what it is; `law` is the provision's own text. What the regulations ask for only if
    it is available is not among them.
    """

    key: str
    cite: str
    words: str
    law: str
    anchor: str
    field: str
    preset: str
    is_present: bool
    may_be_waived: bool = True
    was_waived: bool = False

    @property
    def is_waived(self) -> bool:
        return self.was_waived and self.may_be_waived

    @property
    def is_missing(self) -> bool:
        return not self.is_present and not self.is_waived


@cache
def facts_of_form(form: str) -> Mapping[str, Fact]:
    """The facts of a form, by key, in the order of the regulations."""
    found = {}
    for one in json.loads(FILE.read_text(encoding="utf-8"))["forms"]:
        if one["key"] == form:
            for field in one["fields"]:
                found[field["key"]] = Fact(
                    field["key"],
                    field["cite_en"],
                    field["cite_fr"],
                    " ".join(field["text_en"]),
                    " ".join(field["text_fr"]),
                    **{
                        name: date.fromisoformat(field[name])
                        for name in ("asked_from", "asked_before")
                        if name in field
                    },
                )
    return found


def required_facts(file: CaseFile, on: date | None) -> list[RequiredFact]:
    """Every fact that this application must give on a day, present or not, in the order of the
    form; without a day those of all days.
    """
    activity = Activity(file.application.activity)
    facts = facts_of_form(FORM_OF[activity])
    stated = counted(file)
    french = (get_language() or "").startswith("fr")
    found = []
    for check in _export(file) if activity == Activity.EXPORT else _brokering(file):
        fact = facts[check.fact]
        if on is not None and not fact.asked_from <= on < fact.asked_before:
            continue
        found.append(
            RequiredFact(
                check.key,
                fact.cite_fr if french else fact.cite_en,
                check.words,
                fact.text_fr if french else fact.text_en,
                check.anchor,
                check.field or _FIELDS[check.fact],
                check.preset,
                check.is_present,
                check.may_be_waived,
                stated.is_waived(check.key),
            )
        )
    return found


@dataclass(frozen=True, slots=True)
class _Check:
    fact: str
    words: str
    anchor: str
    is_present: bool
    at: str = ""
    field: str = ""
    preset: str = ""
    may_be_waived: bool = True

    @property
    def key(self) -> str:
        """The fact's key; for a fact of a line or a party, with its number."""
        return f"{self.fact}:{self.at}" if self.at else self.fact


_FIELDS = {
    "form_signed": "is_signed",
    "form_date": "form_date",
    "country_of_use_or_final_destination": "destination",
    "country_of_final_destination": "destination",
    "country_of_export": "country_of_export",
    "permit_delivery_means": "delivery",
    "end_use_support": "end_use",
    "declaration_no_diversion": "declares_no_diversion",
    "dpa_not_controlled_declaration": "declares_not_controlled_goods",
    "dpa_registration_proof": "file",
    "us_export_authorization": "file",
    "citizenship_and_pr_status": "status_in_canada",
    "commercial_resale_or_government_end_use": "resale_or_government",
    "bcl_paragraph_b_or_c": "brokering_paragraph",
    "items": "items",
    "item.country_of_origin": "origin",
    "item.us_origin_proportion_percent": "us_origin_percent",
    "item.guide_item_number": "items",
    "item.bcl_provision_and_guide_number": "items",
    "item.description": "description",
    LIMITS: "quantity",
    "item.factory_or_first_shipping_point": "shipping_point",
    "item.mass_weight_or_volume": "measure",
}
"""In which field a fact is given; for a party's facts the check says it."""

_OF_PARTIES = frozenset(
    {
        *("applicant", "exporter_if_other", "consignees", "seller", "purchaser"),
        "other_brokers_agents_mandataries",
    }
)
"""Facts of which each party in a role gives its own."""

_FORM, _PARTIES, _LINES, _DOCUMENTS = "form", "parties", "lines", "documents"


def _export(file: CaseFile) -> Iterator[_Check]:
    """SOR/97-204, s. 3."""
    one = file.application
    yield _Check("form_signed", _("The signed form"), _FORM, one.is_signed)
    yield _Check("form_date", _("Day on which the form was completed"), _FORM, bool(one.form_date))
    yield from _party_checks(file, "applicant", PartyRole.APPLICANT, _("Applicant"), needed=True)
    yield from _party_checks(
        file, "exporter_if_other", PartyRole.EXPORTER, _("Exporter"), needed=False
    )
    yield from _party_checks(file, "consignees", PartyRole.CONSIGNEE, _("Consignee"), needed=True)
    yield _Check(
        "country_of_use_or_final_destination",
        _("Country of use or final destination"),
        _FORM,
        one.destination is not None,
    )
    yield _Check("items", _("At least one line"), _LINES, bool(file.lines))
    for line in file.lines:
        yield from _export_line(line)
    yield _Check(
        "permit_delivery_means", _("How the permit is to be sent"), _FORM, bool(one.delivery)
    )
    kinds = {document.kind for document in file.documents}
    stated_use = is_readable(one.end_use)
    yield _Check(
        "end_use_support",
        _("At least one document or statement that supports the end use"),
        _FORM,
        stated_use or bool(kinds & set(END_USE_SUPPORT)),
    )
    yield _Check(
        "declaration_no_diversion",
        _("Declaration that the goods will not be diverted"),
        _FORM,
        one.declares_no_diversion,
    )
    if any(_is_any(line, _DPA) for line in file.lines):
        if one.declares_not_controlled_goods:
            yield _Check(
                "dpa_not_controlled_declaration",
                _("Declaration that they are not controlled goods"),
                _FORM,
                True,
            )
        else:
            yield _Check(
                "dpa_registration_proof",
                _("Proof of registration or exemption (controlled goods), or the declaration"),
                _DOCUMENTS,
                DocumentKind.DPA_PROOF in kinds,
                preset=f"kind={DocumentKind.DPA_PROOF.value}",
            )
    if one.is_of_us_controlled_goods:
        yield _Check(
            "us_export_authorization",
            _("United States export authorization"),
            _DOCUMENTS,
            DocumentKind.US_AUTHORIZATION in kinds,
            preset=f"kind={DocumentKind.US_AUTHORIZATION.value}",
        )


def _export_line(line: Line) -> Iterator[_Check]:
    def check(fact: str, words: str, present: object, *, may_be_waived: bool = True) -> _Check:
        return _Check(
            fact,
            _("Line %(number)d: %(what)s") % {"number": line.number, "what": words},
            f"line-{line.number}",
            bool(present),
            at=str(line.number),
            may_be_waived=may_be_waived,
        )

    yield check("item.country_of_origin", _("country of origin"), line.origin)
    if _is_any(line, (_ITEM_5400,)):
        share = line.us_origin_percent
        yield check(
            "item.us_origin_proportion_percent", _("United States origin share"), share is not None
        )
    if _is_any(line, _OTHER_FORMS):
        yield check(
            "item.guide_item_number",
            _("this item is applied for on another form (SOR/97-204, s. 2 and 4)"),
            False,
            may_be_waived=False,
        )
    else:
        yield check("item.guide_item_number", _("item number"), line.items)
    yield check("item.description", _("description"), is_readable(line.description))
    yield check(
        LIMITS,
        _("quantity, unit value and total value"),
        line.quantity is not None and line.unit_value is not None and line.total_value is not None,
        may_be_waived=False,
    )
    yield check(
        "item.factory_or_first_shipping_point",
        _("factory or first shipping point"),
        is_readable(line.shipping_point),
    )
    yield check(
        "item.mass_weight_or_volume",
        _("mass, net weight or volume"),
        is_readable(line.measure),
    )


def _brokering(file: CaseFile) -> Iterator[_Check]:
    """SOR/2019-221, s. 1. What is asked for only if available is not asked for here."""
    one = file.application
    yield _Check("form_signed", _("The signed form"), _FORM, one.is_signed)
    yield from _party_checks(file, "applicant", PartyRole.APPLICANT, _("Applicant"), needed=True)
    for party in file.parties_as(PartyRole.APPLICANT):
        if not party.is_organization:
            yield _Check(
                "citizenship_and_pr_status",
                _("Citizenship of the applicant, or permanent residence"),
                f"party-{party.pk}",
                is_readable(party.status_in_canada),
            )
    yield _Check(
        "country_of_export", _("Country of export"), _FORM, one.country_of_export is not None
    )
    for fact, role, words in (
        ("seller", PartyRole.SELLER, _("Seller")),
        ("purchaser", PartyRole.PURCHASER, _("Purchaser")),
    ):
        yield from _party_checks(file, fact, role, words, needed=True)
    yield from _party_checks(
        file,
        "other_brokers_agents_mandataries",
        PartyRole.BROKER,
        _("Broker, agent or mandatary"),
        needed=False,
    )
    yield _Check(
        "country_of_final_destination",
        _("Country of final destination"),
        _FORM,
        one.destination is not None,
    )
    yield from _party_checks(file, "consignees", PartyRole.CONSIGNEE, _("Consignee"), needed=True)
    yield _Check("items", _("At least one line"), _LINES, bool(file.lines))
    for line in file.lines:
        at = str(line.number)
        number = {"number": line.number}
        yield _Check(
            "item.bcl_provision_and_guide_number",
            _("Line %(number)d: item number") % number,
            f"line-{at}",
            bool(line.items),
            at=at,
        )
        yield _Check(
            "item.description",
            _("Line %(number)d: description") % number,
            f"line-{at}",
            is_readable(line.description),
            at=at,
        )
    yield _Check(
        "commercial_resale_or_government_end_use",
        _("Statement of resale or of end use by a government"),
        _FORM,
        bool(one.resale_or_government),
    )
    yield _Check(
        "bcl_paragraph_b_or_c",
        _("Paragraph of the Brokering Control List"),
        _FORM,
        bool(one.brokering_paragraph),
    )


def _party_checks(
    file: CaseFile, fact: str, role: PartyRole, words: str, *, needed: bool
) -> Iterator[_Check]:
    """One check for each party in a role; a role that must be filled and is not is one more."""
    parties = file.parties_as(role)
    if not parties and needed:
        yield _Check(fact, words, _PARTIES, False, field="name", preset=f"role={role.value}")
    for party in parties:
        lacking = _lacking(party, role, file.application.activity)
        missing = ", ".join(lacking.values())
        told = (
            _("%(who)s: %(what)s") % {"who": f"{words} {party.name}", "what": missing}
            if missing
            else f"{words} {party.name}"
        )
        field = next(iter(lacking), "name")
        at = str(party.pk)
        yield _Check(fact, told, f"party-{at}", not missing, at=at, field=field)


def _lacking(party: Party, role: PartyRole, activity: str) -> dict[str, str]:
    """The fields of a party that are to be filled in, and what they are called."""
    wanted = {
        "name": _("name"),
        "address": _("address"),
        "telephone": _("telephone"),
        "email": _("e-mail"),
    }
    if activity == Activity.EXPORT:
        wants_contact = role != PartyRole.APPLICANT or party.is_organization
    else:
        wants_contact = role == PartyRole.APPLICANT and party.is_organization
    if wants_contact:
        wanted["contact_name"] = _("contact person")
    if wants_contact and activity == Activity.EXPORT:
        wanted["contact_telephone"] = _("telephone of the contact")
    return {name: words for name, words in wanted.items() if not is_readable(getattr(party, name))}


def lacking_of(file: CaseFile, key: str) -> list[str]:
    """The fields that a party lacks, of a fact that is about one; else none."""
    fact, _colon, at = key.partition(":")
    return [
        name
        for party in file.parties
        if str(party.pk) == at and fact in _OF_PARTIES
        for name in _lacking(party, PartyRole(party.role), file.application.activity)
    ]


def _is_any(line: Line, named: tuple[tuple[str, ...], ...]) -> bool:
    codes = [parts(code) for code in line.items]
    return any(is_under(code, one) for code in codes for one in named)
