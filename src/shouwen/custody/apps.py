from django.apps import AppConfig


class Config(AppConfig):
    name = "shouwen.custody"
    verbose_name = "保管"
