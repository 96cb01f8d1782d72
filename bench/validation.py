"""The same rules on the same events by different validators, in turn, on one core."""

import random
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any

import fastjsonschema
import jsonschema  # type: ignore[import-untyped]
import jsonschema_rs
import msgspec
import pydantic
from msgspec import Struct

from bench import models
from bench.events import event, finished
from bench.figure import NONE, Figure, Site, median
from footfall.schema.events import AnyEvent
from footfall.schema.schemas import EIDS, event_schema
from footfall.schema.validation import judge_batch
from footfall.schema.verdict import Profile

NAME = "validation"
TITLE = "the same validation, one core"

_BATCH = 20
_BATCHES = 100
_ROUNDS = 5
_SLICE = 0.4  # seconds of CPU for each validator in each round

Accepts = Callable[[bytes], bool]
_load = msgspec.json.decode


class Candidate(Struct, frozen=True):
    """A validator: takes a JSON array of events as text, and says whether all are good."""

    name: str
    accepts: Accepts
    note: str


class DifferentVerdictError(RuntimeError):
    """Two validators do not agree, so that comparing their speed would mean nothing."""


def measure(_: Site) -> list[Figure]:
    """Five rounds of all validators in turn; each takes the batches in the same order."""
    chance = random.Random(20)
    run = secrets.token_hex(8)
    batches = [_batch(chance, run, number) for number in range(_BATCHES)]
    found = candidates()
    for candidate in found:
        _check(candidate, batches)
    rates: dict[str, list[float]] = {candidate.name: [] for candidate in found}
    for _round in range(_ROUNDS):
        for candidate in found:
            rates[candidate.name].append(_rate(candidate.accepts, batches))
    return [median(c.name, rates[c.name], "events/s/core", NONE, note=c.note) for c in found]


def candidates() -> list[Candidate]:
    """All validators, each with the fastest way from text to verdict that it offers."""
    schemas = {eid: event_schema(Profile.SUNBIRD, eid) for eid in EIDS}
    rust = {eid: jsonschema_rs.validator_for(schema).is_valid for eid, schema in schemas.items()}
    plain = {eid: jsonschema.Draft202012Validator(schema).is_valid for eid, schema in schemas.items()}
    compiled = {eid: _fast(schema) for eid, schema in schemas.items()}
    return [
        Candidate("footfall", _decodes(), "msgspec, straight from the text into the Structs"),
        Candidate(
            "footfall, judged", _judges, "the same, and the canonical content that finds doubled keys and resends"
        ),
        Candidate("pydantic v2", _pydantic(), "strict, straight from the text"),
        Candidate("jsonschema-rs", _by_eid(rust), "text read by msgspec"),
        Candidate("fastjsonschema", _by_eid(compiled), "text read by msgspec"),
        Candidate("jsonschema", _by_eid(plain), "text read by msgspec; what Sunbird's pipeline does, in Python"),
    ]


def _batch(chance: random.Random, run: str, number: int) -> bytes:
    events = (finished(event(chance, run), number * _BATCH + place) for place in range(_BATCH))
    return b"[" + b",".join(events) + b"]"


def _by_eid(validators: Mapping[str, Callable[[Any], bool]]) -> Accepts:
    def accepts(array: bytes) -> bool:
        return all(validators[value["eid"]](value) for value in _load(array))

    return accepts


def _decodes() -> Accepts:
    decode = msgspec.json.Decoder(list[AnyEvent]).decode

    def accepts(array: bytes) -> bool:
        try:
            decode(array)
        except msgspec.ValidationError:
            return False
        return True

    return accepts


def _judges(array: bytes) -> bool:
    return judge_batch(array) is not None


def _fast(schema: dict[str, Any]) -> Callable[[Any], bool]:
    validate = fastjsonschema.compile(schema)

    def accepts(value: Any) -> bool:
        try:
            validate(value)
        except fastjsonschema.JsonSchemaValueException:
            return False
        return True

    return accepts


def _pydantic() -> Accepts:
    validate = models.adapter().validate_json

    def accepts(array: bytes) -> bool:
        try:
            validate(array)
        except pydantic.ValidationError:
            return False
        return True

    return accepts


def _check(candidate: Candidate, batches: list[bytes]) -> None:
    """See that the validator takes what is good and refuses what is not."""
    spoilt = [
        batches[0].replace(*change, 1)
        for change in (
            (b'"ver":"3.0"', b'"ver":"2.0"'),
            (b'"mid":', b'"mud":'),
            (b'"pageid":"', b'"pageid":7,"type":"'),
            (b'"edata":{', b'"edata":{"surplus":1,'),
            (b'"actor":{', b'"actor":null,"object":{'),
        )
    ]
    if not all(map(candidate.accepts, batches)):
        raise DifferentVerdictError(f"{candidate.name} refuses good events")
    if any(map(candidate.accepts, spoilt)):
        raise DifferentVerdictError(f"{candidate.name} accepts bad events")


def _rate(accepts: Accepts, batches: list[bytes]) -> float:
    """Events per second of CPU time, over at least one batch."""
    begun = time.process_time()
    done = 0
    while (spent := time.process_time() - begun) < _SLICE:
        accepts(batches[done % len(batches)])
        done += 1
    return done * _BATCH / spent
