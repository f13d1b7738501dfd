"""``rs-downloader catalog products``: what is catalogued."""

from collections.abc import Mapping

import rich_click as click

from application.use_cases.read_products import ListProducts, ListProductsRequest, ReadProduct, RemoveProducts
from domain.errors import NotFound
from domain.product import Product
from domain.urn import EntityType, Urn
from entrypoints.cli.commands import Group, data_dir_option, json_option, tenant_option
from entrypoints.cli.output import print_json, print_rows
from entrypoints.cli.session import Session, run


@click.group(cls=Group)
def products() -> None:
    """Products, datasets and collections."""


@products.command("list")
@click.option("--type", "entity_type", type=click.Choice(list(EntityType.__members__)), help="Only this kind.")
@click.option("--dataset", help="Only products in this dataset.")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="Products at most.")
@click.option("--after", help="Only those behind this URN.")
@json_option
@tenant_option
@data_dir_option
def list_(
    *,
    entity_type: str | None,
    dataset: str | None,
    limit: int,
    after: str | None,
    as_json: bool,
    tenant: str | None,
    data_dir: str | None,
) -> None:
    """List products in the order of their URNs."""

    async def work(session: Session) -> tuple[Product, ...]:
        list_products: ListProducts = session.use_cases.list_products()
        request = ListProductsRequest(
            tenant=session.tenant,
            entity_type=EntityType[entity_type] if entity_type else None,
            dataset=Urn.parse(dataset) if dataset else None,
            after=after,
            limit=limit,
        )
        return (await list_products.execute(request)).products

    found = run(data_dir, tenant, work)
    names = ("urn", "providerId", "label", "files", "last")
    rows = [
        [str(product.urn), product.provider_id, product.label, len(product.files), product.is_last] for product in found
    ]
    print_rows(names, rows, as_json=as_json, empty="There are no products.")


@products.command()
@click.argument("urn")
@tenant_option
@data_dir_option
def show(*, urn: str, tenant: str | None, data_dir: str | None) -> None:
    """Print the product URN as a feature; LAST names its newest version."""

    async def work(session: Session) -> Mapping[str, object]:
        read_product: ReadProduct = session.use_cases.read_product()
        return await read_product.execute(session.tenant, Urn.parse(urn))

    print_json(run(data_dir, tenant, work))


@products.command()
@click.argument("urns", nargs=-1, required=True, metavar="URN...")
@tenant_option
@data_dir_option
def remove(*, urns: tuple[str, ...], tenant: str | None, data_dir: str | None) -> None:
    """Remove products from the catalogue. Registered files stay."""
    wanted = tuple(Urn.parse(text) for text in urns)

    async def work(session: Session) -> tuple[Urn, ...]:
        remove_products: RemoveProducts = session.use_cases.remove_products()
        return await remove_products.execute(session.tenant, wanted)

    gone = run(data_dir, tenant, work)
    for urn in gone:
        click.echo(f"{urn} is removed.")
    if missing := [str(urn) for urn in wanted if urn not in gone]:
        raise NotFound(f"There is no product {', '.join(missing)}.")
