"""The newest schema of the control database; known to those who do without SQLAlchemy, too."""

HEAD = "0002"
