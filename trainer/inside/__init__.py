"""The private attributes of SDV and its sister packages, a file a kind of synthesizer."""
