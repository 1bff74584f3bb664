"""Builds the sources, deploys them to the engine, and keeps the running stack up to date.

Nothing here knows the demo data.
"""
