"""Addresses of this area, below /papers/."""

from django.urls import path

from .pages import clear, documents, forms, paper, printer, register

app_name = "papers"
urlpatterns = [
    path("", register.papers, name="papers"),
    path("of", register.of_record, name="of_record"),
    path("add", register.add, name="add"),
    path("outstanding", register.outstanding, name="outstanding"),
    path("check", paper.check, name="check"),
    path("printer", printer.printer, name="printer"),
    path("printer/test", printer.test_sheet, name="printer_test"),
    path("<int:pk>", paper.paper, name="paper"),
    path("<int:pk>/print", paper.print_out, name="print"),
    path("<int:pk>/clear", clear.print_clear, name="clear"),
    path("<int:pk>/void", paper.void, name="void"),
    path("printings/<int:pk>", paper.printing, name="printing"),
    path("copies/<int:pk>/return", paper.returned, name="returned"),
    path("copies/<int:pk>/hand-on", paper.hand_on, name="hand_on"),
    path("forms", forms.forms, name="forms"),
    path("forms/<slug:slug>", forms.form, name="form"),
    path("forms/<slug:slug>/layout", forms.layout, name="layout"),
    path("forms/<slug:slug>/placeholders", forms.placeholders, name="placeholders"),
    path("forms/<slug:slug>/template", forms.upload, name="upload"),
    path("templates/<int:pk>/use", forms.use, name="use"),
    path("templates/<int:pk>/drop", forms.drop, name="drop"),
    path("templates/<int:pk>/file", forms.template_file, name="template_file"),
    path("documents/", register.documents, name="documents"),
    path("documents/new", documents.new, name="new_document"),
    path("documents/<int:pk>", documents.document, name="document"),
    path("documents/<int:pk>/revise", documents.revise, name="revise"),
    path("documents/<int:pk>/withdraw", documents.withdraw, name="withdraw"),
    path("editions/<int:pk>/edit", documents.edit, name="edit"),
    path("editions/<int:pk>/issue", documents.issue, name="issue"),
    path("editions/<int:pk>/read", documents.read, name="read"),
    path("editions/<int:pk>/print", documents.print_page, name="print_edition"),
    path("editions/<int:pk>/file", documents.edition_file, name="edition_file"),
]
