"""One file a model kind: how it is fitted with SDV, and how it is exported."""
