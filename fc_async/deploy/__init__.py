"""Declared configuration: the files that people write."""
