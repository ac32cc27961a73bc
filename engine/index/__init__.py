"""Nearest codes by Hamming distance: the protocol, FAISS behind it, and NumPy brute force as its oracle.

It knows rows and codes, not products or photos.
"""
