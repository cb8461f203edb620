from django.apps import AppConfig


class Config(AppConfig):
    name = "shouwen.duty"
    verbose_name = "值班"
