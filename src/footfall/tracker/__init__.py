"""The Python tracker: events go to disk first and to footfall when it can be reached; the application never waits.

from footfall.tracker import Tracker

tracker = Tracker("http://127.0.0.1:8400", channel="academy", producer="academy.portal")
with tracker.session(actor="u-17"), tracker.play("do_31", "2"):
    tracker.interact(type="TOUCH", id="next", pageid="page-3")
"""

from footfall.tracker.context import Content, Producer, Surroundings
from footfall.tracker.disk_outbox import DiskOutbox
from footfall.tracker.outbox import MemoryOutbox, Outbox
from footfall.tracker.reports import Counts, Fate, Report
from footfall.tracker.tracker import Tracker

__all__ = [
    "Content",
    "Counts",
    "DiskOutbox",
    "Fate",
    "MemoryOutbox",
    "Outbox",
    "Producer",
    "Report",
    "Surroundings",
    "Tracker",
]
