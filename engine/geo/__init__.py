"""Where pixels are: systems, grids, outlines, and the way from one grid to another."""
