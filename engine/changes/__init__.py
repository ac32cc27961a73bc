"""What changes between generations: a durable log of products that were put or deleted, and their photos.

It knows nothing of codes that are searched, of HTTP, or of who writes; a generation and this log make the catalogue.
"""
