from django.urls import path

from .pages import arrears, prices

app_name = "fees"
urlpatterns = [
    path("prices", prices.PRICES.page, name="prices"),
    path("prices/all", prices.EVERY_PRICE.page, name="every_price"),
    path("prices/new", prices.new_price, name="price_new"),
    path("prices/<int:pk>", prices.price, name="price"),
    path("arrears", arrears.ARREARS.page, name="arrears"),
    path("arrears/import", arrears.take_list, name="arrears_import"),
    path("arrears/template", arrears.template, name="arrears_template"),
    path("arrears/unit/<int:pk>", arrears.unit, name="arrears_unit"),
]
