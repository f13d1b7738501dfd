"""Licences that stand in the way: accepted once for a run, or explained."""

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import attrs

from entrypoints.client.service import Service


@attrs.define(eq=False)
class Licences:
    """Accepts what a refusal names; many files ask for the same at once."""

    service: Service
    _accepted: set[str] = attrs.field(factory=set)
    _accepting: asyncio.Lock = attrs.field(factory=asyncio.Lock)

    async def accept(self, refusal: Mapping[str, Any]) -> None:
        """Accept the licence of the dataset that the refusal names, else that of the tenant.

        Raises ``ServiceRefused``, and ``httpx.HTTPError`` when nothing comes back.
        """
        dataset = refusal.get("dataset")
        path = f"/datasets/{quote(dataset, safe='')}/license" if isinstance(dataset, str) else "/license"
        async with self._accepting:
            if path not in self._accepted:
                await self.service.patiently("PUT", path)
                self._accepted.add(path)

    def explain(self, refusal: Mapping[str, Any]) -> str:
        """What the user has to do."""
        link = refusal.get("license")
        where = f" {link}" if isinstance(link, str) and link.isprintable() else ""
        return f"its licence must be accepted first: read{where or ' it'}, then add --yes-license"
