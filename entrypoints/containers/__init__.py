"""What is built from what: the only package that knows dependency-injector."""

from dependency_injector import containers, providers

from entrypoints.containers.adapters import Adapters
from entrypoints.containers.use_cases import UseCases
from entrypoints.settings import Settings

__all__ = ["Adapters", "CLIContainer", "UseCases"]


class CLIContainer(containers.DeclarativeContainer):
    """The command line."""

    settings = providers.Dependency(instance_of=Settings)
    adapters = providers.Container(Adapters, settings=settings)
    use_cases = providers.Container(UseCases, settings=settings, adapters=adapters)
