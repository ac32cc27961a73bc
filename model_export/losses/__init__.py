"""The terms of the training objective, one a file: plain functions and modules of tensors.

They know nothing of photos, rows or the network; `model_export.objective` adds them up.
"""
