"""Addresses of residents, below /r/: short, for they stand on doors. Those of the staff begin with codes and messages."""

from django.urls import path

from .pages import account, entry, staff, ticket

app_name = "portal"
urlpatterns = [
    path("", account.mine, name="mine"),
    path("login", account.login, name="login"),
    path("code", account.code, name="code"),
    path("logout", account.logout, name="logout"),
    path("size", account.size, name="size"),
    path("p/<str:code>", entry.place, name="place"),
    path("p/<str:code>/<str:slug>", entry.from_place, name="from_place"),
    path("new/<int:community>/<str:slug>", entry.from_home, name="from_home"),
    path("t/<str:token>", ticket.by_link, name="link"),
    path("t/<str:token>/photo/<str:key>", ticket.photo_by_link, name="link_photo"),
    path("mine/<int:pk>", ticket.by_home, name="home"),
    path("mine/<int:pk>/photo/<str:key>", ticket.photo_by_home, name="home_photo"),
    path("codes", staff.codes, name="codes"),
    path("codes/make", staff.make, name="make_codes"),
    path("codes/<int:pk>/retire", staff.retire, name="retire_code"),
    path("codes/sheet", staff.sheet, name="sheet"),
    path("messages", staff.messages, name="messages"),
    path("messages/<int:pk>/again", staff.again, name="again"),
    path("messages/contact", staff.contact, name="contact"),
]
