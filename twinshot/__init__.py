"""The front door: the command line, the sample catalogue and the demo. The only package that knows all programs."""
