"""What benchmarks/serving.py is made of: a large shop, photos as callers send them, the servers, and the load.

It knows the service from outside, but for `bare`, which calls the functions of its hot path.
"""
