"""Releases: the whole archive as it was at one moment, numbered, in files that never change."""
