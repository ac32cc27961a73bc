"""The cache: bytes under keys, in Redis or in this process, and the two entries that are kept there.

It knows no HTTP and no photos; a cache that is down or slow looks like an empty one.
"""
