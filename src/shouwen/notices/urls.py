"""Addresses of this area, below /notices/."""

from django.urls import path

from . import pages

app_name = "notices"
urlpatterns = [
    path("", pages.inbox, name="inbox"),
    path("<int:pk>/open", pages.open_notice, name="open"),
    path("<int:pk>/go", pages.opened, name="opened"),
    path("fresh", pages.fresh, name="fresh"),
    path("mine", pages.own, name="own"),
    path("read", pages.read_all, name="read_all"),
    path("channels", pages.channels, name="channels"),
    path("channels/<int:pk>/switch", pages.switch, name="switch"),
    path("channels/<int:pk>/test", pages.try_channel, name="try_channel"),
]
