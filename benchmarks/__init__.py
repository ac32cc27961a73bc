"""Measurements: `make bench-<name>` runs benchmarks/<name>.py and writes benchmarks/results/<name>.json.

A claim compares two things measured in one run. docs/benchmarks.md is made from the results by benchmarks.table.
"""
