"""Plugin parameters: declared once, as the fields of an attrs class, and checked and documented from there."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs

from application.errors import PortError
from domain.errors import InvalidValue

_DECLARATION = "rs_downloader.parameter"

KINDS: Mapping[str, tuple[type, ...]] = {
    "STRING": (str,),
    "BOOLEAN": (bool,),
    "INTEGER": (int,),
    "LONG": (int,),
    "FLOAT": (int, float),
    "DOUBLE": (int, float),
    "COLLECTION": (list, tuple),
    "MAP": (dict,),
}
"""Upstream's names of types, and what JSON gives for them. Collections and maps hold text."""


@attrs.frozen(kw_only=True)
class Declaration:
    """What users see of one parameter: its name, its type as upstream calls it, a sentence, and what it may be."""

    name: str
    type: str
    description: str
    label: str = ""
    unit: str | None = None
    secret: bool = False
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()

    def require(self, value: object) -> None:
        """Raise ``InvalidValue``, which never quotes a secret, unless the value is of the type and in its range."""
        expected = KINDS[self.type]
        if not isinstance(value, expected) or (isinstance(value, bool) and bool not in expected):
            raise InvalidValue(f"The parameter {self.name!r} is a {self.type}.")
        match value:
            case list() | tuple() if not all(isinstance(item, str) for item in value):
                raise InvalidValue(f"The parameter {self.name!r} is a {self.type} of texts.")
            case dict() if not all(isinstance(item, str) for pair in value.items() for item in pair):
                raise InvalidValue(f"The parameter {self.name!r} is a {self.type} of texts.")
            case int() | float() if not self._is_in_range(value):
                raise InvalidValue(f"The parameter {self.name!r} must be {self._range()}.")
            case str() if self.choices and value not in self.choices:
                raise InvalidValue(f"The parameter {self.name!r} is one of {', '.join(self.choices)}.")

    def _is_in_range(self, value: float) -> bool:
        least = float("-inf") if self.minimum is None else self.minimum
        most = float("inf") if self.maximum is None else self.maximum
        # A comparison with what is no number is false, so this refuses NaN, and infinity too.
        return float("-inf") < value < float("inf") and least <= value <= most

    def _range(self) -> str:
        ends = (("at least", self.minimum), ("at most", self.maximum))
        return " and ".join(f"{word} {end:g}" for word, end in ends if end is not None) or "a number"


def parameter(
    name: str,
    type_name: str,
    description: str,
    *,
    label: str = "",
    unit: str | None = None,
    secret: bool = False,
    minimum: float | None = None,
    maximum: float | None = None,
    choices: Sequence[str] = (),
    aliases: Sequence[str] = (),
    **options: Any,
) -> Any:
    """An attrs field that is a documented plugin parameter; ``options`` go to ``attrs.field``.

    ``type_name`` is one of ``KINDS``; a field whose default is ``None`` may stay without a value. A secret is a STRING
    that is encrypted at rest and never shown. ``unit`` is said with the description. ``aliases`` are other names
    under which it is accepted; it is kept under ``name``.
    """
    if type_name not in KINDS:
        raise TypeError(f"{name}: {type_name} is none of {', '.join(KINDS)}.")
    if secret and (type_name != "STRING" or aliases):
        raise TypeError(f"{name}: a secret is a STRING, and has one name.")
    declaration = Declaration(
        name=name,
        type=type_name,
        description=description,
        label=label,
        unit=unit,
        secret=secret,
        minimum=minimum,
        maximum=maximum,
        choices=tuple(choices),
        aliases=tuple(aliases),
    )
    if secret:
        options["repr"] = False
    given = options.pop("validator", None)
    more = [] if given is None else list(given) if isinstance(given, list | tuple) else [given]
    return attrs.field(
        metadata={_DECLARATION: declaration},
        validator=[_checked(declaration), *more],
        **options,
    )


def declaration_of(field: "attrs.Attribute[Any]") -> Declaration:
    """What ``parameter`` declared. Raises ``TypeError`` for a field that was made otherwise."""
    found = field.metadata.get(_DECLARATION)
    if not isinstance(found, Declaration):
        raise TypeError(f"The field {field.name!r} of the parameters was not made by parameter().")
    return found


def declared(parameters: type) -> "dict[str, attrs.Attribute[Any]]":
    """The fields of a parameters class by the names of the parameters. Raises ``TypeError`` for any other class."""
    if not attrs.has(parameters):
        raise TypeError(f"The parameters {parameters!r} are not an attrs class.")
    fields: dict[str, attrs.Attribute[Any]] = {}
    for field in attrs.fields(parameters):
        names = [declaration_of(field).name, *declaration_of(field).aliases]
        for name in names:
            if any(name in (known, *declaration_of(other).aliases) for known, other in fields.items()):
                raise TypeError(f"Two parameters are called {name!r}.")
        fields[names[0]] = field
    return fields


def built(plugin_id: str, parameters: type, given: Mapping[str, object]) -> Any:
    """An instance of a parameters class from named values. Raises ``InvalidValue``, which never quotes a secret."""
    fields = declared(parameters)
    canonical = {name: known for known, field in fields.items() for name in (known, *declaration_of(field).aliases)}
    if unknown := sorted(given.keys() - canonical.keys()):
        raise InvalidValue(f"{plugin_id} has no parameter {unknown[0]!r}. Known are: {', '.join(fields)}.")
    values: dict[str, object] = {}
    for name, value in given.items():
        field = fields[canonical[name]]
        argument = field.alias or field.name
        if argument in values:
            raise InvalidValue(f"{plugin_id} is given the parameter {canonical[name]!r} twice.")
        values[argument] = value
    for name, field in fields.items():
        if field.default is attrs.NOTHING and (field.alias or field.name) not in values:
            raise InvalidValue(f"{plugin_id} needs the parameter {name!r}.")
    for field in fields.values():
        # Before the class is built, so that converters only ever see what the declaration allows.
        value = values.get(field.alias or field.name, attrs.NOTHING)
        if value is not attrs.NOTHING and (value is not None or field.default is not None):
            declaration_of(field).require(value)
    secrets = [value for name, value in given.items() if declaration_of(fields[canonical[name]]).secret]
    return _constructed(plugin_id, parameters, values, secrets)


def _constructed(plugin_id: str, parameters: type, values: Mapping[str, object], secrets: Sequence[object]) -> Any:
    try:
        return parameters(**values)
    except (PortError, ValueError, TypeError) as error:
        # What a plugin says of a wrong value may quote it.
        message = str(error)
        for secret in secrets:
            if secret and str(secret) in message:
                message = "a secret parameter has a value that the plugin refuses."
        raise InvalidValue(f"{plugin_id}: {message}") from None


def _checked(declaration: Declaration) -> "Callable[[Any, attrs.Attribute[Any], Any], None]":
    def check(_instance: Any, attribute: "attrs.Attribute[Any]", value: Any) -> None:
        if value is None and attribute.default is None:
            return
        declaration.require(value)

    return check
