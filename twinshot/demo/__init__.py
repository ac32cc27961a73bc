"""The whole path in one command: a catalogue is trained on, exported, indexed, served and asked over HTTP.

Every program is started as a process of the real command line; nothing of them is imported here.
"""
