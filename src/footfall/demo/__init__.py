"""Simulated people on a learning platform, who use it by day and send what they do to a running footfall."""
