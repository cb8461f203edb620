from django.apps import AppConfig


class Config(AppConfig):
    name = "shouwen.premises"
    verbose_name = "标识、空置房与巡访"
