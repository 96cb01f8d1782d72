"""What there is on the simulated platform: applications, devices, courses, and what goes wrong."""

from msgspec import Raw, Struct

from footfall.demo.event import Producer, Thing
from footfall.demo.hosts import COUNT


class App(Struct, frozen=True):
    """An application; `mids` is the form of its message ids: sdk, uuid or service."""

    producer: Producer
    ver: str
    mids: str


class Model(Struct, frozen=True):
    """A kind of device: its label, and what START says of it (`uaspec` or `dspec`)."""

    label: str
    spec: dict[str, str | float]


class Lesson(Struct, frozen=True):
    """One piece of content: a video, a document, a game or a quiz, which has that many questions."""

    id: str
    kind: str
    title: str
    questions: int
    thing: Raw


class Course(Struct, frozen=True):
    """A course with its lessons, and the batch of learners who take it together."""

    id: str
    title: str
    batch: str
    thing: Raw
    lessons: tuple[Lesson, ...]


class Fault(Struct, frozen=True):
    """What an ERROR says."""

    err: str
    errtype: str
    stacktrace: str


PORTAL = App(Producer("demo.learning.portal", "web", "5.2.0"), "3.0", "sdk")
ANDROID = App(Producer("demo.learning.app", "mobile", "5.1.3", "Android"), "3.1", "uuid")
IOS = App(Producer("demo.learning.app", "mobile", "5.1.1", "iOS"), "3.1", "uuid")
EDITOR = App(Producer("demo.learning.portal", "content-editor", "4.8.0"), "3.0", "sdk")
COMMUNITY = App(Producer("demo.community.portal", "web", "2.4.1"), "3.0", "sdk")
SERVICES = tuple(
    App(Producer("demo.learning.service", f"learner-service-{number}", "5.2.0"), "3.0", "service")
    for number in range(COUNT)
)


def _browser(agent: str, ver: str, system: str) -> Model:
    spec: dict[str, str | float] = {
        "agent": agent,
        "ver": ver,
        "system": system,
        "platform": "Mobile" if system in ("Android", "iOS") else "Desktop",
        "raw": f"{agent}/{ver} ({system})",
    }
    return Model(str(spec["platform"]), spec)


def _phone(system: str, make: str, memory: float, screen: float) -> Model:
    return Model("Mobile", {"os": system, "make": make, "mem": memory, "scrn": screen, "edisk": -1, "sims": 1})


BROWSERS = (
    _browser("Chrome", "142.0", "Windows"),
    _browser("Chrome", "142.0", "Android"),
    _browser("Chrome", "141.0", "ChromeOS"),
    _browser("Firefox", "144.0", "Linux"),
    _browser("Safari", "18.6", "macOS"),
    _browser("Safari", "18.6", "iOS"),
    _browser("Edge", "142.0", "Windows"),
)
PHONES = (
    _phone("Android 15", "Pine", 6, 6.4),
    _phone("Android 13", "Cedar", 3, 6.1),
    _phone("Android 11", "Elm", 2, 5.5),
)
TABLETS = (_phone("iOS 18", "Birch", 6, 10.9), _phone("iOS 17", "Birch", 4, 6.1))

_KINDS = ("video", "document", "video", "game", "quiz")


def _lesson(course: str, number: int, title: str) -> Lesson:
    kind = _KINDS[number % len(_KINDS)]
    name = f"{course}{number:03d}"
    kinds = {"video": "Content", "document": "Content", "game": "Content", "quiz": "QuestionSet"}
    thing = Thing(name, kinds[kind], "2.0", {"l1": course, "l2": f"{course}u{number // 5}"})
    return Lesson(name, kind, title, 4 + number % 3 if kind == "quiz" else 0, thing.raw())


def _course(number: int, title: str, topics: str) -> Course:
    name = f"do_31{4209 + 737 * number}"
    lessons = [_lesson(name, index, topic) for index, topic in enumerate(topics.split(", "))]
    return Course(name, title, f"batch-{number + 11}", Thing(name, "Course").raw(), tuple(lessons))


COURSES = (
    _course(
        0, "Fractions", "Halves, Quarters, Adding, The pizza, Fractions quiz, Decimals, Percent, Mixed, Bars, Test"
    ),
    _course(1, "The water cycle", "Rain, Rivers, Clouds, Build a cloud, Water quiz, Oceans, Ice, Wells, Dams, Test"),
    _course(2, "Reading aloud", "Vowels, Rhymes, Poems, Word hunt, Reading quiz, Stories, Plays, Letters"),
    _course(3, "Forces", "Push, Pull, Friction, The ramp, Forces quiz, Levers, Springs, Gravity, Orbits, Test"),
    _course(4, "First programs", "Steps, Loops, Choices, The maze, Programs quiz, Lists, Functions, Bugs, Games, Test"),
    _course(5, "Teaching large classes", "Groups, Voice, Board, Seating, Classes quiz, Feedback, Projects"),
    _course(6, "First aid at school", "Calm, Cuts, Burns, The kit, First aid quiz, Breathing, Heat"),
    _course(7, "Local history", "Maps, Coins, Letters, Dig a site, History quiz, Markets, Roads, Songs"),
)

SEARCHES = (
    "fractions", "water cycle", "photosynthesis", "grade 6 maths", "poems", "gravity", "loops", "first aid",
    "lesson plan", "worksheet", "periodic table", "letters", "map reading", "quiz", "long division",
)  # fmt: skip
COMMENTS = ("Clear and short.", "The sound is too low.", "More exercises, please.", "I understood it at last.")
FAULTS = (
    Fault("404", "CONTENT", "GET /content/v1/read: content was retired"),
    Fault("PLAYER_LOAD", "CONTENT", "TypeError: manifest is undefined at player.load (player.js:211)"),
    Fault("500", "SYSTEM", "POST /course/v1/progress: internal server error"),
    Fault("NETWORK", "MOBILEAPP", "java.net.SocketTimeoutException: timeout at HttpClient.read"),
    Fault("STORAGE_FULL", "MOBILEAPP", "java.io.IOException: no space left on device"),
)
OUTAGE = Fault("503", "SYSTEM", "GET /content/v1/read: upstream content-service timed out after 30000 ms")
SEARCH_API = "/composite/v1/search"
APIS = ("/content/v1/read", "/course/v1/progress", "/user/v1/read", "/learner/v1/enrol", SEARCH_API)
