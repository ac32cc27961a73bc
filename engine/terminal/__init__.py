"""How every program prints: tables, and how far long work is. For people on a terminal, plain in a pipe.

Knows rich and nothing of what is printed; imported by commands alone, when they run.
"""
