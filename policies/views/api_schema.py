"""What programs may send and what they are answered: one declaration, as OpenAPI 3.1.

The codes come from `choices`, the filters from `PolicyFilter`, the limits from where they are kept,
and a policy's scope from the schema of the reference files. The tests hold real answers against it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from django.conf import settings

from policies.choices import (
    Activity,
    Answer,
    Confidence,
    EndUserKind,
    ExistingPermits,
    Layer,
    PlaceRole,
    Precision,
    Requirement,
    Stance,
)
from policies.domain.queries import (
    LONGEST_ITEM,
    LONGEST_TEXT,
    MOST_EXCEPTIONS,
    MOST_ITEMS,
    MOST_OTHER_PLACES,
)
from policies.domain.standing import Standing
from policies.filters import ALL_KNOWN, LONGEST_SEARCH, PolicyFilter

Schema = dict[str, Any]

PAGE = 50
"""Policies on a page."""

MOST_REQUESTS = 100
"""Questions in one batch: each is a ruling, and anyone may send them."""

LARGEST_BODY = 1_000_000
"""Bytes of a question or a batch."""

JSON = "application/json"
_SCHEMA_FILE = "policies/data/schemas/policies.schema.json"


def _text(**more: Any) -> Schema:
    return {"type": "string", **more}


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _one_of(values: Iterable[str]) -> Schema:
    return {"type": "string", "enum": list(values)}


def _list(of: Schema, **more: Any) -> Schema:
    return {"type": "array", "items": of, **more}


def _object(
    properties: Mapping[str, Schema], *, optional: Iterable[str] = (), **more: Any
) -> Schema:
    """An object with these properties, all of them but the optional, and no others."""
    left_out = set(optional)
    return {
        "type": "object",
        "properties": dict(properties),
        "required": [name for name in properties if name not in left_out],
        "additionalProperties": False,
        **more,
    }


def _component(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


DAY = _text(format="date", pattern=r"^\d{4}-\d{2}-\d{2}$")
INSTANT = _text(format="date-time")
ANY: Schema = {}
YES_OR_NO: Schema = {"type": ["boolean", "null"]}


# Parameters of the register

_FILTERS: Mapping[str, tuple[str, Schema]] = {
    "q": ("Words to look for in the register.", _text(maxLength=LONGEST_SEARCH)),
    "destination": (
        "Two-letter code: the policies that reach it; `any`: those that bind every destination.",
        _text(),
    ),
    "activity": ("The activity a policy speaks of.", _one_of(Activity.values)),
    "stance": ("The stance a policy states.", _one_of(Stance.values)),
    "layer": ("Where a policy stands: statute, regulation, notice and so on.", _one_of(Layer)),
    "status": (
        "How a policy stands on the day; in force unless stated, `all` for all that is known.",
        _one_of([*Standing.values, ALL_KNOWN]),
    ),
}
PARAMETERS: Mapping[str, tuple[str, Schema]] = {
    "on": ("The day to look at, in Ottawa; today unless stated.", DAY),
    "known_on": (
        "The register as it was known at the end of this day; all that is recorded unless stated.",
        DAY,
    ),
    **{name: _FILTERS[name] for name in PolicyFilter.base_filters},
    "after": ("The key after which the page begins; take `next` rather than make one.", _text()),
}
"""Every parameter of the register: what it means, and its schema."""


# What is answered

_VERSION = _object(
    {
        "policy": _text(description="The key, which names a policy for ever."),
        "layer": _one_of(Layer.values),
        "title_en": _text(),
        "title_fr": _text(),
        "scope": _component("scope"),
        "effect": _component("effect"),
        "questions": _list(
            _object(
                {
                    "code": _text(),
                    "of": _text(description="The policy whose question it is, if not its own."),
                    "applies_if": _one_of(Answer.values),
                    "en": _text(),
                    "fr": _text(),
                },
                optional=("of", "en", "fr"),
            )
        ),
        "exceptions": _list(
            _object(
                {"code": _text(), "en": _text(), "fr": _text(), "until": DAY}, optional=("until",)
            )
        ),
        "existing_permits": _one_of(ExistingPermits.values),
        "instrument_en": _text(),
        "instrument_fr": _text(),
        "from": _or_null(DAY),
        "to": _or_null(DAY),
        "known_from": _or_null(INSTANT),
        "known_to": _or_null(INSTANT),
        "announced_on": _or_null(DAY),
        "published_on": _or_null(DAY),
        "precision": _one_of(Precision.values),
        "assumed": _list(_text(), description="Fields that no source gives."),
        "confidence": _one_of(Confidence.values),
        "sources": _component("sources"),
    },
    description="One version of a policy. `from` and `to`, `known_from` and `known_to` are half"
    " open: the second is the first day, or instant, on which it no longer holds.",
)

_OUTCOME = _object({"requirement": _one_of(Requirement.values), "stance": _one_of(Stance.values)})
_RULING = _object(
    {
        "id": ANY,
        "requirement": _one_of(Requirement.values),
        "stance": _one_of(Stance.values),
        "stance_if_open": _one_of(Stance.values),
        "governing": _list(_text()),
        "matched": _list(_text()),
        "not_applied": _list(_object({"policy": _text(), "why": _text()})),
        "needs_answer": _list(
            _object(
                {
                    "policy": _text(),
                    "code": _text(),
                    "question_en": _text(),
                    "question_fr": _text(),
                    "if_yes": _component("Outcome"),
                    "if_no": _component("Outcome"),
                }
            )
        ),
        "exceptions_open": _list(_object({"policy": _text(), "code": _text()})),
        "text_en": _text(),
        "text_fr": _text(),
    },
    description="The ruling on one line; the fields of `resolve_policy`.",
)
_ERROR_OF_ONE = _object(
    {"id": ANY, "error": _text(description="The field at fault, a colon, how to put it right.")}
)
_ERRORS = _object({"errors": _list(_object({"field": _text(), "reason": _text()}), minItems=1)})

# What is asked

_QUESTION = _object(
    {
        "id": {"description": "Anything; given back."},
        "on": {**DAY, "description": "The day to rule on."},
        "known_on": _or_null(_text(description="A day (its end, in Ottawa), or an instant.")),
        "activity": _one_of(Activity.values),
        "destination": _text(description="ISO 3166-1 alpha-2, and XK."),
        "sub_region": _or_null(_text()),
        "items": _or_null(_list(_text(maxLength=LONGEST_ITEM), maxItems=MOST_ITEMS)),
        "goods": _or_null(_text(maxLength=LONGEST_TEXT)),
        "related_material": YES_OR_NO,
        "war_material": YES_OR_NO,
        "eipa_4_1": YES_OR_NO,
        "wmd_end_use": YES_OR_NO,
        "end_user": _or_null(_one_of(EndUserKind.values)),
        "designated_under": _or_null(_list(_text())),
        "other_destinations": _or_null(
            _list(
                _object({"role": _one_of(PlaceRole.values), "destination": _text()}),
                maxItems=MOST_OTHER_PLACES,
            )
        ),
        "answers": _or_null({"type": "object", "additionalProperties": _one_of(Answer.values)}),
        "exceptions": _or_null(
            _list(_object({"policy": _text(), "code": _text()}), maxItems=MOST_EXCEPTIONS)
        ),
    },
    description="One line of an export, and the day. docs/policy-format.md says what each means.",
)
_QUESTION["required"] = ["on", "activity", "destination"]

SCHEMAS: Mapping[str, Schema] = {
    "Version": _VERSION,
    "Page": _object(
        {
            "on": DAY,
            "known_on": _or_null(DAY),
            "policies": _list(_component("Version"), maxItems=PAGE),
            "next": _or_null(_text(description="The address of the next page.")),
        }
    ),
    "Policy": _object({"policy": _text(), "versions": _list(_component("Version"), minItems=1)}),
    "Question": _QUESTION,
    "Batch": _object(
        {"requests": {"type": "array", "items": ANY, "minItems": 1, "maxItems": MOST_REQUESTS}},
        description="Questions; one that can't be answered does not keep the others from it.",
    ),
    "Outcome": _OUTCOME,
    "Ruling": _RULING,
    "ErrorOfOne": _ERROR_OF_ONE,
    "Rulings": _object(
        {"answers": _list({"anyOf": [_component("Ruling"), _component("ErrorOfOne")]})},
        description="In the order asked.",
    ),
    "Errors": _ERRORS,
}


def document(paths: Mapping[str, str]) -> Schema:
    """The whole as OpenAPI 3.1; `paths` are the addresses by their names."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Permit Desk: the policy register",
            "version": "1",
            "description": "What Canada allows to export, where and since when. Read-only, public.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "paths": {paths[name]: operations for name, operations in _OPERATIONS.items()},
        "components": {"schemas": {**_reference_schemas(), **SCHEMAS}},
    }


