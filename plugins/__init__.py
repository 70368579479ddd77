"""The bundled rules, each a plugin that uses only the public hooks."""
