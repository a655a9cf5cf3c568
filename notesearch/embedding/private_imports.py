"""Import the libraries that run and fetch models, with the reports of their use switched off."""

from __future__ import annotations

import os
from importlib import import_module
from types import ModuleType

# Read by the libraries when they are imported, so that later is too late.
_SWITCHES = {
    # onnxruntime 1.31 looks up a host of its maker and writes a device id and a queue of events
    # into the user's cache folder. Its own disable_telemetry_events() comes after both.
    "ORT_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    # transformers asks a service of the hub to convert a model without safetensors.
    "DISABLE_SAFETENSORS_CONVERSION": "1",
}


def import_private(name: str) -> ModuleType:
    """Import a module of onnxruntime, transformers, sentence-transformers or huggingface_hub.

    The switches stay set in the process, whatever they were before: nothing leaves the machine
    but the request for a model that the person named.
    """
    os.environ.update(_SWITCHES)
    return import_module(name)
