from django.apps import AppConfig


class Config(AppConfig):
    name = "shouwen.portal"
    verbose_name = "业主自助"
