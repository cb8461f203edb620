from django.apps import AppConfig


class Config(AppConfig):
    name = "shouwen.procedures"
    verbose_name = "规程与工单"
