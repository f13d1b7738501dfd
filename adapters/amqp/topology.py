"""Exchanges and queues by upstream's names and arguments (contract-downloader section 2.1, mode SINGLE)."""

from enum import StrEnum

import attrs
from kombu import Exchange, Queue

SERVICE_TYPE = "rs-downloader"

TENANT_VHOST = "regards.multitenant.manager"
INSTANCE_VHOST = "regards.instance.manager"

HIGHEST_PRIORITY = 255

USER = "fr.cnes.regards.modules.accessrights.domain.projects.events.ProjectUserEvent"
STORAGE_CHANGED = "fr.cnes.regards.modules.downloader.service.StoragePluginConfEvent"
PLUGIN_CHANGED = "fr.cnes.regards.framework.modules.plugins.domain.event.BroadcastPluginConfEvent"
PLUGIN_FORGOTTEN = "fr.cnes.regards.framework.modules.plugins.domain.event.PluginConfClearCacheEvent"
TENANT_CREATED = "fr.cnes.regards.framework.amqp.event.tenant.TenantCreatedEvent"
TENANT_DELETED = "fr.cnes.regards.framework.amqp.event.tenant.TenantDeletedEvent"
FILE_REFERENCE = "fr.cnes.regards.modules.filecatalog.amqp.output.FileReferenceEvent"
RESTORATION = "fr.cnes.regards.modules.filecatalog.amqp.input.FilesRestorationRequestEvent"
LICENCE = "fr.cnes.regards.modules.accessrights.domain.projects.events.LicenseEvent"
PRODUCTS = "ProductsEvent"
"""Our own: upstream has no message by which products come into its catalogue."""

QUOTA_UPDATE = "fr.cnes.regards.modules.filecatalog.amqp.input.QuotaUpdateEvent"
NOTIFICATION = "fr.cnes.regards.framework.amqp.event.notification.NotificationEvent"
REQUESTS_GROUP = "fr.cnes.regards.modules.filecatalog.amqp.output.FileRequestsGroupEvent"
FILE_AVAILABLE = "fr.cnes.regards.modules.filecatalog.amqp.output.FileAvailableEvent"

FILE_AVAILABLE_EXCHANGE = "regards.storage.file.notification"
FILE_AVAILABLE_KEY = "regards.file.availability.status"


class Scope(StrEnum):
    """Where an event travels: among the tenants' messages, or among those of the whole installation."""

    TENANT = "TENANT"
    INSTANCE = "INSTANCE"


@attrs.frozen(kw_only=True)
class Subscription:
    """One kind of event that is consumed.

    ``handler`` is the last part of the queue's name. ``is_own``: the event goes to services of our type only, which is
    part of its exchange's name.
    """

    event: str
    handler: str
    scope: Scope = Scope.TENANT
    is_own: bool = False


SUBSCRIPTIONS = (
    Subscription(event=USER, handler="fr.cnes.regards.modules.storage.service.file.download.DownloadQuotaService"),
    Subscription(event=STORAGE_CHANGED, handler="StoragePluginConfEventHandler"),
    Subscription(event=PLUGIN_CHANGED, handler="BroadcastPluginConfEventHandler", is_own=True),
    Subscription(event=PLUGIN_FORGOTTEN, handler="PluginConfClearCacheEventHandler", is_own=True),
    Subscription(event=FILE_REFERENCE, handler="FileReferenceEventHandler"),
    Subscription(event=RESTORATION, handler="FilesRestorationRequestEventHandler"),
    Subscription(event=LICENCE, handler="LicenseEventHandler"),
    Subscription(event=PRODUCTS, handler="ProductsEventHandler", is_own=True),
    Subscription(event=TENANT_CREATED, handler="TenantCreatedEventHandler", scope=Scope.INSTANCE),
    Subscription(event=TENANT_DELETED, handler="TenantDeletedEventHandler", scope=Scope.INSTANCE),
)
"""What is consumed, each from a queue of its own that all our instances share."""


@attrs.frozen
class Topology:
    """Names with a prefix, which is empty except where several installations share a broker's virtual host."""

    prefix: str = ""

    def broadcast(self, event: str, *, is_own: bool = False) -> Exchange:
        """The durable fanout exchange of an event."""
        service = f"{SERVICE_TYPE}." if is_own else ""
        return Exchange(f"{self.prefix}regards.broadcast.{service}{event}", type="fanout", durable=True)

    def file_notifications(self) -> Exchange:
        """The topic exchange that tells of the availability of files."""
        return Exchange(self.prefix + FILE_AVAILABLE_EXCHANGE, type="topic", durable=True)

    def outgoing(self) -> tuple[Exchange, ...]:
        """Every exchange that is published to."""
        return (
            self.broadcast(QUOTA_UPDATE),
            self.broadcast(NOTIFICATION),
            self.broadcast(REQUESTS_GROUP),
            self.broadcast(LICENCE),
            self.file_notifications(),
        )

    def dead_letter_exchange(self) -> Exchange:
        """Upstream's exchange for messages that nobody could handle."""
        return Exchange(f"{self.prefix}regards.DLX", type="topic", durable=True)

    @property
    def dead_letter_key(self) -> str:
        """Routing key and name of upstream's dead-letter queue."""
        return f"{self.prefix}regards.DLQ"

    def dead_letter_queue(self) -> Queue:
        """Upstream's queue for messages that nobody could handle."""
        return Queue(self.dead_letter_key, self.dead_letter_exchange(), routing_key=self.dead_letter_key, durable=True)

    def queue(self, subscription: Subscription) -> Queue:
        """The queue of a subscription, bound to the event's exchange."""
        return Queue(
            f"{self.prefix}regards.broadcast.{SERVICE_TYPE}.{subscription.handler}",
            self.broadcast(subscription.event, is_own=subscription.is_own),
            durable=True,
            queue_arguments={
                "x-max-priority": HIGHEST_PRIORITY,
                "x-dead-letter-exchange": self.dead_letter_exchange().name,
                "x-dead-letter-routing-key": self.dead_letter_key,
            },
        )

    def delay_queue(self, queue_name: str, seconds: float) -> Queue:
        """Where a message of a queue waits before it comes back; needs no plugin of the broker."""
        milliseconds = round(seconds * 1000)
        return Queue(
            f"{queue_name}.delay.{milliseconds}",
            durable=True,
            queue_arguments={
                "x-message-ttl": milliseconds,
                "x-dead-letter-exchange": "",
                "x-dead-letter-routing-key": queue_name,
            },
        )
