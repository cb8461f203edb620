"""Addresses of this area, below /rounds/."""

from django.urls import path

from .pages import phone, plans, points, today, watch

app_name = "rounds"
urlpatterns = [
    path("", today.today, name="today"),
    path("week", today.week, name="week"),
    path("missing", today.MISSING.page, name="missing"),
    path("runs", today.RUNS.page, name="runs"),
    path("readings", today.READINGS.page, name="readings"),
    path("gear", watch.GEAR.page, name="gear"),
    path("posts", watch.supervised, name="supervised"),
    path("runs/<int:pk>", today.run, name="run"),
    path("readings/<int:pk>/photos/<int:number>", phone.photo, name="photo"),
    path("mine", phone.mine, name="mine"),
    path("mine/find", phone.find, name="find"),
    path("mine/alarm", phone.alarm, name="alarm"),
    path("mine/halts/<int:pk>/end", phone.resume, name="resume"),
    path("mine/<int:pk>", phone.walk, name="walk"),
    path("mine/<int:pk>/record", phone.record, name="record"),
    path("p/<slug:key>", phone.scanned, name="scanned"),
    path("plans", plans.plans, name="plans"),
    path("plans/new", plans.edit_plan, name="plan_new"),
    path("plans/<int:pk>", plans.plan, name="plan"),
    path("plans/<int:pk>/edit", plans.edit_plan, name="plan_edit"),
    path("plans/<int:pk>/switch", plans.switch, name="switch"),
    path("routes", plans.routes, name="routes"),
    path("routes/new", plans.edit_route, name="route_new"),
    path("routes/<int:pk>", plans.edit_route, name="route"),
    path("points", points.POINTS.page, name="points"),
    path("points/new", points.edit_point, name="point_new"),
    path("points/import", points.import_points, name="import"),
    path("points/labels", points.labels, name="labels"),
    path("points/<int:pk>", points.point, name="point"),
    path("points/<int:pk>/edit", points.edit_point, name="point_edit"),
    path("points/<int:pk>/look", phone.look, name="look"),
]
