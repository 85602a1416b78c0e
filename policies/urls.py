"""The addresses of the policy register. All of it can be read without signing in."""

from django.urls import path

from policies.views import (
    api,
    ask,
    changes,
    destination,
    destination_file,
    destinations,
    items,
    law,
    lists,
    register,
    stance_map,
)

app_name = "policies"

urlpatterns = [
    path("policies/", register.register, name="register"),
    # Before the policies, of which none has such a key: keys are not in small letters alone.
    path("policies/map/", stance_map.stance_map, name="map"),
    path("policies/changes/", changes.changes, name="changes"),
    path("policies/<slug:key>/", register.policy, name="policy"),
    path("destinations/", destinations.destinations, name="destinations"),
    path("destinations/find.json", items.find_destinations, name="find_destinations"),
    path("destinations/<slug:code>/", destination.destination, name="destination"),
    path(
        "destinations/<slug:code>/timeline.csv",
        destination_file.destination_csv,
        name="destination_csv",
    ),
    path("lists/", lists.lists, name="lists"),
    path("lists/items.json", items.find_items, name="find_items"),
    path("lists/<slug:code>/", lists.one_list, name="list"),
    path("law/", law.law, name="law"),
    path("law/<slug:code>/", law.instrument, name="instrument"),
    path("ask/", ask.ask, name="ask"),
    path("api/policies/", api.policies, name="api_policies"),
    path("api/policies.json", api.policy_set, name="api_set"),
    path("api/policies/<slug:key>/", api.policy, name="api_policy"),
    path("api/resolve", api.resolve, name="api_resolve"),
    path("api/openapi.json", api.openapi, name="api_openapi"),
]
