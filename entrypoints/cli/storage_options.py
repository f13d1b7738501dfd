"""Options for what a storage is made of, and how the parameters of its plugin are read from them."""

import json

import rich_click as click

path_option = click.option(
    "--path",
    type=click.Path(exists=True, file_okay=False, resolve_path=True),
    help="Folder of a Local storage; short for --parameter Storage_URL=PATH.",
)

parameters_option = click.option(
    "--parameter",
    "parameters",
    multiple=True,
    metavar="NAME=VALUE",
    help="Parameter of the plugin as NAME=VALUE; may be given several times. VALUE is JSON or plain text.",
)

delivery_option = click.option(
    "--delivery",
    type=click.Choice(["stream", "redirect"]),
    help="Whether bytes go through the service, or clients are sent to the storage by a signed URL; at first, stream.",
)


def plugin_parameters(given: tuple[str, ...], path: str | None) -> dict[str, object]:
    """By name, what ``--parameter`` and ``--path`` give. Raises ``BadParameter``."""
    parameters: dict[str, object] = {} if path is None else {"Storage_URL": path}
    for text in given:
        name, separator, value = text.partition("=")
        if not separator or not name:
            raise click.BadParameter(f"{text!r} is not NAME=VALUE.", param_hint="--parameter")
        parameters[name] = _value(value)
    return parameters


def _value(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text
