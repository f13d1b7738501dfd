"""Tables of storages and of the parameters of their plugins, for people."""

from application.use_cases.list_storages import StorageView
from domain.cool_down import CoolDown
from entrypoints.cli.output import print_table


def print_storages(views: tuple[StorageView, ...]) -> None:
    """One row for each storage, with what is wrong with it."""
    print_table(
        ["storage", "type", "priority", "plugin", "active", "verify", "delivery", "trouble"],
        [
            [
                v.name,
                v.storage_type.value,
                v.priority,
                v.plugin_id,
                v.active,
                v.verify,
                v.delivery.value,
                v.plugin_error or _failures(v.cool_down),
            ]
            for v in views
        ],
        empty="There are no storages.",
    )


def print_parameters(view: StorageView) -> None:
    """The parameters of one storage; secrets are not shown."""
    rows = [[p.name, p.type, "(secret)" if p.value is None else p.value] for p in view.parameters]
    print_table(["parameter", "type", "value"], rows, empty="It has no parameters.")


def _failures(cool_down: CoolDown | None) -> str | None:
    if cool_down is None:
        return None
    until = cool_down.cooling_until.isoformat(timespec="seconds")
    return f"failed {cool_down.failures} times in a row, read last until {until}: {cool_down.reason}"
