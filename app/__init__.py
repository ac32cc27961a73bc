"""The service: POST /search and what stands around it.

It knows the engine and a published bundle; it must not know how either was trained or built.
"""
