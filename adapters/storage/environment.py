"""What the installation gives a plugin besides the parameters of a storage."""

from pathlib import Path

import attrs

from adapters.storage.fence import Fence


@attrs.frozen(kw_only=True)
class PluginEnvironment:
    """The operator's word and the place of one storage; plugins that need neither ignore it.

    ``tenant`` and ``storage`` say whose storage it is. ``fence`` is what no storage reads of this machine.
    ``allowed_hosts`` are the hosts that the operator lets storages fetch foreign URLs from. ``scratch`` is the folder
    in which storages may keep what they can do without; it may be missing, and may be emptied at any time.
    """

    tenant: str = ""
    storage: str = ""
    fence: Fence = attrs.field(factory=Fence)
    allowed_hosts: tuple[str, ...] = ()
    scratch: Path | None = None

    @property
    def scratch_folder(self) -> Path | None:
        """The folder of this storage alone below ``scratch``; not made yet."""
        return None if self.scratch is None else self.scratch / self.tenant / self.storage
