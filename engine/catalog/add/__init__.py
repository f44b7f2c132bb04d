"""Ways of adding images to the catalog, one file each, and the verb that they share."""
