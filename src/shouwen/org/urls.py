"""Addresses of this area, below /org/."""

from django.urls import path

from .pages import account, leave, login, staff, structure

app_name = "org"
urlpatterns = [
    path("login", login.login, name="login"),
    path("logout", login.logout, name="logout"),
    path("account", account.account, name="account"),
    path("account/password", account.password, name="password"),
    path("account/totp", account.totp, name="totp"),
    path("account/sessions/others/end", account.end_other_sessions, name="end_other_sessions"),
    path("account/sessions/<int:pk>/end", account.end_session, name="end_session"),
    path("tokens", account.tokens, name="tokens"),
    path("tokens/<int:pk>/revoke", account.revoke_token, name="revoke_token"),
    path("staff", staff.staff, name="staff"),
    path("staff/new", staff.add, name="add"),
    path("staff/<slug:username>", staff.person, name="person"),
    path("staff/<slug:username>/posts", staff.assign, name="assign"),
    path("staff/<slug:username>/posts/<int:pk>/end", staff.end_assignment, name="end_assignment"),
    path("staff/<slug:username>/skills", staff.skills, name="skills"),
    path("staff/<slug:username>/trainings", staff.trained, name="trained"),
    path("staff/<slug:username>/trainings/<int:pk>/remove", staff.untrained, name="untrained"),
    path("staff/<slug:username>/<slug:what>", staff.change, name="change"),
    path("posts", structure.posts, name="posts"),
    path("posts/new", structure.post, name="new_post"),
    path("posts/<slug:slug>", structure.post, name="post"),
    path("titles", structure.titles, name="titles"),
    path("titles/<int:pk>/remove", structure.unmap, name="unmap"),
    path("leave", leave.delegations, name="delegations"),
    path("leave/<int:pk>/end", leave.end, name="end_delegation"),
]
