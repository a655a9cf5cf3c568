"""A float32 graph in, an engine out that runs it in bfloat16: the only door to OpenVINO.

It is an extra. It embeds one and a half times as many passages as onnxruntime does in float32.
"""

from __future__ import annotations

import sys
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from notesearch.embedding.compiled import Engine, UnusableGraphError, count_cores
from notesearch.errors import ModelError

if TYPE_CHECKING:
    from types import ModuleType

    import numpy as np
    from numpy.typing import NDArray

# Padded tokens in one run: between 1,024 and 16,384 speed differs by 8 %, and here it is greatest.
_BATCH_TOKENS = 2048
# The last thing that `import openvino` imports: it writes an identifier into the user's home and
# reports the import to a web service. Where it is not to be had, OpenVINO goes on without it.
_REPORTS_USE = "openvino.tools.ovc"


def import_openvino() -> ModuleType:
    """Import OpenVINO without the part that reports its use over the network.

    Raises ModelError where it is not installed.
    """
    withheld = _REPORTS_USE not in sys.modules
    if withheld:
        sys.modules[_REPORTS_USE] = None  # type: ignore[assignment]
    try:
        import openvino
    except ImportError as error:
        raise ModelError(
            f"precision bfloat16 runs on OpenVINO, which cannot be imported ({error}); "
            'run: pip install "notesearch[openvino]", or set precision to float32'
        ) from error
    finally:
        if withheld:
            sys.modules.pop(_REPORTS_USE, None)
    module: ModuleType = openvino
    return module


def has_bfloat16() -> bool:
    """Whether OpenVINO computes in bfloat16 on this processor."""
    core = import_openvino().Core()
    return "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def open_bfloat16_engine(graph: Path) -> Engine:
    """Open OpenVINO on all cores of this process, which takes 0.3 s of one, import included.

    Raises ModelError where it is not installed, UnusableGraphError where it refuses the graph.
    """
    openvino = import_openvino()
    options = {
        "INFERENCE_PRECISION_HINT": "bf16",
        "INFERENCE_NUM_THREADS": count_cores(),
        # Threads held to their cores wait there for other processes: 13 % slower on a busy machine.
        "ENABLE_CPU_PINNING": False,
    }
    try:
        request = openvino.Core().compile_model(str(graph), "CPU", options).create_infer_request()
    except RuntimeError as error:
        raise UnusableGraphError(f"{graph}: {error}") from error
    turn = Lock()  # a request is for one caller at a time, and has all cores then

    def run(feed: dict[str, NDArray[np.int64]]) -> NDArray[np.float32]:
        with turn:
            answer: NDArray[np.float32] = request.infer(feed)[0]
        return answer

    # Two streams of one thread each are no faster than one of two.
    return Engine(run, _BATCH_TOKENS)
