"""Catalogues: where rows and photos are read from, and what is wrong with them.

A row is one photo. It knows nothing of models, codes or indexes.
"""
