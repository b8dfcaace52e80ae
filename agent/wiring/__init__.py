"""From settings to a wired agent: the only room that picks which classes play together."""
