"""One function per catalogued object: a valid one, of which a test names only what it is about."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from domain.access import Caller, Role
from domain.file import DataType
from domain.groups import AccessGroup
from domain.licence import Licence, LicenceAcceptance
from domain.product import FileEntry, Product
from domain.rights import AccessRight, FileLevel, MetadataLevel
from domain.urn import EntityType, Ident, Urn
from tests.factories import ALICE, NOW, TENANT


def a_urn(
    number: int = 1,
    *,
    entity_type: EntityType = EntityType.DATA,
    tenant: str = TENANT,
    version: int | None = 1,
    ident: Ident = Ident.AIP,
) -> Urn:
    return Urn(ident=ident, entity_type=entity_type, tenant=tenant, uuid=UUID(int=number), version=version)


def a_dataset_urn(number: int = 1, *, tenant: str = TENANT, version: int | None = 1) -> Urn:
    return a_urn(1000 + number, entity_type=EntityType.DATASET, tenant=tenant, version=version)


def an_entry(
    checksum: str | None = "c1",
    data_type: DataType = DataType.RAWDATA,
    *,
    file_name: str = "scene.tif",
    uri: str | None = None,
    is_reference: bool = False,
) -> FileEntry:
    return FileEntry(
        data_type=data_type,
        file_name=file_name,
        media_type="image/tiff",
        checksum=checksum,
        algorithm=None if checksum is None else "MD5",
        size_bytes=1000,
        is_reference=is_reference,
        uri=uri,
    )


def a_product(
    urn: Urn | None = None,
    *,
    files: Sequence[FileEntry] = (),
    datasets: Sequence[Urn] = (),
    tags: Sequence[str] = (),
    properties: Mapping[str, object] | None = None,
    geometry: Mapping[str, object] | None = None,
    label: str = "A scene",
    is_last: bool = True,
    now: datetime = NOW,
) -> Product:
    urn = urn or a_urn()
    return Product(
        urn=urn,
        provider_id=f"provider-{urn.uuid.int}",
        label=label,
        model="scene",
        geometry=geometry,
        properties=properties or {},
        files=tuple(files),
        tags=(*tags, *(str(dataset) for dataset in datasets)),
        is_last=is_last,
        registered_at=now,
        updated_at=now,
    )


def a_group(name: str = "readers", *, tenant: str = TENANT, is_public: bool = False) -> AccessGroup:
    return AccessGroup(tenant=tenant, name=name, is_public=is_public)


def a_right(
    group: str = "readers",
    dataset: Urn | None = None,
    metadata: MetadataLevel = MetadataLevel.FULL_ACCESS,
    files: FileLevel = FileLevel.INHERITED_ACCESS,
) -> AccessRight:
    dataset = (dataset or a_dataset_urn()).virtual_id
    return AccessRight(tenant=dataset.tenant, group=group, dataset=dataset, metadata_level=metadata, file_level=files)


def a_licence(dataset: Urn | None = None, *, text: str = "1", edition: int = 0, tenant: str = TENANT) -> Licence:
    return Licence(
        tenant=tenant,
        dataset=None if dataset is None else dataset.virtual_id,
        link=f"https://archive.example.org/licence-{text}.html",
        edition=edition,
    )


def an_acceptance(licence: Licence, email: str = ALICE.email, *, now: datetime = NOW) -> LicenceAcceptance:
    return LicenceAcceptance(
        tenant=licence.tenant,
        dataset=licence.dataset,
        email=email,
        text_id=licence.text_id,
        edition=licence.edition,
        link=licence.link,
        accepted_at=now,
    )


def a_caller(role: Role = Role.REGISTERED_USER, *, groups: Sequence[str] = (), tenant: str = TENANT) -> Caller:
    if role is Role.PUBLIC:
        anonymous = Caller.anonymous(tenant)
        return Caller(anonymous.tenant, anonymous.email, anonymous.role, frozenset(groups))
    return Caller(tenant, ALICE.email, role, frozenset(groups))
