"""Addresses of this area, below /estate/."""

from django.urls import path, re_path

from .pages import files, imports, registers, reveals

app_name = "estate"
urlpatterns = [
    path("find", registers.find, name="find"),
    path("units", registers.UNITS.page, name="units"),
    path("units/new", files.new_unit, name="new_unit"),
    path("units/<int:pk>", files.unit, name="unit"),
    path("units/<int:pk>/edit", files.edit_unit, name="edit_unit"),
    path("units/<int:pk>/residents", files.add_resident, name="add_resident"),
    path("units/<int:pk>/vehicles", files.add_vehicle, name="add_vehicle"),
    path("occupancies/<int:pk>/end", files.move_out, name="move_out"),
    path("people", registers.PEOPLE.page, name="people"),
    path("people/<int:pk>", files.person, name="person"),
    re_path(r"^people/(?P<pk>\d{1,18})/(?P<what>details|phone|paper|erase)$", files.change_person, name="change_person"),
    path("people/<int:pk>/reveal", reveals.ask, name="ask_reveal"),
    path("people/<int:pk>/masked/<slug:field>", reveals.masked, name="masked"),
    path("vehicles", registers.VEHICLES.page, name="vehicles"),
    path("vehicles/<int:pk>/remove", files.remove_vehicle, name="remove_vehicle"),
    path("areas", registers.areas, name="areas"),
    path("gaps", registers.gaps, name="gaps"),
    path("reveals", reveals.reveals, name="reveals"),
    path("reveals/<int:pk>/show", reveals.show, name="show_reveal"),
    path("reveals/<int:pk>/decide", reveals.decide, name="decide_reveal"),
    path("import", imports.imports, name="import"),
    path("import/template", imports.template, name="import_template"),
    path("import/<int:pk>", imports.run, name="import_run"),
    path("import/<int:pk>/apply", imports.apply, name="import_apply"),
    path("import/<int:pk>/annotated", imports.annotated, name="import_annotated"),
]
