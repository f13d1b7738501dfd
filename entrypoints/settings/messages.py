"""The broker, and when others are told."""

import attrs
from typed_settings.types import SecretStr

from entrypoints.settings.about import about


@attrs.frozen(kw_only=True, slots=False)
class MessageSettings:
    """The broker, and when others are told."""

    amqp_url: SecretStr = attrs.field(
        default=SecretStr(""),
        metadata=about(
            "RabbitMQ broker, as amqp://user:password@host:5672.", shown="no broker: nobody is told, events wait"
        ),
    )
    amqp_tenant_vhost: str = attrs.field(
        default="regards.multitenant.manager",
        metadata=about("Virtual host of the messages of all tenants; empty is the one in the broker's URL."),
    )
    amqp_instance_vhost: str = attrs.field(
        default="regards.instance.manager",
        metadata=about("Virtual host of the messages about tenants; empty is the one in the broker's URL."),
    )
    amqp_prefix: str = attrs.field(
        default="",
        metadata=about(
            "Prefix of every exchange and queue, for installations that share a virtual host.", shown="none"
        ),
    )
    relay_seconds: float = attrs.field(
        default=1.0, metadata=about("How often a worker publishes the events that wait.", minimum=0.1)
    )
    report_seconds: float = attrs.field(
        default=30.0,
        metadata=about("How often others are told of used quotas, and users of refused downloads.", minimum=0.1),
    )
