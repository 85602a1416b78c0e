from __future__ import annotations

from django.urls import path

from permits.views import (
    case,
    conditions,
    documents,
    letters,
    permits,
    rebuttals,
    review,
    worklist,
)

app_name = "permits"

ONE = "applications/<str:reference>/"

urlpatterns = [
    path("worklist/", worklist.show, name="worklist"),
    path("worklist/assign/", worklist.assign, name="assign"),
    path("applications/new/", case.new, name="new"),
    path(ONE, case.case, name="case"),
    path(f"{ONE}form/", case.edit_form, name="form"),
    path(f"{ONE}lines/new/", case.new_line, name="new_line"),
    path(f"{ONE}lines/<int:number>/", case.edit_line, name="line"),
    path(f"{ONE}lines/<int:number>/remove/", case.remove_line, name="remove_line"),
    path(f"{ONE}parties/new/", case.new_party, name="new_party"),
    path(f"{ONE}parties/<int:number>/", case.edit_party, name="party"),
    path(f"{ONE}parties/<int:number>/remove/", case.remove_party, name="remove_party"),
    path(f"{ONE}documents/new/", documents.new, name="new_document"),
    path("documents/<int:number>/", documents.change, name="document"),
    path("documents/<int:number>/file/", documents.download, name="download"),
    path("documents/<int:number>/remove/", documents.remove, name="remove_document"),
    path(f"{ONE}letters/<slug:kind>/", letters.make, name="make_letter"),
    path("letters/<int:number>/file/", letters.download, name="letter"),
    path(f"{ONE}do/<slug:action>/", case.do, name="do"),
    path(f"{ONE}reply/", case.record_reply, name="reply"),
    path(f"{ONE}conditions/new/", conditions.new, name="new_condition"),
    path("conditions/<int:number>/", conditions.change, name="condition"),
    path("conditions/<int:number>/remove/", conditions.remove, name="remove_condition"),
    path(f"{ONE}state/<slug:kind>/<str:key>/", case.new_statement, name="state"),
    path("statements/<int:number>/", case.countersign_statement, name="countersign"),
    path("statements/<int:number>/set-aside/", case.set_aside_statement, name="set_aside"),
    path("consultations/<int:number>/answer/", case.answer_consultation, name="answer"),
    path("consultations/<int:number>/silence/", case.silence_consultation, name="silence"),
    path("waits/<int:number>/end/", case.end_wait, name="end_wait"),
    path(f"{ONE}review/<slug:slug>/", review.card, name="card"),
    path(f"{ONE}review/<slug:slug>/draft/", review.draft, name="draft"),
    path(f"{ONE}review/<slug:slug>/draft/drop/", review.drop, name="drop_draft"),
    path(f"{ONE}review/<slug:slug>/sign/", review.sign, name="sign"),
    path(f"{ONE}sources/<slug:kind>/new/", review.new_source, name="new_source"),
    path("sources/<slug:kind>/<int:number>/", review.change_source, name="source"),
    path("sources/<slug:kind>/<int:number>/remove/", review.drop_source, name="drop_source"),
    path("rebuttals/", rebuttals.show, name="rebuttals"),
    path("permits/", permits.permits, name="permits"),
    path("permits/<str:number>/", permits.permit, name="permit"),
    path("permits/<str:number>/propose/", permits.propose, name="propose"),
    path("permits/<str:number>/tighten/", permits.act_at_once, name="tighten"),
    path("permits/<str:number>/lines/<int:line>/use/", permits.use, name="use"),
    path("acts/<int:number>/", permits.perform_act, name="perform"),
    path("acts/<int:number>/decline/", permits.decline_act, name="decline"),
    path("notices/<int:number>/", permits.see_notice, name="notice"),
]
