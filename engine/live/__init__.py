"""A generation with the changes since: one catalogue, searched as one index, in states that never change.

It knows nothing of HTTP, of the cache, or of where changes come from.
"""
