"""footfall: self-hosted user-event telemetry for learning and identity platforms."""

__version__ = "0.1.0"
