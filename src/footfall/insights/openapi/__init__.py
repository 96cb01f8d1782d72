from typing import Any
from footfall.settings import Settings
def document(settings: Settings) -> dict[str, Any]:
    return {"openapi": "3.1.0"}
