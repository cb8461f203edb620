from django.apps import AppConfig


class Config(AppConfig):
    name = "shouwen.org"
    verbose_name = "组织与人员"
