"""Policies: what applies to whom, since when, known since when, and on what authority."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from history.models import Tracked
from policies.choices import (
    Answer,
    Confidence,
    Control,
    ExistingPermits,
    Layer,
    PermitActKind,
    Precision,
    Requirement,
    Stance,
)
from policies.models.dated import FIRST_BY_DAY, Dated
from policies.models.destinations import Destination


class Cited(Tracked):
    """What every row says of its sources: `sources` is a list of {url, quote}."""

    sources = models.JSONField(_("sources"), default=list)
    confidence = models.CharField(_("confidence"), max_length=20, choices=Confidence)
    notes_en = models.TextField(_("notes (English)"), blank=True)
    notes_fr = models.TextField(_("notes (French)"), blank=True)

    class Meta:
        abstract = True


class Policy(Cited):
    """A rule on new permits: a layer, a scope, an effect.

    Layer, scope, effect, questions and exceptions belong to the key and never change: a change
    ends the key's version and starts another key that `replaces` it. `scope` and `covers` have
    the form of `policies.schema.json`; `policies.facts.Scope` reads them. Written by
    `policies.domain.reference.load_reference`.
    """

    key = models.CharField(_("key"), max_length=80, unique=True)
    layer = models.CharField(_("layer"), max_length=20, choices=Layer)
    replaces = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="replaced_by",
        verbose_name=_("replaces"),
    )
    scope = models.JSONField(_("scope"))
    stance = models.CharField(_("stance"), max_length=20, choices=Stance, blank=True)
    requirement = models.CharField(
        _("permit requirement"), max_length=20, choices=Requirement, blank=True
    )
    control = models.CharField(_("control"), max_length=3, choices=Control, blank=True)
    covers = models.JSONField(_("covers"), default=list, blank=True)
    title_en = models.CharField(_("title (English)"), max_length=300)
    title_fr = models.CharField(_("title (French)"), max_length=300)
    instrument_en = models.CharField(_("instrument (English)"), max_length=300)
    instrument_fr = models.CharField(_("instrument (French)"), max_length=300)
    citation_en = models.CharField(_("citation (English)"), max_length=120, blank=True)
    citation_fr = models.CharField(_("citation (French)"), max_length=120, blank=True)
    section = models.CharField(_("section"), max_length=80, blank=True)
    url = models.URLField(_("address"), max_length=500, blank=True)
    existing_permits = models.CharField(
        _("existing permits"), max_length=20, choices=ExistingPermits
    )
    existing_permits_en = models.TextField(_("existing permits (English)"))
    existing_permits_fr = models.TextField(_("existing permits (French)"))

    class Meta:
        ordering = ["key"]
        verbose_name = _("policy")
        verbose_name_plural = _("policies")
        constraints = [
            models.CheckConstraint(
                name="policies_policy_has_an_effect",
                condition=~Q(stance="") | ~Q(requirement=""),
            ),
            models.CheckConstraint(
                name="policies_policy_control_has_requirement",
                condition=Q(control="") | ~Q(requirement=""),
            ),
            models.CheckConstraint(
                name="policies_policy_stance_known",
                condition=Q(stance__in=["", *Stance.values]),
            ),
            models.CheckConstraint(
                name="policies_policy_requirement_known",
                condition=Q(requirement__in=["", *Requirement.values]),
            ),
            models.CheckConstraint(
                name="policies_policy_layer_known", condition=Q(layer__in=Layer.values)
            ),
        ]

    def __str__(self) -> str:
        return self.key

    def get_absolute_url(self) -> str:
        return reverse("policies:policy", args=[self.key])


class PolicyVersion(Dated):
    """When a policy holds, and when that was known.

    `announced_on` is when people were told, `published_on` when the text appeared; neither makes
    it effective. `assumed` names the fields (`from`, `to`, `known_from`) that no source gives.
    """

    policy = models.ForeignKey(
        Policy, on_delete=models.PROTECT, related_name="versions", verbose_name=_("policy")
    )
    announced_on = models.DateField(_("announced"), null=True, blank=True)
    published_on = models.DateField(_("published"), null=True, blank=True)
    precision = models.CharField(_("precision"), max_length=12, choices=Precision)
    assumed = models.JSONField(_("assumed"), default=list, blank=True)

    class Meta(Dated.Meta):
        verbose_name = _("policy version")
        ordering = ["policy", "known_from", *FIRST_BY_DAY]
        constraints = [
            *Dated.Meta.constraints,
            models.CheckConstraint(
                name="policies_policyversion_known_from_given",
                condition=Q(known_from__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.policy.key} {self.effective_from or '…'} to {self.effective_to or '…'}"


class PolicyQuestion(Tracked):
    """What a person must answer before a row applies; null `policy`: asked under any notice.

    With `same_as` the question is another policy's: one question, one answer, and no words here.
    """

    policy = models.ForeignKey(
        Policy,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="questions",
        verbose_name=_("policy"),
    )
    code = models.CharField(_("code"), max_length=60)
    order = models.PositiveSmallIntegerField(_("order"))
    text_en = models.TextField(_("text (English)"), blank=True)
    text_fr = models.TextField(_("text (French)"), blank=True)
    applies_if = models.CharField(_("applies if"), max_length=3, choices=Answer, default=Answer.YES)
    only_if_end_user_unknown = models.BooleanField(
        _("asked only if the end-user is unknown"), default=False
    )
    same_as = models.ForeignKey(
        Policy,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="shared_questions",
        verbose_name=_("same question as"),
    )

    class Meta:
        verbose_name = _("question")
        ordering = ["policy", "order"]
        constraints = [
            models.UniqueConstraint(fields=["policy", "code"], name="policies_question_once"),
            models.UniqueConstraint(
                fields=["code"],
                condition=Q(policy__isnull=True),
                name="policies_standard_question_once",
            ),
            models.CheckConstraint(
                name="policies_question_has_words",
                condition=Q(same_as__isnull=False) | (~Q(text_en="") & ~Q(text_fr="")),
            ),
        ]

    def __str__(self) -> str:
        return self.code


class PolicyException(Tracked):
    """A way out in the row's own text; null `policy`: one that any row of a notice has."""

    policy = models.ForeignKey(
        Policy,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="exceptions",
        verbose_name=_("policy"),
    )
    code = models.CharField(_("code"), max_length=60)
    order = models.PositiveSmallIntegerField(_("order"))
    text_en = models.TextField(_("text (English)"))
    text_fr = models.TextField(_("text (French)"))
    evidence_en = models.TextField(_("evidence (English)"))
    evidence_fr = models.TextField(_("evidence (French)"))
    until = models.DateField(_("until"), null=True, blank=True)

    class Meta:
        verbose_name = _("exception")
        ordering = ["policy", "order"]
        constraints = [
            models.UniqueConstraint(fields=["policy", "code"], name="policies_exception_once"),
            models.UniqueConstraint(
                fields=["code"],
                condition=Q(policy__isnull=True),
                name="policies_standard_exception_once",
            ),
        ]

    def __str__(self) -> str:
        return self.code


