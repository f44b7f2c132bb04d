"""Which products and images there are, searched without opening a file."""

from engine.catalog.asset import Asset, Identity
from engine.catalog.catalog import Catalog
from engine.catalog.columns import ABSENT, ProductColumns
from engine.catalog.product import Band, Product
from engine.catalog.selection import CatalogImage, Selection

__all__ = [
    "Catalog",
    "Product",
    "Band",
    "Selection",
    "CatalogImage",
    "ProductColumns",
    "Asset",
    "Identity",
    "ABSENT",
]
