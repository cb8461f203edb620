"""Pages of tickets and procedures, at the root."""

from __future__ import annotations

from django.urls import path

from .pages import board, calls, counter, files, mine, onsite, procedure, register, reports, ticket

app_name = "procedures"

urlpatterns = [
    path("counter", counter.counter, name="file"),
    path("counter/find", counter.find, name="counter_find"),
    path("counter/caller", counter.callers, name="counter_caller"),
    path("counter/matter", counter.matter, name="counter_matter"),
    path("counter/preview", counter.preview, name="counter_preview"),
    path("counter/keep", calls.keep, name="counter_keep"),
    path("counter/drop", calls.drop, name="counter_drop"),
    path("counter/phone", counter.phone, name="counter_phone"),
    path("tickets/<int:pk>", ticket.ticket, name="ticket"),
    path("tickets/<int:pk>/timeline", ticket.timeline, name="timeline"),
    path("tickets/<int:pk>/tasks/<int:number>/finish", ticket.finish, name="finish"),
    path("tickets/<int:pk>/tasks/<int:number>/take", ticket.take, name="take"),
    path("tickets/<int:pk>/tasks/<int:number>/hand", ticket.hand, name="hand"),
    path("tickets/<int:pk>/note", ticket.note, name="note"),
    path("tickets/<int:pk>/urge", ticket.urge, name="urge"),
    path("tickets/<int:pk>/amend/<slug:step>", ticket.amend, name="amend"),
    path("tickets/<int:pk>/pause", ticket.pause, name="pause"),
    path("tickets/<int:pk>/approve", ticket.approve, name="approve"),
    path("tickets/<int:pk>/resume", ticket.resume, name="resume"),
    path("tickets/<int:pk>/withdraw", ticket.withdraw, name="withdraw"),
    path("tickets/<int:pk>/reopen", ticket.reopen, name="reopen"),
    path("tickets/<int:pk>/start/<slug:step>", ticket.start, name="start"),
    path("tickets/<int:pk>/link", ticket.link, name="link"),
    path("tickets/<int:pk>/reveal/<slug:field>", ticket.reveal, name="reveal"),
    path("tickets/<int:pk>/masked/<slug:field>", ticket.masked, name="masked"),
    path("attachments", files.attach, name="attach"),
    path("attachments/<str:key>", files.attachment, name="attachment"),
    path("board", board.board, name="board"),
    path("mine", mine.mine, name="mine"),
    path("mine/take", mine.take, name="take_here"),
    path("mine/offline", onsite.shell, name="onsite_shell"),
    path("mine/<int:pk>/<int:number>", onsite.onsite, name="onsite"),
    path("mine/<int:pk>/<int:number>/call", onsite.call, name="onsite_call"),
    path("tickets", register.TICKETS.page, name="tickets"),
    path("reports", reports.reports, name="reports"),
    path("procedures", procedure.procedures, name="procedures"),
    path("procedures/adopt", procedure.adopt, name="adopt"),
    path("procedures/<slug:slug>", procedure.procedure, name="procedure"),
    path("procedures/<slug:slug>/bpmn", procedure.bpmn, name="procedure_bpmn"),
    path("procedures/<slug:slug>/text", procedure.text, name="procedure_text"),
]
