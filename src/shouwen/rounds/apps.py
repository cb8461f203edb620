from django.apps import AppConfig


class Config(AppConfig):
    name = "shouwen.rounds"
    verbose_name = "巡查"
