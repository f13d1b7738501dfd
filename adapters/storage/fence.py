"""What no storage may read on this machine, and where tenants may place storages themselves (DESIGN section 12)."""

import os

import attrs

from domain.errors import Forbidden

SYSTEM_FOLDERS = ("/proc", "/sys", "/dev")
"""What looks like files here are views of processes and devices."""


@attrs.frozen(kw_only=True)
class Fence:
    """The operator's word on the local file system.

    ``private``: files and folders with the service's own state (database, key); no storage reads them, whatever its
    root. ``shared``: folders inside ``private`` that may be read all the same. ``tenant_roots``: where administrators
    of a tenant may place storages over HTTP, ``{tenant}`` standing for its name; empty is nowhere.
    """

    private: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
    tenant_roots: tuple[str, ...] = ()

    def forbids(self, real_path: str) -> bool:
        """Whether no storage may read the file at this real path."""
        if any(_is_within(real_path, folder) for folder in SYSTEM_FOLDERS):
            return True
        if any(_is_within(real_path, os.path.realpath(folder)) for folder in self.shared):
            return False
        return any(
            # An SQLite database has companions that begin with its own name.
            _is_within(real_path, os.path.realpath(place)) or real_path.startswith(os.path.realpath(place) + "-")
            for place in self.private
        )

    def require_tenant_may_place(self, tenant: str, folder: str) -> None:
        """Raise ``Forbidden`` unless the operator lets this tenant place storages there."""
        real = os.path.realpath(folder)
        roots = [os.path.realpath(root.replace("{tenant}", tenant)) for root in self.tenant_roots]
        if not any(_is_within(real, root) for root in roots):
            raise Forbidden(
                "The operator of this service has not opened this folder to storages of the tenant "
                "(RS_DOWNLOADER_LOCAL_ROOTS); ask for it, or have the storage added on the command line."
            )


def _is_within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")
