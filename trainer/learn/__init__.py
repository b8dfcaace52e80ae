"""From messages to a schema (what each field is) and a template (how it is written)."""
