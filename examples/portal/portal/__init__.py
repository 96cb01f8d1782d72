"""A portal where a person really signs up: the example of every way in which footfall can be told of it."""

__version__ = "1.0"
