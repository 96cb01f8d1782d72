"""Other people's test suites, each run by a pytest of its own."""

import os
import subprocess
import sys
from pathlib import Path

# Plugins that happen to be installed here and take seconds to load.
OTHERS = ("-p", "no:schemathesis", "-p", "no:hypothesispytest")
PATIENCE = 120.0


def start(folder: Path) -> "subprocess.Popen[str]":
    """Start the suite in a folder; it takes warnings for errors, and nobody's settings."""
    command = [sys.executable, "-m", "pytest", "-W", "error", "-p", "no:cacheprovider", *OTHERS]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    return subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True)


def finish(suite: "subprocess.Popen[str]") -> str:
    """What a suite that was started says at its end."""
    with suite:
        try:
            return suite.communicate(timeout=PATIENCE)[0]
        finally:
            suite.kill()
