"""A small archive to try things with: real files, one on tape, two users, and what each of them may have."""

import attrs

from application.use_cases.add_tenant import AddTenant
from entrypoints.containers import UseCases
from entrypoints.demo.catalogue import MakeCatalogue
from entrypoints.demo.files import MakeFiles
from entrypoints.demo.names import TENANT
from entrypoints.demo.people import MakePeople
from entrypoints.settings import Settings


@attrs.frozen
class Demo:
    """What there is to try."""

    tenant: str
    checksums: dict[str, str]
    passwords: dict[str, str] = attrs.field(repr=False)


@attrs.frozen(kw_only=True)
class MakeDemo:
    """Makes the demo archive; repeating it repairs the files and leaves users and quotas as they are."""

    add_tenant: AddTenant
    files: MakeFiles
    people: MakePeople
    catalogue: MakeCatalogue

    async def execute(self) -> Demo:
        """Make what is missing."""
        is_new = await self.add_tenant.execute(TENANT)
        checksums = await self.files.execute()
        passwords = await self.people.execute(is_new=is_new)
        await self.catalogue.execute(checksums)
        return Demo(TENANT, checksums, passwords)


def make_demo(settings: Settings, cases: UseCases) -> MakeDemo:
    """With the use cases of a process."""
    return MakeDemo(
        add_tenant=cases.add_tenant(),
        files=MakeFiles(
            folder=settings.demo_folder,
            list_storages=cases.list_storages(),
            add_storage=cases.add_storage(),
            register_files=cases.register_files(),
        ),
        people=MakePeople(
            password_file=settings.data_dir / "demo-passwords.json",
            list_users=cases.list_users(),
            save_user=cases.save_user(),
            set_quota=cases.set_quota(),
        ),
        catalogue=MakeCatalogue(
            register_products=cases.register_products(),
            save_group=cases.save_group(),
            change_user_groups=cases.change_user_groups(),
            save_right=cases.save_right(),
            put_licence=cases.put_licence(),
        ),
    )
