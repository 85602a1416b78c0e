"""The addresses of the history."""

from django.urls import path

from history.views import checkpoints, entries, verification

app_name = "history"

urlpatterns = [
    path("history/", entries.events, name="events"),
    path("history/verify/", verification.verify, name="verify"),
    path("history/checkpoints/", checkpoints.checkpoints, name="checkpoints"),
    path("history/checkpoints/<int:size>.txt", checkpoints.note, name="checkpoint"),
    path("history/<int:number>/", entries.event, name="event"),
    path("history/<int:number>/body.json", entries.body, name="body"),
    path("history/<int:number>/proof.json", entries.proof, name="proof"),
]
