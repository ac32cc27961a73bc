"""The sample catalogue of `twinshot demo`: a few hundred products, drawn by us, the same for everybody.

It knows how to plan, draw and photograph products. It knows nothing of models, indexes or the service.
"""
