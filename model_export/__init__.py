"""Training and export: a catalogue becomes a model folder (`model.onnx`, `model.json`).

Knows the engine and torch; knows nothing of the index or the service.
"""
