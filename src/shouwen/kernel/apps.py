from django.apps import AppConfig


class Config(AppConfig):
    name = "shouwen.kernel"
    verbose_name = "内核"
