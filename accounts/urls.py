"""Addresses of signing in, of one's own account, and of people and their rights."""

from django.urls import path

from accounts.views import delegations, own, people, requests, roles, sign_in

app_name = "accounts"

urlpatterns = [
    path("sign-in/", sign_in.SignInView.as_view(), name="sign_in"),
    path("sign-out/", sign_in.SignOutView.as_view(), name="sign_out"),
    # One's own account
    path("account/", own.account, name="account"),
    path("account/password/", own.change_password, name="change_password"),
    path("account/roles/<int:number>/give-up/", roles.give_up, name="give_up_role"),
    path(
        "account/delegations/<int:number>/give-up/", delegations.give_up, name="give_up_delegation"
    ),
    # People
    path("people/", people.people, name="people"),
    path("people/new/", people.new_person, name="new_person"),
    path("people/pending/", people.pending, name="pending"),
    path("people/<int:number>/", people.person, name="person"),
    path("people/<int:number>/close/", people.close, name="close_account"),
    path("people/<int:number>/reopen/", requests.propose_reopening, name="propose_reopening"),
    path("people/<int:number>/reset-password/", requests.propose_reset, name="propose_reset"),
    path("people/<int:number>/roles/new/", roles.propose, name="propose_role"),
    path("people/<int:number>/delegations/new/", delegations.propose, name="propose_delegation"),
    # What two administrators do
    path("people/roles/<int:number>/confirm/", roles.confirm, name="confirm_role"),
    path("people/roles/<int:number>/decline/", roles.decline, name="decline_role"),
    path("people/roles/<int:number>/end/", roles.end, name="end_role"),
    path(
        "people/delegations/<int:number>/confirm/", delegations.confirm, name="confirm_delegation"
    ),
    path(
        "people/delegations/<int:number>/decline/", delegations.decline, name="decline_delegation"
    ),
    path("people/delegations/<int:number>/end/", delegations.end, name="end_delegation"),
    path("people/requests/<int:number>/confirm/", requests.confirm, name="confirm_request"),
    path("people/requests/<int:number>/decline/", requests.decline, name="decline_request"),
]
