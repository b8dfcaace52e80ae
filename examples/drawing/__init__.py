"""Draws the stock pictures of the examples with Pillow and numpy alone."""
