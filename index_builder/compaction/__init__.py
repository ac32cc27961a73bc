"""Folding the log of changes into a new generation: the live one and what changed since, made one, without encoding.

It knows the bundle and the state; it does not know catalogues, nor how a generation is built anew.
"""
