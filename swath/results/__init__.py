"""What computed values are in Python: results of imagery, and how streams become values."""

from swath.results.assemble import assemble
from swath.results.image import ImageCollectionResult, ImageResult
from swath.results.where import GeoContextResult

__all__ = ["GeoContextResult", "ImageCollectionResult", "ImageResult", "assemble"]
