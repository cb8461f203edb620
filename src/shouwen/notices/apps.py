from django.apps import AppConfig


class Config(AppConfig):
    name = "shouwen.notices"
    verbose_name = "通知"
