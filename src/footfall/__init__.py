"""footfall: self-hosted user-event telemetry for learning and identity platforms.

PYTEST_DONT_REWRITE: the package holds a pytest plugin, and may be imported before pytest loads it.
"""

__version__ = "0.1.0"
