from django.urls import path

from .pages import cash, counts, registers, things

app_name = "custody"
urlpatterns = [
    path("", registers.REGISTER.page, name="register"),
    path("gone", registers.GONE.page, name="gone"),
    path("out", registers.out, name="out"),
    path("cabinet", registers.cabinet, name="cabinet"),
    path("scan", registers.scan, name="scan"),
    path("s/<str:code>", registers.scan, name="code"),
    path("new", things.new, name="new"),
    path("labels", things.labels, name="labels"),
    path("things/<int:pk>", things.thing, name="thing"),
    path("things/<int:pk>/lend/<str:way>", things.lend, name="lend"),
    path("stores", counts.stores, name="stores"),
    path("stores/<int:pk>/count", counts.count, name="count"),
    path("cash", cash.cash, name="cash"),
    path("counts", counts.counts, name="counts"),
    path("counts/<int:pk>", counts.counted, name="counted"),
]
