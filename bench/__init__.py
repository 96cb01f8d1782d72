"""What footfall does in a second, measured: `python -m bench`."""
