from django.urls import path

from . import pages

app_name = "fees"
urlpatterns = [
    path("prices", pages.PRICES.page, name="prices"),
    path("prices/all", pages.EVERY_PRICE.page, name="every_price"),
    path("prices/new", pages.new_price, name="price_new"),
    path("prices/<int:pk>", pages.price, name="price"),
]
