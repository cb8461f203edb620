"""Addresses of residents, below /r/: short, for they stand on doors. Those of the staff begin with codes and messages."""

from django.urls import path

app_name = "portal"
urlpatterns: list[object] = []
