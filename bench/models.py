"""The same event shapes as pydantic models, made from the Structs so that both check the same."""

from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec
import pydantic
from msgspec import Meta, UnsetType
from pydantic import ConfigDict, Field, TypeAdapter

from footfall.schema.schemas import EIDS, SHAPES
from footfall.schema.verdict import Profile


def adapter() -> TypeAdapter[Any]:
    """Validates a JSON array of events as profile `sunbird` does."""
    models = tuple(_model(SHAPES[Profile.SUNBIRD][eid]) for eid in EIDS)
    union = Union[models]  # type: ignore[valid-type]  # noqa: UP007 - made at run time
    return TypeAdapter(list[Annotated[union, Field(discriminator="eid")]])


@cache
def _model(shape: type[msgspec.Struct]) -> type[pydantic.BaseModel]:
    config = shape.__struct_config__
    extra: Literal["forbid", "ignore"] = "forbid" if config.forbid_unknown_fields else "ignore"
    fields: dict[str, Any] = {}
    if config.tag is not None:
        fields["eid"] = (Literal[config.tag], ...)
    for field in msgspec.structs.fields(shape):
        settings = Field(alias=field.encode_name) if field.required else Field(default=None, alias=field.encode_name)
        fields[field.name] = (_type(field.type), settings)
    settings = ConfigDict(extra=extra, strict=True, protected_namespaces=())
    return pydantic.create_model(shape.__name__, __config__=settings, **fields)


def _type(kind: Any) -> Any:
    """A Struct's annotation as pydantic writes it; what may be absent may still not be null."""
    origin, arguments = get_origin(kind), get_args(kind)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return _model(kind)
    if origin is Annotated:
        constraints = [_constraint(extra) for extra in arguments[1:] if isinstance(extra, Meta)]
        merged = {name: value for found in constraints for name, value in found.items()}
        return Annotated[_type(arguments[0]), Field(**merged)] if merged else _type(arguments[0])
    if origin in (list, dict):
        return origin[tuple(_type(argument) for argument in arguments)]
    if UnsetType in arguments:
        (rest,) = (argument for argument in arguments if argument is not UnsetType)
        return _type(rest)
    return kind


def _constraint(meta: Meta) -> dict[str, Any]:
    return {name: value for name in ("min_length", "ge") if (value := getattr(meta, name)) is not None}
