"""Functions that look something up: parameters, resources, attributes, files. Source: heat/engine/hot/functions.py."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

from mopenstack.core.orchestration.functions.base import Function, Scope, resolve
from mopenstack.orchestration.v1 import refusals

ALL = "*"
"""The name under which all attributes of a resource are asked for."""


class GetParam(Function):
    about = "A function for resolving parameter references."

    def result(self) -> Any:
        args = resolve(self.args)
        if not args:
            raise ValueError(f'Function "{self.name}" must have arguments')
        if isinstance(args, str):
            name, path = args, []
        elif isinstance(args, list):
            name, path = args[0], args[1:]
        else:
            raise TypeError(f'Argument to "{self.name}" must be string or list')
        if not isinstance(name, str):
            raise TypeError(f'Parameter name in "{self.name}" must be string')
        try:
            value = self.scope.parameter(name)
        except KeyError:
            raise refusals.UserParameterMissing(name=name) from None
        try:
            for key in path:
                value = self._step(value, key)
        except (KeyError, IndexError, TypeError):
            return ""
        return value

    def _step(self, value: Any, key: Any) -> Any:
        if not isinstance(value, Mapping | list | str):
            raise TypeError(f'"{self.name}" can\'t traverse path')
        if not isinstance(key, str | int):
            raise TypeError(f'Path components in "{self.name}" must be strings')
        if isinstance(value, list | str) and isinstance(key, str):
            try:
                key = int(key)
            except ValueError:
                raise TypeError from None
        return value[key]


class GetResource(Function):
    about = "A function for resolving resource references."

    def _name(self, path: str = "unknown") -> str:
        name = resolve(self.args)
        if not isinstance(name, str) or not self.scope.has_resource(name):
            raise refusals.InvalidTemplateReference(resource=name, key=path)
        return name

    def references(self, path: str) -> Iterator[str]:
        return itertools.chain(super().references(path), [self._name(path)])

    def result(self) -> Any:
        return self.scope.reference(self._name())


class GetAttThenSelect(Function):
    about = "A function for resolving resource attributes."

    def __init__(self, scope: Scope, name: str, args: Any) -> None:
        super().__init__(scope, name, args)
        self._resource, self._attribute, self._path = self._parts()

    def _parts(self) -> tuple[Any, Any, Any]:
        if not isinstance(self.args, list):
            raise TypeError(f'Argument to "{self.name}" must be a list')
        if len(self.args) < 2:
            raise ValueError(f'Arguments to "{self.name}" must be of the form [resource_name, attribute, (path), ...]')
        return self.args[0], self.args[1], self.args[2:]

    def _name(self, path: str = "unknown") -> str:
        name = resolve(self._resource)
        if not isinstance(name, str) or not self.scope.has_resource(name):
            raise refusals.InvalidTemplateReference(resource=name, key=path)
        return name

    def references(self, path: str) -> Iterator[str]:
        return itertools.chain(super().references(path), [self._name(path)])

    def validate(self) -> None:
        super().validate()
        name = self._name()
        if self._attribute is None:
            return
        known, attribute = self.scope.attributes(name), resolve(self._attribute)
        if known is not None and attribute not in known:
            raise refusals.InvalidTemplateAttribute(resource=self._resource, key=attribute)

    def result(self) -> Any:
        value = self.scope.attribute(self._name(), resolve(self._attribute), ())
        return None if value is None else select(value, resolve(self._path))


class GetAtt(GetAttThenSelect):
    def result(self) -> Any:
        path = resolve(self._path)
        return self.scope.attribute(self._name(), resolve(self._attribute), tuple(path))


class GetAttAllAttributes(GetAtt):
    def _parts(self) -> tuple[Any, Any, Any]:
        if not self.args:
            raise ValueError(
                f'Arguments to "{self.name}" can be of the next forms: [resource_name] or '
                "[resource_name, attribute, (path), ...]"
            )
        if isinstance(self.args, list):
            return super()._parts() if len(self.args) > 1 else (self.args[0], None, [])
        if isinstance(self.args, str):
            return (self.args[0], self.args[1], self.args[2:]) if len(self.args) > 1 else (self.args, None, [])
        raise TypeError(f'Argument to "{self.name}" must be a list')

    def result(self) -> Any:
        return self.scope.attribute(self._name(), ALL, ()) if self._attribute is None else super().result()


class GetFile(Function):
    about = "A function for including a file inline."

    def result(self) -> Any:
        name = resolve(self.args)
        if not isinstance(name, str):
            raise TypeError(f'Argument to "{self.name}" must be a string')
        found = self.scope.files.get(name)
        if found is None:
            raise ValueError(f'No content found in the "files" section for {self.name} path: {name}')
        return found


class ResourceFacade(Function):
    about = "A function for retrieving data in a parent provider template."
    names: tuple[str, ...] = ("metadata", "deletion_policy", "update_policy")

    def __init__(self, scope: Scope, name: str, args: Any) -> None:
        super().__init__(scope, name, args)
        if self.args not in self.names:
            raise ValueError(f'Incorrect arguments to "{name}" should be one of: {", ".join(self.names)}')

    def result(self) -> Any:
        return self.scope.facade.get(ResourceFacade.names[self.names.index(self.args)])


class CfnResourceFacade(ResourceFacade):
    names = ("Metadata", "DeletionPolicy", "UpdatePolicy")


class CfnGetAtt(GetAttThenSelect):
    def _parts(self) -> tuple[Any, Any, Any]:
        try:
            resource, attribute = self.args
        except ValueError:
            raise ValueError(f'Arguments to "{self.name}" must be of the form [resource_name, attribute]') from None
        return resource, attribute, []


class ParamRef(Function):
    about = "A function for resolving parameter references."

    def result(self) -> Any:
        name = resolve(self.args)
        try:
            return self.scope.parameter(name)
        except (KeyError, TypeError):
            raise refusals.InvalidTemplateReference(resource=name, key="unknown") from None


class Ref(Function):
    """A resource where there is one of the name, else a parameter."""

    about = "A function for resolving parameters or resource references."

    def __init__(self, scope: Scope, name: str, args: Any) -> None:
        super().__init__(scope, name, args)
        is_resource = isinstance(args, str) and scope.has_resource(args)
        self._as: Function = (GetResource if is_resource else ParamRef)(scope, name, args)

    def references(self, path: str) -> Iterator[str]:
        return self._as.references(path)

    def result(self) -> Any:
        return self._as.result()


class FindInMap(Function):
    about = "A function for resolving keys in the template mappings."

    def __init__(self, scope: Scope, name: str, args: Any) -> None:
        super().__init__(scope, name, args)
        try:
            self._map, self._key, self._value = self.args
        except ValueError as error:
            raise KeyError(str(error)) from None

    def result(self) -> Any:
        found = self.scope.mappings[resolve(self._map)]
        return found[resolve(self._key)][resolve(self._value)]


class GetAZs(Function):
    about = "A function for retrieving the availability zones."

    def result(self) -> Any:
        return list(self.scope.zones)


def select(value: Any, path: Any) -> Any:
    """Follow a path into an attribute; None where it leads nowhere. Source: heat/engine/attributes.py."""
    try:
        for key in path:
            if not isinstance(value, Mapping | list | str) or not isinstance(key, str | int):
                return None
            value = value[key]  # type: ignore[index]
    except (KeyError, IndexError, TypeError):
        return None
    return value
