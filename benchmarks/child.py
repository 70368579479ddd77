"""The other side of ``measuring.in_process``: runs one task and prints its answer as JSON."""

from __future__ import annotations

import importlib
import json
import sys

if __name__ == "__main__":
    module, name, arguments = json.loads(sys.argv[1])
    print(json.dumps(getattr(importlib.import_module(module), name)(**arguments)))
