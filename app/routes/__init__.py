"""The routes, one noun a file: from HTTP to calls and back.

They know the schemas and the parts of the service; they do no work themselves.
"""
