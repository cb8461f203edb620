from django.apps import AppConfig


class Config(AppConfig):
    name = "shouwen.config"
    verbose_name = "组装"
