"""How forms are rendered: by our templates, lists of choices without one, no text cut off."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from django.forms.renderers import TemplatesSetting
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

_SELECT = "django/forms/widgets/select.html"
_OPTION = '<option value="{}"{}>{}</option>'


class Renderer(TemplatesSetting):
    """Django's, but for two things.

    `<select>` is made here: its template takes 10 ms for the world's destinations. And no widget
    has a `maxlength`, by which browsers cut what is pasted without a word: the field itself says
    that it is too long.
    """

    def render(
        self, template_name: str, context: dict[str, Any], request: HttpRequest | None = None
    ) -> SafeString:
        if template_name == _SELECT:
            return _select(context["widget"])
        if "widget" in context:
            context["widget"]["attrs"].pop("maxlength", None)
        return SafeString(super().render(template_name, context, request))


def _select(widget: Mapping[str, Any]) -> SafeString:
    """The same elements as `django/forms/widgets/select.html` makes."""
    groups = format_html_join(
        "\n", "{}", ((_group(name, options),) for name, options, _index in widget["optgroups"])
    )
    attributes = _attributes(widget["attrs"])
    return format_html('<select name="{}"{}>{}\n</select>', widget["name"], attributes, groups)


def _group(name: str | None, options: list[Mapping[str, Any]]) -> SafeString:
    inside = SafeString("\n".join(map(_option, options)))
    if not name:
        return inside
    return format_html('<optgroup label="{}">\n{}\n</optgroup>', name, inside)


def _option(one: Mapping[str, Any]) -> SafeString:
    value, label = str(one["value"]), one["label"]
    if one["attrs"] or not isinstance(label, str):
        return format_html(_OPTION, value, _attributes(one["attrs"]), label)
    return _plain_option(value, label)


@lru_cache(maxsize=4096, typed=True)
def _plain_option(value: str, label: str) -> SafeString:
    """One without attributes. By type too: a safe label is another than the same text unsafe."""
    return format_html(_OPTION, value, "", label)


def _attributes(attributes: Mapping[str, Any]) -> SafeString:
    return format_html_join(
        "",
        "{}",
        (
            (format_html(" {}", name) if value is True else format_html(' {}="{}"', name, value),)
            for name, value in attributes.items()
            if value is not False
        ),
    )
