"""Addresses of this area, below /papers/."""

from django.urls import path

from . import pages

app_name = "papers"
urlpatterns = [path("", pages.papers, name="papers")]
