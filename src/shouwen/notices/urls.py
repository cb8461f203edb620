"""Addresses of this area, below /notices/."""

from django.urls import path

from . import pages

app_name = "notices"
urlpatterns = [
    path("", pages.inbox, name="inbox"),
    path("<int:pk>/open", pages.open_notice, name="open"),
    path("read", pages.read_all, name="read_all"),
    path("channels", pages.channels, name="channels"),
    path("channels/<int:pk>/switch", pages.switch, name="switch"),
]
