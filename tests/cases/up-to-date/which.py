import importlib.metadata; print("alpha", importlib.metadata.version("alpha"))
