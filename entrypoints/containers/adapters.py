"""Which technology implements which port."""

import socket
from importlib.metadata import version

from dependency_injector import containers, providers

from adapters.amqp.health import BrokerCheck
from adapters.amqp.publisher import AMQPPublisher
from adapters.amqp.topology import Topology
from adapters.downloaders.client import HttpDownloader
from adapters.formats.products import JsonProductFormats
from adapters.formats.stac_items import StacItemFormat
from adapters.geometry.shapes import GeosShapes
from adapters.persistence.catalogue_finder import SqlCatalogueFinder
from adapters.persistence.engine import create_async_engine_for
from adapters.persistence.finder import SqlFileFinder
from adapters.persistence.health import DatabaseCheck
from adapters.persistence.ledger import SqlLedger
from adapters.persistence.searching.figures import SqlSearchFigures
from adapters.persistence.searching.search import SqlProductSearch
from adapters.persistence.unit_of_work import SqlUnitOfWork
from adapters.query.reader import LuceneQueries
from adapters.security.keys import signing_key
from adapters.security.passwords import Argon2Passwords
from adapters.security.secret_box import AesSecretBox
from adapters.security.secret_keys import secret_keys
from adapters.security.tokens import JwtTokens
from adapters.storage.cache import DiskCache
from adapters.storage.environment import PluginEnvironment
from adapters.storage.fence import Fence
from adapters.storage.registry import PluginRegistry
from adapters.system.clock import SystemClock
from adapters.system.disk import DiskCheck
from adapters.system.identifiers import SystemIds
from adapters.telemetry.metrics import Metrics
from domain.cached_copy import INTERNAL_CACHE_PLUGIN
from domain.quota import Policy
from entrypoints.settings import Settings

_one = providers.Singleton


def _registry_with_cache(environment: PluginEnvironment, cache: DiskCache, secrets: AesSecretBox) -> PluginRegistry:
    """The plugins, and the one that reads our own cache."""
    registry = PluginRegistry(environment=environment, secrets=secrets)
    registry.register_internal(INTERNAL_CACHE_PLUGIN, lambda _location: cache.storage())
    return registry


class Adapters(containers.DeclarativeContainer):
    """Implementations of the ports. Nothing here is opened: lifetimes are in ``entrypoints.lifetimes``."""

    settings = providers.Dependency(instance_of=Settings)
    database_url = settings.provided.resolved_database_url

    clock = _one(SystemClock)
    ids = _one(SystemIds)
    policy = _one(
        Policy,
        lease=settings.provided.lease,
        max_connections=settings.provided.max_connections,
        ticket_resume_cap=settings.provided.ticket_resume_cap,
    )
    engine = _one(create_async_engine_for, database_url)
    unit_of_work = providers.Factory(SqlUnitOfWork, engine)
    ledger = _one(SqlLedger, database_url, policy)
    file_finder = _one(SqlFileFinder, database_url)
    shapes = _one(GeosShapes)
    product_search = _one(SqlProductSearch, engine, shapes=shapes)
    search_figures = _one(SqlSearchFigures, product_search)
    queries = _one(LuceneQueries)
    catalogue_finder = _one(SqlCatalogueFinder, database_url)
    product_formats = _one(JsonProductFormats)
    item_format = _one(StacItemFormat)
    fence = _one(
        Fence,
        private=settings.provided.private_places,
        shared=providers.List(settings.provided.demo_folder.as_posix.call()),
        tenant_roots=settings.provided.tenant_roots,
    )
    sealing_keys = _one(secret_keys, settings.provided.sealing_keys, settings.provided.secret_key_file)
    secret_box = _one(AesSecretBox, sealing_keys)
    plugin_environment = _one(PluginEnvironment, fence=fence, allowed_hosts=settings.provided.allowed_hosts)
    cache = _one(DiskCache, settings.provided.cache_folder.as_posix.call())
    storage_registry = _one(_registry_with_cache, environment=plugin_environment, cache=cache, secrets=secret_box)
    key = _one(signing_key, settings.provided.jwt_secret, settings.provided.jwt_key_file)
    tokens = _one(JwtTokens, key, clock)
    downloader = _one(HttpDownloader, tokens, clock, seconds=settings.provided.downloader_seconds)
    passwords = _one(Argon2Passwords)
    topology = _one(Topology, settings.provided.amqp_prefix)
    publisher = _one(
        AMQPPublisher, settings.provided.broker_url, vhost=settings.provided.amqp_tenant_vhost, topology=topology
    )
    host = _one(socket.gethostname)
    version = _one(version, "rs-downloader")
    metrics = _one(Metrics, clock)
    broker_check = _one(BrokerCheck, settings.provided.broker_url, vhost=settings.provided.amqp_tenant_vhost)
    database_check = _one(DatabaseCheck, engine)
    disk_check = _one(DiskCheck, settings.provided.data_dir)
