"""Whatever is asked of the front door: GET and HEAD agree, and nobody without a right gets a byte of data."""

import anyio
import attrs
from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.access import Role
from domain.file import DataType
from domain.rights import FileLevel, MetadataLevel
from tests.catalogue_factories import a_dataset_urn, a_licence, a_urn, an_acceptance, an_entry
from tests.e2e.front_door import give_right, put_file, put_licence, put_product
from tests.e2e.service import OTHER_TENANT, TENANT, Service

EMAIL = "alice@example.org"
DATASETS = [a_dataset_urn(1).virtual_id, a_dataset_urn(2).virtual_id]
SECRET = b"bytes for those with a right"
PICTURE = b"a picture for everybody"
TEXTS = [
    str(a_urn(1)),
    str(a_urn(2)),
    str(a_urn(3)),
    str(a_urn(1, version=None)),
    str(DATASETS[0]),
    "nonsense",
    "%2e%2e",
]
URNS = [*TEXTS, str(a_urn(1, tenant=OTHER_TENANT))]


@attrs.frozen(kw_only=True)
class Case:
    """Who asks for what, and what they have been given."""

    role: Role
    tenant: str
    urn: str
    checksum: str
    levels: tuple[tuple[MetadataLevel, FileLevel] | None, ...]
    is_member: bool
    is_public: bool
    licence: str
    query: dict[str, str]

    @property
    def has_right(self) -> bool:
        """The words of the contract once more: R1 to R4 for the data of product 1 and 2, each in its dataset."""
        products = {str(a_urn(1)): 0, str(a_urn(1, version=None)): 0, str(a_urn(2)): 1}
        if self.tenant != TENANT or self.urn not in products or self.checksum != f"data{products[self.urn] + 1}":
            return False
        if self.licence == "open" and self.role is not Role.INSTANCE_ADMIN:
            may_accept = self.role is not Role.PUBLIC and "acceptLicense" in self.query
            if not may_accept:
                return False
        if self.licence == "accepted" and self.role is Role.PUBLIC:
            return False
        if self.role in {Role.ADMIN, Role.PROJECT_ADMIN, Role.INSTANCE_ADMIN, Role.SYSTEM}:
            return True
        level = self.levels[products[self.urn]]
        is_in = self.is_public or (self.is_member and self.role is not Role.PUBLIC)
        return (
            is_in
            and level is not None
            and level[0] is MetadataLevel.FULL_ACCESS
            and level[1] is FileLevel.INHERITED_ACCESS
        )


LEVELS = st.one_of(
    st.none(),
    st.tuples(
        st.sampled_from([MetadataLevel.NO_ACCESS, MetadataLevel.RESTRICTED_ACCESS, MetadataLevel.FULL_ACCESS]),
        st.sampled_from([FileLevel.NO_ACCESS, FileLevel.INHERITED_ACCESS]),
    ),
)
CASES = st.builds(
    Case,
    role=st.sampled_from(Role),
    tenant=st.sampled_from([TENANT, TENANT, TENANT, OTHER_TENANT]),
    urn=st.sampled_from(URNS),
    checksum=st.sampled_from(["data1", "data1", "data2", "picture", "loose", "nothing"]),
    levels=st.tuples(LEVELS, LEVELS),
    is_member=st.booleans(),
    is_public=st.booleans(),
    licence=st.sampled_from(["none", "open", "accepted"]),
    query=st.sampled_from([{}, {"acceptLicense": "true"}, {"isContentInline": "true"}]),
)


def a_service(case: Case) -> Service:
    service = Service()
    for checksum in ("data1", "data2", "loose"):
        put_file(service, checksum, SECRET)
    put_file(service, "picture", PICTURE, data_type=DataType.THUMBNAIL)
    for number in (1, 2):
        entries = [an_entry(f"data{number}"), an_entry("picture", DataType.THUMBNAIL)]
        put_product(service, *entries, number=number, datasets=[DATASETS[number - 1]])
    for dataset, level in zip(DATASETS, case.levels, strict=True):
        if level is not None:
            members = [EMAIL] if case.is_member else []
            give_right(service, "group", level[1], members=members, is_public=case.is_public, dataset=dataset)
            with service.database.transaction() as tables:
                key = TENANT, dataset, "group"
                tables.rights[key] = attrs.evolve(tables.rights[key], metadata_level=level[0])
    if case.licence != "none":
        put_licence(service, a_licence())
    if case.licence == "accepted":
        with service.database.transaction() as tables:
            proof = an_acceptance(a_licence(), EMAIL)
            tables.acceptances[proof.tenant, proof.email, proof.dataset, proof.text_id, proof.edition] = proof
    return service


async def answers(service: Service, case: Case):
    """What HEAD and then GET answer: HEAD comes first, since it changes nothing."""
    is_anonymous = case.role is Role.PUBLIC
    headers = {"scope": case.tenant} if is_anonymous else service.bearer(case.role, EMAIL, case.tenant)
    url = f"/downloads/{case.urn}/files/{case.checksum}"
    async with service.client() as client:
        head = await client.head(url, headers=headers, params=case.query)
        get = await client.get(url, headers=headers, params=case.query)
    return head, get


FULL = MetadataLevel.FULL_ACCESS, FileLevel.INHERITED_ACCESS
SEEN_ONLY = MetadataLevel.FULL_ACCESS, FileLevel.NO_ACCESS
A_MEMBER = Case(
    role=Role.REGISTERED_USER,
    tenant=TENANT,
    urn=str(a_urn(1)),
    checksum="data1",
    levels=(FULL, None),
    is_member=True,
    is_public=False,
    licence="none",
    query={},
)


@settings(max_examples=40, deadline=None)
@example(A_MEMBER)
@example(attrs.evolve(A_MEMBER, levels=(SEEN_ONLY, None)))
@example(attrs.evolve(A_MEMBER, levels=(SEEN_ONLY, FULL)))
@example(attrs.evolve(A_MEMBER, levels=(SEEN_ONLY, None), is_public=True, role=Role.PUBLIC))
@example(attrs.evolve(A_MEMBER, checksum="data2"))
@example(attrs.evolve(A_MEMBER, checksum="loose"))
@example(attrs.evolve(A_MEMBER, licence="open"))
@example(attrs.evolve(A_MEMBER, licence="open", query={"acceptLicense": "true"}))
@example(attrs.evolve(A_MEMBER, urn=str(a_urn(1, version=None))))
@example(attrs.evolve(A_MEMBER, tenant=OTHER_TENANT))
@example(attrs.evolve(A_MEMBER, tenant=OTHER_TENANT, role=Role.PROJECT_ADMIN))
@given(CASES)
def test_get_and_head_agree_and_nobody_without_a_right_gets_a_byte_of_data(case):
    head, get = anyio.run(answers, a_service(case), case)

    is_anonymous_quota = get.status_code == 429
    assert is_anonymous_quota or head.status_code == get.status_code
    assert (SECRET in get.content) == (case.has_right and not is_anonymous_quota)
    assert not is_anonymous_quota or (case.role is Role.PUBLIC and case.has_right)
    assert get.status_code < 500
