"""Addresses of this area, below /duty/."""

from django.urls import path

from . import pages

app_name = "duty"
urlpatterns = [
    path("", pages.book, name="book"),
    path("lines/<int:pk>/correct", pages.correct, name="correct"),
    path("roster", pages.roster, name="roster"),
    path("roster/plan", pages.plan, name="plan"),
    path("roster/lines/<int:pk>/end", pages.end_line, name="end_line"),
]
