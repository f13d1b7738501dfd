"""The catalogue of the demo: what there is, who sees it, who may have it, and on which terms."""

from collections.abc import Mapping

import attrs

from application.use_cases.manage_groups import ChangeUserGroups, ChangeUserGroupsRequest, SaveGroup
from application.use_cases.manage_licences import PutLicence
from application.use_cases.manage_rights import SaveRight
from application.use_cases.register_products import RegisterProducts, RegisterProductsRequest
from domain.errors import InvalidValue
from domain.groups import AccessGroup
from domain.licence import Licence
from domain.rights import AccessRight, FileLevel, MetadataLevel
from domain.urn import Urn
from entrypoints.demo.files import FILES
from entrypoints.demo.names import ALICE, BOB, DAY, LICENCE, NIGHT, PICTURES, POSTER, SCENES, TENANT

PRODUCTS: tuple[tuple[Urn, str, Urn | None, tuple[str, ...]], ...] = (
    (SCENES, "Scenes: for scientists, who accept a licence", None, ()),
    (PICTURES, "Pictures: for everybody", None, ()),
    (DAY, "The scene by day", SCENES, ("medium.dat", "preview.png")),
    (NIGHT, "The scene by night, which is on tape", SCENES, ("night.dat",)),
    (POSTER, "A poster", PICTURES, ("preview.png", "small.dat")),
)
"""Name, label, dataset and files of each product; the first two are the datasets."""

GROUPS: tuple[tuple[str, str | None, Urn, FileLevel], ...] = (
    ("scientists", ALICE, SCENES, FileLevel.INHERITED_ACCESS),
    ("visitors", BOB, SCENES, FileLevel.NO_ACCESS),
    ("everybody", None, PICTURES, FileLevel.INHERITED_ACCESS),
)
"""Each group, its member (a public one has everybody), what it sees, and whether it has the files."""


@attrs.frozen(kw_only=True)
class MakeCatalogue:
    """Puts the products in and gives rights; repeating it changes nothing."""

    register_products: RegisterProducts
    save_group: SaveGroup
    change_user_groups: ChangeUserGroups
    save_right: SaveRight
    put_licence: PutLicence

    async def execute(self, checksums: Mapping[str, str]) -> None:
        """``checksums`` of the files by name."""
        documents = tuple(_feature(*product, checksums) for product in PRODUCTS)
        report = await self.register_products.execute(RegisterProductsRequest(tenant=TENANT, documents=documents))
        if report.refused:
            raise InvalidValue(f"The demo could not be made: {report.refused[0].reason}")
        for name, member, dataset, level in GROUPS:
            await self.save_group.execute(AccessGroup(tenant=TENANT, name=name, is_public=member is None))
            await self.save_right.execute(
                AccessRight(
                    tenant=TENANT,
                    group=name,
                    dataset=dataset.virtual_id,
                    metadata_level=MetadataLevel.FULL_ACCESS,
                    file_level=level,
                )
            )
            if member is not None:
                await self.change_user_groups.execute(ChangeUserGroupsRequest(tenant=TENANT, email=member, add=(name,)))
        await self.put_licence.execute(Licence(tenant=TENANT, dataset=SCENES.virtual_id, link=LICENCE))


def _feature(
    urn: Urn, label: str, dataset: Urn | None, names: tuple[str, ...], checksums: Mapping[str, str]
) -> dict[str, object]:
    files: dict[str, list[dict[str, object]]] = {}
    for file in (file for file in FILES if file.name in names):
        files.setdefault(file.data_type.value, []).append(
            {
                "dataType": file.data_type.value,
                "filename": file.name,
                "checksum": checksums[file.name],
                "digestAlgorithm": "SHA-256",
                "filesize": file.size_bytes,
                "mimeType": file.media_type,
                "reference": False,
            }
        )
    return {
        "type": "Feature",
        "id": str(urn),
        "providerId": f"demo-{label.partition(':')[0].lower().replace(' ', '-').partition(',')[0]}",
        "label": label,
        "model": "demo",
        "geometry": {"type": "Point", "coordinates": [1.48, 43.56]},
        "properties": {"datetime": "2026-01-31T12:00:00Z"},
        "tags": [] if dataset is None else [str(dataset)],
        "files": files,
    }
