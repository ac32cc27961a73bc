"""Product feeds: the pictures behind URLs become photos in a folder, and the feed a catalogue.

It knows neither models nor bundles. Only `download.py` speaks HTTP; `addresses.py` decides where to.
"""
