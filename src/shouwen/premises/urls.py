from django.urls import path

from .pages import areas, permits, sheets, signs, vacant, visits

app_name = "premises"
urlpatterns = [
    path("", visits.coverage, name="coverage"),
    path("visits", visits.VISITS.page, name="visits"),
    path("visits/new", visits.find, name="visit_find"),
    path("visits/new/<int:unit>", visits.visit, name="visit_new"),
    path("visits/months", visits.months, name="months"),
    path("signs", signs.SIGNS.page, name="signs"),
    path("signs/new", signs.record, name="sign_new"),
    path("signs/checks", signs.checks, name="checks"),
    path("signs/<int:pk>", signs.sign, name="sign"),
    path("vacant", vacant.VACANT.page, name="vacant"),
    path("vacant/<int:pk>", vacant.vacancy, name="vacancy"),
    path("permits", permits.PERMITS.page, name="permits"),
    path("permits/new", permits.issue, name="permit_new"),
    path("permits/<int:pk>", permits.permit, name="permit"),
    path("areas", areas.areas, name="areas"),
    path("sheets/<slug:form>", sheets.sheet, name="sheet"),
]
