"""Reading GeoTIFF, COG and JPEG 2000: safely, by window, through a cache of decoded blocks."""
