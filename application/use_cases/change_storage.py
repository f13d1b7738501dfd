"""Change the configuration of a storage."""

from collections.abc import Iterable, Iterator

import attrs

from application.ports.unit_of_work import UnitOfWorkFactory
from application.use_cases.configured_storage import StorageConfigurations, StorageRequest
from application.use_cases.list_storages import StorageView
from domain.errors import NotFound
from domain.scrub import ScrubState
from domain.storage_order import next_priority, without


@attrs.frozen
class ChangeStorage:
    """Replace the configuration of a storage.

    - Name and priority stay; a plugin of another type makes it the last of its new type.
    - A secret is never shown, so one that is left out, or given as what is shown instead, keeps its value.
    - Administrators of a tenant place storages only where the operator lets them, and turn no secret that they do not
      give on another place.
    """

    unit_of_work: UnitOfWorkFactory
    configurations: StorageConfigurations

    async def execute(self, request: StorageRequest) -> StorageView:
        """Raises ``NotFound``, ``Forbidden``, ``InvalidValue``, ``Conflict``, ``DatabaseUnavailable``."""
        async with self.unit_of_work() as work:
            storages = await work.storages.all_to_change(request.tenant)
            old = next((storage for storage in storages if storage.name == request.name), None)
            if old is None:
                raise NotFound(f"There is no storage {request.name!r}.")
            storage_type, parameters = self.configurations.checked(request, old)
            stays = storage_type is old.storage_type
            new = attrs.evolve(
                old,
                storage_type=storage_type,
                priority=old.priority if stays else next_priority(storages, storage_type),
                plugin_id=request.plugin_id,
                parameters=parameters,
                active=request.active,
                verify=request.verify,
                delivery=request.delivery,
                allocated_size_kb=request.allocated_size_kb,
            )
            await work.storages.save([new, *(() if stays else without(storages, old.name))])
            begins_to_verify = new.verify and not old.verify
            states = await work.scrub.states(request.tenant) if begins_to_verify else ()
            await work.commit()
        view = StorageView.of(new, self.configurations.registry)
        return attrs.evolve(view, warnings=tuple(_unverifiable(states, new.name)))


def _unverifiable(states: Iterable[ScrubState], storage: str) -> Iterator[str]:
    for state in states:
        if state.storage == storage and state.unverifiable:
            yield (
                f"{state.unverifiable} of {state.copies} files on it cannot be verified, since their checksums "
                "cannot be computed here; they are served as they are."
            )