@cache
def _reference_schemas() -> Mapping[str, Schema]:
    """The parts of a policy that are written as in its file, and what those refer to."""
    text = (settings.BASE_DIR / _SCHEMA_FILE).read_text(encoding="utf-8")
    parts = json.loads(text.replace("#/$defs/", "#/components/schemas/"))["$defs"]
    of_policy = parts["policy"]["properties"]
    return {
        **{name: parts[name] for name in ("goods", "stance", "requirement")},
        **{name: of_policy[name] for name in ("scope", "effect", "sources")},
    }


def _answers(words: str, name: str) -> Schema:
    return {"description": words, "content": {JSON: {"schema": _component(name)}}}


_NO_PARAMETERS = _answers("Each parameter: there are none", "Errors")


_OPERATIONS: Mapping[str, Schema] = {
    "api_policies": {
        "get": {
            "operationId": "listPolicies",
            "summary": "The policies as they stand on a day",
            "parameters": [
                {"name": name, "in": "query", "description": words, "schema": schema}
                for name, (words, schema) in PARAMETERS.items()
            ],
            "responses": {
                "200": _answers("A page, by key", "Page"),
                "400": _answers("Each parameter at fault", "Errors"),
            },
        }
    },
    "api_policy": {
        "get": {
            "operationId": "readPolicy",
            "summary": "One policy with all its versions",
            "parameters": [
                {"name": "key", "in": "path", "required": True, "schema": _text()},
            ],
            "responses": {
                "200": _answers("The policy", "Policy"),
                "400": _NO_PARAMETERS,
                "404": _answers("There is no such policy", "Errors"),
            },
        }
    },
    "api_set": {
        "get": {
            "operationId": "readSet",
            "summary": "The register in the form of policies.schema.json",
            "responses": {
                "200": {
                    "description": "Every policy with all its versions, acts and context",
                    "content": {JSON: {"schema": {"type": "object"}}},
                },
                "400": _NO_PARAMETERS,
            },
        }
    },
    "api_resolve": {
        "post": {
            "operationId": "resolve",
            "summary": "Rules on one line, or on several",
            "requestBody": {
                "required": True,
                "content": {
                    JSON: {"schema": {"anyOf": [_component("Question"), _component("Batch")]}}
                },
            },
            "responses": {
                "200": {
                    "description": "The ruling, or all answers in the order asked",
                    "content": {
                        JSON: {"schema": {"anyOf": [_component("Ruling"), _component("Rulings")]}}
                    },
                },
                "400": _answers("The first field at fault, or each parameter", "Errors"),
                "413": _answers(f"More than {LARGEST_BODY} bytes", "Errors"),
                "415": _answers("Not sent as JSON", "Errors"),
            },
        }
    },
    "api_openapi": {
        "get": {
            "operationId": "describe",
            "summary": "This description",
            "responses": {
                "200": {
                    "description": "OpenAPI 3.1",
                    "content": {JSON: {"schema": {"type": "object"}}},
                },
                "400": _NO_PARAMETERS,
            },
        }
    },
}
