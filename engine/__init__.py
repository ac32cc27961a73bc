"""What the offline and the online half must do alike: catalogue, preprocessing, encoding, codes, index, ranking.

It knows neither how a model is trained nor that there is HTTP: no torch, no FastAPI, no Redis here.
"""
