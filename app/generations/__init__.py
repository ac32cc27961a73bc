"""A newly published generation takes over in the running service, or is refused while the old one goes on.

It knows CURRENT, the model and the log of changes; it knows no FastAPI.
"""
