"""Starts and stops MiniStack, the local engine, and adds the parts of AWS that it lacks.

Nothing here knows what is deployed.
"""
