from django.apps import AppConfig


class Config(AppConfig):
    name = "shouwen.fees"
    verbose_name = "收费"
