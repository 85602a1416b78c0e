"""The tables of the policy register."""

from policies.models.calendar import Calendar, Holiday, ServiceStandard
from policies.models.dated import Dated
from policies.models.destinations import Destination, DestinationName, SubRegion
from policies.models.law import Edition, Instrument, Provision
from policies.models.lists import ControlListItem, CountryList, CountryListEntry, GoodsRule
from policies.models.loads import ReferenceLoad
from policies.models.policies import (
    ContextEntry,
    PermitAct,
    Policy,
    PolicyException,
    PolicyQuestion,
    PolicyVersion,
)
from policies.models.policy_changes import PolicyChange

__all__ = [
    "Calendar",
    "ContextEntry",
    "ControlListItem",
    "CountryList",
    "CountryListEntry",
    "Dated",
    "Destination",
    "DestinationName",
    "Edition",
    "GoodsRule",
    "Holiday",
    "Instrument",
    "PermitAct",
    "Policy",
    "PolicyChange",
    "PolicyException",
    "PolicyQuestion",
    "PolicyVersion",
    "Provision",
    "ReferenceLoad",
    "ServiceStandard",
    "SubRegion",
]
