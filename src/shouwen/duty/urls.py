"""Addresses of this area, below /duty/."""

from django.urls import path

from .pages import attendance, book, handover, items, muster, roster, volumes

app_name = "duty"
urlpatterns = [
    path("", book.book, name="book"),
    path("lines/<int:pk>/correct", book.correct, name="correct"),
    path("focus", book.report_focus, name="report_focus"),
    path("reviews", book.reviews, name="reviews"),
    path("reviews/<slug:slug>/<str:day>", book.review, name="review"),
    path("volumes", volumes.volumes, name="volumes"),
    path("musters", muster.musters, name="musters"),
    path("musters/<int:pk>", muster.muster, name="muster"),
    path("handover", handover.home, name="handover"),
    path("handover/items", items.items, name="items"),
    path("handovers/<int:pk>", handover.handing, name="handing"),
    path("handovers/<int:pk>/accept", handover.accept_here, name="accept_here"),
    path("handovers/<int:pk>/sheet", handover.sheet, name="sheet"),
    path("mine", attendance.mine, name="mine"),
    path("mine/come", attendance.come, name="come"),
    path("mine/<int:pk>/leave", attendance.leave, name="leave"),
    path("mine/<int:pk>/close", attendance.close, name="close"),
    path("mine/ask", attendance.ask, name="ask"),
    path("changes/<int:pk>", attendance.answer, name="answer"),
    path("attendance", attendance.attended, name="attendance"),
    path("roster/month", roster.month, name="month"),
    path("roster", roster.roster, name="roster"),
    path("roster/plan", roster.plan, name="plan"),
    path("roster/lines/<int:pk>/end", roster.end_line, name="end_line"),
]
