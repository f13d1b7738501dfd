"""What every container of use cases is given."""

from dependency_injector import containers, providers

from entrypoints.settings import Settings


class Given(containers.DeclarativeContainer):
    """The settings, and the adapters behind the ports."""

    settings = providers.Dependency(instance_of=Settings)
    adapters = providers.DependenciesContainer()
