"""The offline half that makes bundles: encode, thresholds, shards, evaluation, publishing.

It knows the catalogue and the bundle, neither how a model is trained nor that there is a service.
"""
