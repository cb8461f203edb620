from django.apps import AppConfig


class Config(AppConfig):
    name = "shouwen.papers"
    verbose_name = "单据"
