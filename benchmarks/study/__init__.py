"""The study of recognition: what is trained (cells), on what (folds), and how it is measured.

It runs the programs as a user would and knows nothing of their insides but the index builder's evaluation.
"""
