"""Conditions of a permit, proposed with a recommendation and bettered until it is decided.

Whoever works on the case or decides on it may add, change or remove one; what was first said, and
by whom, can be read on. They bind once the permit is issued.
"""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.exceptions import Refused
from accounts.models import User
from accounts.reasons import checked_reason, is_readable
from history import clock
from permits.choices import Outcome
from permits.domain.casework import acting, afresh
from permits.domain.faults import Faults
from permits.models import Condition, Recommendation
from permits.printing import refuse_unprintable
from permits.verbs import Verb
from permits.workflow import Action

Words = tuple[str, str]
"""A condition in English and in French."""
TWICE = gettext_lazy("This condition stands already, in the same words.")


def checked_words(words: Words) -> Words:
    """The words without space around them.

    Raises ValidationError for a language in which there is nothing to read, or that no paper can
    print.
    """
    english, french = (one.strip() for one in words)
    missing = {
        name: _("Write each condition in English and in French.")
        for name, text in (("text_en", english), ("text_fr", french))
        if not is_readable(text)
    }
    if missing:
        raise ValidationError(missing)
    faults = Faults()
    for name, text in (("text_en", english), ("text_fr", french)):
        with faults.at(name):
            refuse_unprintable(text)
    faults.refuse()
    return english, french


def add_condition(
    recommendation: Recommendation, words: Words, *, by: User, seen: int | None = None
) -> Condition:
    """One more condition. Raises ValidationError, NotPermitted, Refused, Conflict."""
    words = checked_words(words)
    with acting(Action.SET_CONDITIONS, recommendation.application, by=by) as work:
        now = afresh(recommendation, seen)
        refuse_without_permit(now)
        _refuse_twice(now, words)
        made = _written(now, words, by)
        work.record(Verb.CONDITION_ADDED).add(made)
    return made


def change_condition(
    condition: Condition, words: Words, *, by: User, seen: int | None = None
) -> Condition:
    """Other words for a condition, as a new row that replaces it.

    Raises ValidationError, NotPermitted, Refused, Conflict.
    """
    words = checked_words(words)
    with acting(Action.SET_CONDITIONS, condition.recommendation.application, by=by) as work:
        now = afresh(condition, seen)
        refuse_replaced(now)
        if words == (now.text_en, now.text_fr):
            raise Refused(_("The words are the same."))
        _refuse_twice(now.recommendation, words)
        made = _written(now.recommendation, words, by)
        made.replaces = now
        work.record(Verb.CONDITION_CHANGED).add(made)
    return made


def remove_condition(
    condition: Condition, *, reason: str, by: User, seen: int | None = None
) -> Condition:
    """Takes a condition off the recommendation. Raises as `change_condition` does."""
    reason = checked_reason(reason)
    with acting(Action.SET_CONDITIONS, condition.recommendation.application, by=by) as work:
        now = afresh(condition, seen)
        refuse_replaced(now)
        work.record(Verb.CONDITION_REMOVED, reason=reason).set(now, is_removed=True)
    return now


def _written(recommendation: Recommendation, words: Words, by: User) -> Condition:
    return Condition(
        recommendation=recommendation,
        text_en=words[0],
        text_fr=words[1],
        written_by=by,
        written_at=clock.now(),
    )


def _refuse_twice(recommendation: Recommendation, words: Words) -> None:
    """Raises Refused for a condition that stands already, in the same words."""
    standing = recommendation.conditions.filter(is_removed=False, replaced_by__isnull=True)
    if words in standing.values_list("text_en", "text_fr"):
        raise Refused(TWICE)


def refuse_without_permit(recommendation: Recommendation) -> None:
    """Raises Refused for a recommendation that is set aside, or not to issue a permit."""
    if recommendation.set_aside_at is not None:
        raise Refused(_("This recommendation was set aside."))
    if recommendation.outcome != Outcome.ISSUED:
        raise Refused(_("Only a permit has conditions and a last day."))


def refuse_replaced(condition: Condition) -> None:
    """Raises Refused for a condition that does not stand any more."""
    if (
        condition.is_removed
        or condition.recommendation.set_aside_at is not None
        or Condition.objects.filter(replaces=condition).exists()
    ):
        raise Refused(_("This condition was replaced or removed."))
