from django.apps import AppConfig


class Config(AppConfig):
    name = "shouwen.estate"
    verbose_name = "房产与住户"
