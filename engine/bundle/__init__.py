"""The bundle: immutable generations on disk, where the offline and the online half meet.

It knows files, checksums and rows; it does not know how they were made or who asks.
"""
