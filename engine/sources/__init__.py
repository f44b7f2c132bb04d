"""Reading GeoTIFF, COG and JPEG 2000 files: safely, by window, through a cache of decoded blocks."""
