"""Understudy's agent: plays a learned sensor over MQTT."""
