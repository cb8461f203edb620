from django.urls import path

from .pages import archive, cash, counts, private, records, registers, things

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
    path("things/<int:pk>/private/<str:field>", private.reveal, name="reveal"),
    path("things/<int:pk>/masked/<str:field>", private.masked, name="masked"),
    path("things/<int:pk>/erase", private.erase, name="erase"),
    path("loans/<int:pk>/signature", private.signature, name="signature"),
    path("records", records.records, name="records"),
    path("records/<slug:slug>", records.record, name="record"),
    path("stores", counts.stores, name="stores"),
    path("stores/<int:pk>/count", counts.count, name="count"),
    path("files", archive.FILES.page, name="files"),
    path("folders", archive.folders, name="folders"),
    path("folders/<int:pk>", archive.folder, name="folder"),
    path("archive", archive.waiting, name="archive"),
    path("cash", cash.cash, name="cash"),
    path("counts", counts.counts, name="counts"),
    path("counts/<int:pk>", counts.counted, name="counted"),
]
