"""Declared sensors: a specification becomes a bundle, without a recording."""