class PermitAct(Cited):
    """A published act on named permits, kept as a citation: it never changes a stance."""

    key = models.CharField(_("key"), max_length=80, unique=True)
    destination = models.ForeignKey(
        Destination,
        on_delete=models.PROTECT,
        related_name="permit_acts",
        verbose_name=_("destination"),
    )
    on = models.DateField(_("day"))
    precision = models.CharField(_("precision"), max_length=12, choices=Precision)
    announced_on = models.DateField(_("announced"), null=True, blank=True)
    act = models.CharField(_("act"), max_length=20, choices=PermitActKind)
    provision = models.CharField(_("provision"), max_length=80)
    count = models.PositiveIntegerField(_("number"), null=True, blank=True)
    title_en = models.CharField(_("title (English)"), max_length=300)
    title_fr = models.CharField(_("title (French)"), max_length=300)
    instrument_en = models.CharField(_("instrument (English)"), max_length=300)
    instrument_fr = models.CharField(_("instrument (French)"), max_length=300)
    under_policy = models.ForeignKey(
        Policy,
        on_delete=models.PROTECT,
        related_name="permit_acts",
        verbose_name=_("under the policy"),
    )

    class Meta:
        verbose_name = _("act on permits")
        ordering = ["on", "key"]

    def __str__(self) -> str:
        return self.key


class ContextEntry(Cited):
    """News or a negative finding about a destination. News is not policy."""

    key = models.CharField(_("key"), max_length=80, unique=True)
    destination = models.ForeignKey(
        Destination, on_delete=models.PROTECT, related_name="context", verbose_name=_("destination")
    )
    on = models.DateField(_("day"))
    precision = models.CharField(_("precision"), max_length=12, choices=Precision)
    title_en = models.CharField(_("title (English)"), max_length=300)
    title_fr = models.CharField(_("title (French)"), max_length=300)

    class Meta:
        verbose_name = _("context entry")
        ordering = ["on", "key"]

    def __str__(self) -> str:
        return self.key
