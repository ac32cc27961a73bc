"""Changing the catalogue while it is served: what callers send becomes changes of the log, and those become the view.

It knows no FastAPI; the routes hand in what they have read.
"""
