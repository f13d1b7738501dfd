"""What every catalogue promises, as tests that each adapter inherits: products, groups, rights, licences, finder."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import timedelta

import attrs
import pytest

from application.errors import Conflict
from application.ports.products import CatalogueFinder, FoundProduct
from application.ports.unit_of_work import UnitOfWorkFactory
from domain.access import ANONYMOUS_EMAIL, Caller, Role
from domain.file import LONGEST_KEY, DataType
from domain.groups import AccessGroup, Memberships, groups_of
from domain.licence import Licence
from domain.product import LONGEST_TEXT, FileEntry, Product
from domain.product_access import Allowed, Locked, NoDataRight, NotInProduct, NotVisible, may_download
from domain.rights import FileLevel, MetadataLevel
from domain.statement import Statement
from domain.urn import EntityType, Urn
from tests.catalogue_factories import (
    a_caller,
    a_dataset_urn,
    a_group,
    a_licence,
    a_product,
    a_right,
    a_urn,
    an_acceptance,
    an_entry,
)
from tests.factories import ALICE, BOB, NOW, TENANT

OTHER = "other"
DATASET = a_dataset_urn(1)
LATER = NOW + timedelta(hours=1)


@attrs.frozen(kw_only=True)
class CatalogueEnvironment:
    """A unit of work and the finder, on one state."""

    unit_of_work: UnitOfWorkFactory
    finder: CatalogueFinder

    async def prepare(self) -> None:
        async with self.unit_of_work() as unit:
            await unit.tenants.add(TENANT, NOW)
            await unit.tenants.add(OTHER, NOW)
            await unit.commit()

    async def save(self, *products: Product) -> None:
        async with self.unit_of_work() as unit:
            await unit.products.save(products)
            await unit.commit()

    async def get(self, urn: Urn, tenant: str = TENANT) -> Product | None:
        async with self.unit_of_work() as unit:
            return await unit.products.get(tenant, urn)

    async def grant(self, *groups: AccessGroup, rights: Sequence = (), members: Sequence[str] = ()) -> None:
        """Make groups with these members of each, and give rights."""
        async with self.unit_of_work() as unit:
            await unit.access.save_groups(groups)
            for email in members:
                await unit.access.set_groups_of(groups[0].tenant, email, [group.name for group in groups])
            await unit.access.save_rights(rights)
            await unit.commit()

    async def license(self, licence: Licence, *, accepted_by: Sequence[str] = ()) -> None:
        async with self.unit_of_work() as unit:
            licence = await unit.licences.put(licence)
            for email in accepted_by:
                await unit.licences.accept(an_acceptance(licence, email))
            await unit.commit()

    async def decision(self, caller: Caller, urn: Urn, checksum: str = "c1") -> object:
        """What follows from what the finder finds."""
        found = await self.finder.find(caller, urn, checksum)
        return NotVisible() if found is None else decided(caller, found, checksum)


def decided(caller: Caller, found: FoundProduct, checksum: str) -> object:
    caller = attrs.evolve(caller, groups=groups_of(caller, found.memberships))
    return may_download(caller, found.product, checksum, found.licences, found.rights)


class ProductsContract:
    async def test_a_product_is_kept_as_it_is(self, env: CatalogueEnvironment) -> None:
        entry = FileEntry(
            data_type=DataType.QUICKLOOK_HD,
            file_name='é "x".png',
            media_type="image/png",
            checksum="C1",
            algorithm="SHA-256",
            size_bytes=2**40,
            image_width=640.5,
            image_height=480.0,
            types=("a", "b"),
            crc32="cbf43926",
            additional_fields={"raster:bands": [{"nodata": -1.5}], "none": None},
        )
        reference = an_entry(None, is_reference=True, uri="https://elsewhere.example.org/x?y=1")
        product = attrs.evolve(
            a_product(
                a_urn(7, version=3),
                files=[entry, reference, entry],
                datasets=[DATASET],
                tags=["blue", "é"],
                properties={"b": {"c": [1, 2.5, None, True, "x\n"]}, "a": 1e23, "n": 2**63 - 1},
                geometry={"type": "Polygon", "coordinates": [[[0, 0.5], [1, 1], [2, -3], [0, 0.5]]]},
                now=NOW - timedelta(days=9000, microseconds=1),
            ),
            session="s",
            session_owner="o",
        )
        await env.save(product)

        assert await env.get(product.urn) == product

    async def test_the_longest_keys_find_room(self, env: CatalogueEnvironment) -> None:
        """Texts that no compression makes shorter, so that they are as long in an index as they look."""
        letters = random.Random(1)

        def text(characters: int) -> str:
            return "".join(chr(letters.randint(0x20000, 0x2A000)) for _ in range(characters))

        key, name = text(LONGEST_KEY // 4), text(LONGEST_TEXT)
        entry = attrs.evolve(an_entry(key), file_name=name, media_type=name, crc32=name)
        product = attrs.evolve(
            a_product(files=[entry], tags=[name], properties={text(500): text(5000)}, label=name),
            provider_id=key,
            model=key,
            session=name,
            session_owner=name,
        )

        await env.save(product)

        assert await env.get(product.urn) == product

    async def test_saving_again_replaces_all_but_the_instant_of_registration(self, env: CatalogueEnvironment) -> None:
        await env.save(a_product(files=[an_entry("c1"), an_entry("c2")], datasets=[DATASET]))
        again = a_product(label="New", files=[an_entry("c3")], now=LATER)
        await env.save(again)

        assert await env.get(again.urn) == attrs.evolve(again, registered_at=NOW)

    async def test_the_last_one_counts_when_a_urn_comes_twice(self, env: CatalogueEnvironment) -> None:
        await env.save(a_product(label="One", files=[an_entry()]), a_product(label="Two", files=[an_entry("c2")]))

        found = await env.get(a_urn())

        assert found is not None
        assert (found.label, [entry.checksum for entry in found.files]) == ("Two", ["c2"])

    async def test_saving_nothing_is_nothing(self, env: CatalogueEnvironment) -> None:
        await env.save()

        async with env.unit_of_work() as unit:
            assert await unit.products.known(TENANT, []) == {}
            assert await unit.products.remove(TENANT, []) == ()

    @pytest.mark.parametrize("order", [(1, 2, 10), (10, 2, 1), (2, 10, 1)], ids=str)
    async def test_last_names_the_newest_version_in_whatever_order_they_came(
        self, env: CatalogueEnvironment, order: Sequence[int]
    ) -> None:
        for version in order:
            await env.save(a_product(a_urn(version=version), label=str(version)))

        newest = await env.get(a_urn(version=None))
        assert newest is not None
        assert (newest.label, newest.is_last) == ("10", True)
        for version in (1, 2):
            older = await env.get(a_urn(version=version))
            assert older is not None
            assert not older.is_last

    async def test_versions_that_come_together_are_sorted_out(self, env: CatalogueEnvironment) -> None:
        await env.save(*(a_product(a_urn(version=version)) for version in (3, 1, 2)))

        newest = await env.get(a_urn(version=None))

        assert newest is not None
        assert newest.urn == a_urn(version=3)

    async def test_when_the_newest_version_goes_the_one_before_is_last(self, env: CatalogueEnvironment) -> None:
        await env.save(a_product(a_urn(version=1)), a_product(a_urn(version=2)))

        async with env.unit_of_work() as unit:
            assert await unit.products.remove(TENANT, [a_urn(version=2), a_urn(9)]) == (a_urn(version=2),)
            await unit.commit()

        left = await env.get(a_urn(version=None))
        assert left is not None
        assert (left.urn, left.is_last) == (a_urn(version=1), True)

    async def test_when_an_older_version_goes_the_newest_stays_last(self, env: CatalogueEnvironment) -> None:
        await env.save(a_product(a_urn(version=1)), a_product(a_urn(version=2)))

        async with env.unit_of_work() as unit:
            await unit.products.remove(TENANT, [a_urn(version=1)])
            await unit.commit()

        left = await env.get(a_urn(version=None))
        assert left is not None
        assert (left.urn, left.is_last) == (a_urn(version=2), True)

    async def test_with_its_last_version_a_thing_is_gone(self, env: CatalogueEnvironment) -> None:
        await env.save(a_product(files=[an_entry()], datasets=[DATASET]))

        async with env.unit_of_work() as unit:
            assert await unit.products.remove(TENANT, [a_urn()]) == (a_urn(),)
            assert await unit.products.remove(TENANT, [a_urn()]) == ()
            await unit.commit()

        assert await env.get(a_urn()) is None
        assert await env.get(a_urn(version=None)) is None

    async def test_last_removes_nothing(self, env: CatalogueEnvironment) -> None:
        await env.save(a_product())

        async with env.unit_of_work() as unit:
            assert await unit.products.remove(TENANT, [a_urn(version=None)]) == ()

    async def test_products_of_another_tenant_are_not_there(self, env: CatalogueEnvironment) -> None:
        await env.save(a_product(a_urn(tenant=OTHER)))

        assert await env.get(a_urn(tenant=OTHER)) is None
        assert await env.get(a_urn(tenant=OTHER), tenant=OTHER) is not None
        async with env.unit_of_work() as unit:
            assert await unit.products.remove(TENANT, [a_urn(tenant=OTHER)]) == ()
            assert await unit.products.known(TENANT, [a_urn(tenant=OTHER), a_urn(tenant=OTHER, version=None)]) == {}

    async def test_many_are_looked_up_at_once_by_version_and_by_last(self, env: CatalogueEnvironment) -> None:
        products = [a_product(a_urn(number), files=[an_entry(f"c{number}")]) for number in range(1, 301)]
        await env.save(*products)
        urns = [a_urn(number, version=1 if number % 2 else None) for number in range(1, 401)]

        async with env.unit_of_work() as unit:
            known = await unit.products.known(TENANT, urns)

        assert len(known) == 300
        assert known[a_urn(2, version=None)] == products[1]
        assert known[a_urn(3)] == products[2]

    async def test_what_is_said_later_is_news_and_what_was_said_before_is_not(self, env: CatalogueEnvironment) -> None:
        """In the order of these claims; each is a unit of its own."""
        fraction = timedelta(microseconds=1)
        claims = [
            (NOW + fraction, [1, 2], {1, 2}),
            (LATER + fraction, [2, 3], {2, 3}),
            (NOW + 2 * fraction, [1, 2, 3], {1}),
            (NOW + fraction, [1], set()),
            (LATER + fraction, [2], {2}),
            # A whole second stands for all of it.
            (LATER, [2, 3], {2, 3}),
            (LATER - timedelta(seconds=1), [2], set()),
            # It did not take back what it overrode.
            (NOW + 3 * fraction, [3], set()),
            (NOW, [], set()),
        ]
        for said_at, numbers, news in claims:
            statement = Statement.heard(said_at, LATER + timedelta(days=1))
            async with env.unit_of_work() as unit:
                claimed = await unit.products.claim(TENANT, [a_urn(number) for number in numbers], statement)
                await unit.commit()
            assert claimed == {a_urn(number) for number in news}, said_at

    async def test_who_waits_for_the_answer_comes_after_everything(self, env: CatalogueEnvironment) -> None:
        async with env.unit_of_work() as unit:
            await unit.products.claim(TENANT, [a_urn()], Statement.asked(LATER))
            assert await unit.products.claim(TENANT, [a_urn(), a_urn()], Statement.asked(NOW)) == {a_urn()}
            assert await unit.products.claim(TENANT, [a_urn()], Statement.heard(NOW, LATER)) == frozenset()
            assert await unit.products.claim(OTHER, [a_urn()], Statement.heard(NOW, LATER)) == {a_urn()}

    async def test_what_was_said_of_a_product_outlives_it_for_a_while(self, env: CatalogueEnvironment) -> None:
        numbers = range(1, 5)
        async with env.unit_of_work() as unit:
            await unit.products.claim(TENANT, [a_urn(1)], Statement.asked(NOW))
            await unit.products.claim(TENANT, [a_urn(2), a_urn(4)], Statement.asked(NOW), is_removal=True)
            await unit.products.claim(TENANT, [a_urn(3)], Statement.asked(LATER), is_removal=True)
            await unit.products.claim(TENANT, [a_urn(4)], Statement.asked(NOW))
            await unit.commit()

        async with env.unit_of_work() as unit:
            assert await unit.products.purge_statements(LATER) == 1
            earlier = Statement.heard(NOW - timedelta(days=1), LATER)
            assert await unit.products.claim(TENANT, [a_urn(number) for number in numbers], earlier) == {a_urn(2)}

    async def test_of_two_who_claim_at_the_same_moment_the_later_statement_counts(
        self, env: CatalogueEnvironment
    ) -> None:
        """Each saves what it claimed: in the end the label is that of the newest statement."""
        until = NOW + timedelta(days=1)

        async def say(number: int) -> None:
            statement = Statement.heard(NOW + timedelta(microseconds=number), until)
            for attempt in range(50):
                try:
                    async with env.unit_of_work() as unit:
                        if await unit.products.claim(TENANT, [a_urn()], statement):
                            await unit.products.save([a_product(label=str(number))])
                        await unit.commit()
                except Conflict:
                    await asyncio.sleep(0.01 * attempt)
                else:
                    return

        await asyncio.gather(*(say(number) for number in (3, 8, 1, 7, 2, 6)))

        found = await env.get(a_urn())
        assert found is not None
        assert found.label == "8"

    async def test_pages_follow_each_other(self, env: CatalogueEnvironment) -> None:
        await env.save(
            *(a_product(a_urn(number), datasets=[DATASET] if number % 2 else []) for number in range(1, 6)),
            a_product(DATASET),
            a_product(a_urn(1, tenant=OTHER)),
        )

        async def pages(entity_type: EntityType | None, dataset: Urn | None) -> list[list[int]]:
            seen, after = [], None
            async with env.unit_of_work() as unit:
                while True:
                    page = await unit.products.page(
                        TENANT, entity_type=entity_type, dataset=dataset, after=after, limit=2
                    )
                    seen.append([product.urn.uuid.int for product in page.products])
                    after = page.next_after
                    if after is None:
                        return seen

        assert await pages(EntityType.DATA, None) == [[1, 2], [3, 4], [5]]
        assert await pages(None, None) == [[1, 2], [3, 4], [5, 1001]]
        assert await pages(None, DATASET.virtual_id) == [[1, 3], [5]]
        assert await pages(EntityType.COLLECTION, None) == [[]]

    async def test_versions_that_are_saved_at_the_same_moment_leave_one_that_is_last(
        self, env: CatalogueEnvironment
    ) -> None:
        await asyncio.gather(*(env.save(a_product(a_urn(version=version))) for version in range(1, 7)))

        newest = await env.get(a_urn(version=None))
        assert newest is not None
        assert newest.urn == a_urn(version=6)
        versions = [await env.get(a_urn(version=version)) for version in range(1, 7)]
        assert [product is not None and product.is_last for product in versions] == [False] * 5 + [True]

    async def test_the_catalogue_of_a_removed_tenant_goes_and_that_of_another_stays(
        self, env: CatalogueEnvironment
    ) -> None:
        for tenant in (TENANT, OTHER):
            dataset = a_dataset_urn(tenant=tenant)
            await env.save(a_product(a_urn(tenant=tenant), files=[an_entry()], datasets=[dataset]))
            await env.grant(a_group(tenant=tenant), rights=[a_right("readers", dataset)], members=[ALICE.email])
            await env.license(a_licence(dataset, tenant=tenant), accepted_by=[ALICE.email])

        async with env.unit_of_work() as unit:
            while await unit.tenant_upkeep.wipe(TENANT, 1):
                pass
            await unit.commit()

        async with env.unit_of_work() as unit:
            for tenant, count in ((TENANT, 0), (OTHER, 1)):
                everything = (
                    (await unit.products.page(tenant, entity_type=None, dataset=None, after=None, limit=9)).products,
                    await unit.access.groups(tenant),
                    await unit.access.rights(tenant),
                    await unit.access.groups_of(tenant, ALICE.email),
                    await unit.licences.all(tenant),
                    await unit.licences.acceptances(tenant, ALICE.email),
                )
                assert [len(rows) for rows in everything] == [count] * 6


class AccessContract:
    async def test_groups_are_made_changed_and_removed(self, env: CatalogueEnvironment) -> None:
        await env.grant(a_group("writers"), a_group("readers"), a_group("readers", tenant=OTHER))
        await env.grant(a_group("readers", is_public=True))

        async with env.unit_of_work() as unit:
            assert await unit.access.groups(TENANT) == (a_group("readers", is_public=True), a_group("writers"))
            assert await unit.access.groups(OTHER) == (a_group("readers", tenant=OTHER),)
            assert await unit.access.remove_group(TENANT, "readers")
            assert not await unit.access.remove_group(TENANT, "readers")
            await unit.commit()
            assert await unit.access.groups(TENANT) == (a_group("writers"),)
            assert await unit.access.groups(OTHER) == (a_group("readers", tenant=OTHER),)

    async def test_a_group_goes_with_its_memberships_and_rights(self, env: CatalogueEnvironment) -> None:
        await env.grant(a_group("readers"), a_group("writers"), rights=[a_right("readers")], members=[ALICE.email])

        async with env.unit_of_work() as unit:
            await unit.access.remove_group(TENANT, "readers")
            await unit.access.save_groups([a_group("readers")])
            await unit.commit()

        async with env.unit_of_work() as unit:
            assert await unit.access.groups_of(TENANT, ALICE.email) == ("writers",)
            assert await unit.access.rights(TENANT) == ()

    async def test_the_groups_of_a_user_are_replaced(self, env: CatalogueEnvironment) -> None:
        groups = [a_group("aaa"), a_group("bbb"), a_group("everybody", is_public=True)]
        await env.grant(*groups, members=[BOB.email])

        async with env.unit_of_work() as unit:
            await unit.access.set_groups_of(TENANT, ALICE.email, ["bbb", "aaa", "bbb"])
            await unit.access.set_groups_of(TENANT, BOB.email, ["aaa"])
            await unit.commit()
            assert await unit.access.groups_of(TENANT, ALICE.email) == ("aaa", "bbb")
            assert await unit.access.members(TENANT, "bbb") == (ALICE.email,)
            assert await unit.access.memberships(TENANT, BOB.email) == Memberships(
                own=frozenset({"aaa"}), public=frozenset({"everybody"})
            )
            await unit.access.set_groups_of(TENANT, ALICE.email, [])
            assert await unit.access.groups_of(TENANT, ALICE.email) == ()
            assert await unit.access.groups_of(OTHER, BOB.email) == ()

    async def test_the_users_of_a_group_are_replaced(self, env: CatalogueEnvironment) -> None:
        await env.grant(a_group("aaa"), a_group("bbb"), members=["a@x.org", "b@x.org"])
        await env.grant(a_group("aaa", tenant=OTHER), members=["a@x.org"])

        async with env.unit_of_work() as unit:
            await unit.access.set_members(TENANT, "aaa", ["b@x.org", "c@x.org", "b@x.org"])
            await unit.commit()
        async with env.unit_of_work() as unit:
            assert await unit.access.members(TENANT, "aaa") == ("b@x.org", "c@x.org")
            assert await unit.access.members(TENANT, "bbb") == ("a@x.org", "b@x.org")
            assert await unit.access.members(OTHER, "aaa") == ("a@x.org",)
            await unit.access.set_members(TENANT, "aaa", [])
            assert await unit.access.members(TENANT, "aaa") == ()
            with pytest.raises(Conflict):
                await unit.access.set_members(TENANT, "gone", ["a@x.org"])

    async def test_nobody_is_put_into_a_group_that_does_not_exist(self, env: CatalogueEnvironment) -> None:
        await env.grant(a_group("readers", tenant=OTHER))

        async with env.unit_of_work() as unit:
            with pytest.raises(Conflict):
                await unit.access.set_groups_of(TENANT, ALICE.email, ["readers"])

    async def test_no_right_is_given_to_a_group_that_does_not_exist(self, env: CatalogueEnvironment) -> None:
        async with env.unit_of_work() as unit:
            with pytest.raises(Conflict):
                await unit.access.save_rights([a_right("readers")])

    async def test_rights_are_given_changed_listed_and_taken_away(self, env: CatalogueEnvironment) -> None:
        one, two = a_dataset_urn(1), a_dataset_urn(2)
        await env.grant(a_group("aaa"), a_group("bbb"), rights=[a_right("bbb", one), a_right("aaa", two)])
        await env.grant(rights=[a_right("bbb", one, MetadataLevel.RESTRICTED_ACCESS, FileLevel.NO_ACCESS)])
        await env.grant(rights=[a_right("aaa", one)])
        changed = a_right("bbb", one, MetadataLevel.RESTRICTED_ACCESS, FileLevel.NO_ACCESS)

        async with env.unit_of_work() as unit:
            access = unit.access
            assert await access.rights(TENANT) == (a_right("aaa", one), changed, a_right("aaa", two))
            assert await access.rights(TENANT, group="aaa") == (a_right("aaa", one), a_right("aaa", two))
            assert await access.rights(TENANT, dataset=one.virtual_id) == (a_right("aaa", one), changed)
            assert await access.rights_on(TENANT, [two.virtual_id]) == (a_right("aaa", two),)
            assert await access.rights_on(TENANT, []) == ()
            assert await access.rights_on(OTHER, [two.virtual_id]) == ()
            assert await access.remove_right(TENANT, "bbb", one.virtual_id)
            assert not await access.remove_right(TENANT, "bbb", one.virtual_id)
            assert await access.rights(TENANT, group="bbb") == ()


class LicencesContract:
    async def test_licences_are_put_replaced_and_withdrawn(self, env: CatalogueEnvironment) -> None:
        own, whole = a_licence(DATASET), a_licence(text="whole")
        await env.license(own)
        await env.license(whole)
        await env.license(a_licence(text="2", tenant=OTHER))

        async with env.unit_of_work() as unit:
            assert await unit.licences.all(TENANT) == (whole, own)
            assert await unit.licences.get(TENANT, None) == whole
            assert await unit.licences.get(TENANT, DATASET.virtual_id) == own
            assert await unit.licences.put(a_licence(DATASET, text="2")) == a_licence(DATASET, text="2")
            assert await unit.licences.withdraw(TENANT, None)
            assert not await unit.licences.withdraw(TENANT, None)
            assert await unit.licences.get(TENANT, None) is None
            assert await unit.licences.all(TENANT) == (a_licence(DATASET, text="2"),)

    async def test_a_reset_is_never_forgotten(self, env: CatalogueEnvironment) -> None:
        await env.license(a_licence(), accepted_by=[ALICE.email])

        async with env.unit_of_work() as unit:
            assert await unit.licences.reset(TENANT, None, NOW) == a_licence(edition=1)
            assert await unit.licences.withdraw(TENANT, None)
            assert await unit.licences.reset(TENANT, None, LATER) is None
            assert await unit.licences.put(a_licence()) == a_licence(edition=1)
            state = await unit.licences.state(TENANT, ALICE.email, [])

        assert state.missing(a_caller(), []) == a_licence(edition=1)
        assert len(state.acceptances) == 1

    async def test_the_first_acceptance_stays(self, env: CatalogueEnvironment) -> None:
        await env.license(a_licence(DATASET), accepted_by=[ALICE.email])
        first = an_acceptance(a_licence(DATASET))

        async with env.unit_of_work() as unit:
            assert not await unit.licences.accept(attrs.evolve(first, accepted_at=LATER))
            assert await unit.licences.accept(an_acceptance(a_licence(), now=LATER))
            await unit.commit()
            assert await unit.licences.acceptances(TENANT, ALICE.email) == (
                first,
                an_acceptance(a_licence(), now=LATER),
            )
            assert await unit.licences.acceptances(TENANT, BOB.email) == ()
            assert await unit.licences.acceptances(OTHER, ALICE.email) == ()

    async def test_it_is_known_when_a_text_or_an_edition_began(self, env: CatalogueEnvironment) -> None:
        async with env.unit_of_work() as unit:
            assert await unit.licences.began_at(TENANT, None) is None
            await unit.licences.put(a_licence())
            assert await unit.licences.began_at(TENANT, None) is None
            await unit.licences.put(a_licence(text="2"), NOW)
            await unit.licences.put(a_licence(DATASET), LATER)
            assert await unit.licences.began_at(TENANT, None) == NOW
            await unit.licences.put(a_licence(text="2"))
            assert await unit.licences.began_at(TENANT, None) == NOW
            await unit.licences.reset(TENANT, None, LATER)
            await unit.commit()

        async with env.unit_of_work() as unit:
            assert await unit.licences.began_at(TENANT, None) == LATER
            assert await unit.licences.began_at(TENANT, DATASET.virtual_id) == LATER
            assert await unit.licences.began_at(OTHER, None) is None

    async def test_what_a_user_has_accepted_is_forgotten_with_them(self, env: CatalogueEnvironment) -> None:
        await env.license(a_licence(DATASET), accepted_by=[ALICE.email, BOB.email])
        await env.license(a_licence(), accepted_by=[ALICE.email])
        await env.license(a_licence(tenant=OTHER), accepted_by=[ALICE.email])

        async with env.unit_of_work() as unit:
            assert await unit.licences.forget(TENANT, ALICE.email) == 2
            assert await unit.licences.forget(TENANT, ALICE.email) == 0
            await unit.commit()

        async with env.unit_of_work() as unit:
            assert await unit.licences.acceptances(TENANT, ALICE.email) == ()
            assert len(await unit.licences.acceptances(TENANT, BOB.email)) == 1
            assert len(await unit.licences.acceptances(OTHER, ALICE.email)) == 1

    async def test_the_state_holds_what_concerns_these_datasets(self, env: CatalogueEnvironment) -> None:
        one, two = a_licence(a_dataset_urn(1)), a_licence(a_dataset_urn(2))
        await env.license(one, accepted_by=[ALICE.email, BOB.email])
        await env.license(two, accepted_by=[ALICE.email])

        async with env.unit_of_work() as unit:
            state = await unit.licences.state(TENANT, ALICE.email, [a_dataset_urn(1).virtual_id])

        assert (state.tenant_licence, state.dataset_licences) == (None, (one,))
        assert state.acceptances == (an_acceptance(one),)


class FinderContract:
    async def test_what_is_not_there_is_not_found(self, env: CatalogueEnvironment) -> None:
        assert await env.finder.find(a_caller(), a_urn(), "c1") is None
        assert await env.finder.find(a_caller(), a_urn(version=None), "c1") is None

    async def test_a_product_of_another_tenant_is_not_found(self, env: CatalogueEnvironment) -> None:
        await env.save(a_product(a_urn(tenant=OTHER), files=[an_entry()]))

        assert await env.finder.find(a_caller(Role.INSTANCE_ADMIN), a_urn(tenant=OTHER), "c1") is None

    @pytest.mark.parametrize("version", [None, 2])
    async def test_only_the_files_of_that_checksum_are_read(
        self, env: CatalogueEnvironment, version: int | None
    ) -> None:
        entry = attrs.evolve(
            an_entry("c1"), types=("a",), additional_fields={"x": [1, {"y": "z"}]}, image_width=1.5, size_bytes=2**40
        )
        reference = an_entry("c1", DataType.OTHER, is_reference=True, uri="https://elsewhere.example.org/")
        await env.save(
            a_product(a_urn(version=1), files=[an_entry("c1", DataType.AIP)]),
            a_product(a_urn(version=2), files=[an_entry("C1"), entry, an_entry("c2"), reference], datasets=[DATASET]),
        )

        found = await env.finder.find(a_caller(Role.ADMIN), a_urn(version=version), "c1")

        assert found is not None
        assert (found.product.urn, found.product.dataset_ids) == (a_urn(version=2), (DATASET.virtual_id,))
        assert found.product.entries_of("c1") == (entry, reference)
        assert found.product.entries_of("c2") == ()
        assert decided(a_caller(Role.ADMIN), found, "c1") == Allowed(entry)
        assert await env.decision(a_caller(Role.ADMIN), a_urn(version=version), "c3") == NotInProduct()

    async def test_every_step_of_the_decision_is_found(self, env: CatalogueEnvironment) -> None:
        await env.save(a_product(files=[an_entry()], datasets=[DATASET]))
        alice = a_caller()
        assert await env.decision(alice, a_urn()) == NotVisible()

        await env.grant(a_group(), rights=[a_right(files=FileLevel.NO_ACCESS)], members=[ALICE.email])
        assert await env.decision(alice, a_urn()) == NoDataRight()

        await env.license(a_licence(text="whole"))
        assert await env.decision(alice, a_urn()) == Locked(a_licence(text="whole"))
        await env.license(a_licence(DATASET))
        assert await env.decision(alice, a_urn()) == Locked(a_licence(DATASET))

        await env.license(a_licence(DATASET), accepted_by=[ALICE.email])
        assert await env.decision(alice, a_urn()) == NoDataRight()

        await env.grant(rights=[a_right()])
        assert await env.decision(alice, a_urn()) == Allowed(an_entry())

        await env.grant(rights=[a_right(metadata=MetadataLevel.RESTRICTED_ACCESS)])
        assert await env.decision(alice, a_urn()) == NotVisible()

    async def test_a_withdrawn_licence_locks_nothing(self, env: CatalogueEnvironment) -> None:
        await env.save(a_product(files=[an_entry()]))
        await env.license(a_licence())
        assert await env.decision(a_caller(Role.ADMIN), a_urn()) == Locked(a_licence())

        async with env.unit_of_work() as unit:
            await unit.licences.withdraw(TENANT, None)
            await unit.commit()

        assert await env.decision(a_caller(Role.ADMIN), a_urn()) == Allowed(an_entry())

    async def test_groups_count_that_are_on_record_public_or_stated_by_the_token(
        self, env: CatalogueEnvironment
    ) -> None:
        one, two, three = a_dataset_urn(1), a_dataset_urn(2), a_dataset_urn(3)
        for number, dataset in enumerate((one, two, three), 1):
            await env.save(a_product(a_urn(number), files=[an_entry()], datasets=[dataset]))
        await env.grant(a_group("own_group"), rights=[a_right("own_group", one)], members=[ALICE.email])
        await env.grant(a_group("everybody", is_public=True), rights=[a_right("everybody", two)])
        await env.grant(a_group("stated"), rights=[a_right("stated", three)])

        async def has(caller: Caller) -> list[bool]:
            return [isinstance(await env.decision(caller, a_urn(number)), Allowed) for number in (1, 2, 3)]

        assert await has(a_caller()) == [True, True, False]
        assert await has(a_caller(groups=["stated"])) == [True, True, True]
        assert await has(a_caller(groups=["unknown"])) == [True, True, False]
        assert await has(Caller(TENANT, BOB.email, Role.REGISTERED_USER)) == [False, True, False]
        assert await has(Caller.anonymous(TENANT)) == [False, True, False]
        assert await has(Caller(TENANT, ANONYMOUS_EMAIL, Role.PUBLIC, frozenset({"stated"}))) == [False, True, False]

    async def test_callers_who_ask_at_the_same_moment_get_their_own_answers(self, env: CatalogueEnvironment) -> None:
        licence = a_licence(a_dataset_urn(2))
        await env.save(
            a_product(a_urn(1), files=[an_entry()], datasets=[DATASET]),
            a_product(a_urn(2), files=[an_entry("c2")], datasets=[a_dataset_urn(2)]),
        )
        both = [a_right("readers", DATASET), a_right("writers", a_dataset_urn(2))]
        await env.grant(a_group("readers"), rights=both[:1], members=[ALICE.email])
        await env.grant(a_group("writers"), rights=both[1:], members=[BOB.email])
        await env.license(licence, accepted_by=[ALICE.email])
        alice, bob = a_caller(), Caller(TENANT, BOB.email, Role.REGISTERED_USER)
        stated = Caller(TENANT, "carol@example.org", Role.REGISTERED_USER, frozenset({"readers"}))
        asked = [
            (alice, a_urn(1), "c1", Allowed(an_entry())),
            (bob, a_urn(1), "c1", NotVisible()),
            (stated, a_urn(1), "c1", Allowed(an_entry())),
            (stated, a_urn(2), "c2", NotVisible()),
            (bob, a_urn(2), "c2", Locked(licence)),
            (bob, a_urn(2), "c1", NotInProduct()),
            (alice, a_urn(2), "c2", NotVisible()),
            (alice, a_urn(3), "c1", NotVisible()),
        ] * 40

        answers = await asyncio.gather(*(env.decision(caller, urn, checksum) for caller, urn, checksum, _ in asked))

        assert answers == [expected for *_, expected in asked]

    async def test_a_dataset_is_governed_by_its_own_rights_and_licence(self, env: CatalogueEnvironment) -> None:
        await env.save(a_product(DATASET, files=[an_entry()], datasets=[a_dataset_urn(2)]))
        await env.grant(a_group(), rights=[a_right("readers", a_dataset_urn(2))], members=[ALICE.email])
        assert await env.decision(a_caller(), DATASET) == NotVisible()

        await env.grant(rights=[a_right("readers", DATASET)])
        await env.license(a_licence(a_dataset_urn(2)))
        assert await env.decision(a_caller(), DATASET) == Allowed(an_entry())

    async def test_rights_of_another_tenants_group_of_the_same_name_do_not_count(
        self, env: CatalogueEnvironment
    ) -> None:
        await env.save(a_product(files=[an_entry()], datasets=[DATASET]))
        await env.grant(a_group("readers"), rights=[a_right("readers")])
        await env.grant(a_group("readers", tenant=OTHER), members=[ALICE.email])

        assert await env.decision(a_caller(), a_urn()) == NotVisible()


class CatalogueContract(ProductsContract, AccessContract, LicencesContract, FinderContract):
    """All of it. Subclass it in a ``test_*.py`` module and give it an environment."""

    pytestmark = pytest.mark.anyio

    def environment(self) -> AbstractAsyncContextManager[CatalogueEnvironment]:
        """An empty world, torn down on leaving."""
        raise NotImplementedError

    @pytest.fixture
    async def env(self) -> AsyncIterator[CatalogueEnvironment]:
        async with self.environment() as env:
            await env.prepare()
            yield env
