"""What the stack engine asks of a resource type, and what a type may ask of the engine.

A type is a `ResourceType`: its schema as data, and coroutines that do what it means. The engine has resolved and
checked the properties before it calls them. All of it happens inside one call's transaction: what a step wrote is
undone when it raises, and the resource is FAILED with the refusal's text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from google.protobuf.message import Message

from mopenstack.core.engine.call import Call


class ResourceFailure(Exception):
    """A resource failed by Heat's own judgement. `kind` is the exception's name in the status reason
    (`CREATE failed: ValueError: resources.a: Test Resource failed a`)."""

    def __init__(self, text: str, kind: str = "Error") -> None:
        super().__init__(text)
        self.text, self.kind = text, kind


class Missing(Exception):
    """What a resource stands for is not there any more: a delete takes it as done, a check as a failure."""


@dataclass(frozen=True, slots=True)
class Support:
    """status: SUPPORTED, DEPRECATED, UNSUPPORTED, HIDDEN or UNKNOWN."""

    status: str = "SUPPORTED"
    version: str | None = None
    message: str | None = None
    previous: Support | None = None


SUPPORTED = Support()


@dataclass(frozen=True, slots=True)
class Constraint:
    """One constraint of a property or parameter; `kind` says which of the fields it has.

    range (minimum, maximum), length (minimum, maximum), modulo (step, offset), allowed_values (values),
    allowed_pattern (pattern), custom (name: "nova.flavor")
    """

    kind: str
    minimum: float | None = None
    maximum: float | None = None
    step: int = 1
    offset: int = 0
    values: tuple[Any, ...] = ()
    pattern: str = ""
    name: str = ""
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Property:
    """type: string, integer, number, boolean, list, map or any.

    schema      of a map: name -> Property; of a list (or of a map of any keys): the Property of each item
    default     None: there is none
    immutable   an update that changes it is refused; else without update_allowed it replaces the resource
    """

    type: str = "string"
    description: str | None = None
    required: bool = False
    default: Any = None
    constraints: tuple[Constraint, ...] = ()
    immutable: bool = False
    update_allowed: bool = False
    schema: Mapping[str, Property] | Property | None = None
    support: Support = SUPPORTED
    allow_conversion: bool = False
    """Whether a map or list is taken for a string, as JSON."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """type: string, integer, number, boolean, list, map, or "" where the schema does not say it."""

    description: str | None = None
    type: str = ""
    support: Support = SUPPORTED


@dataclass(slots=True)
class Resource:
    """One resource of a stack as a type sees it.

    properties  resolved, checked, with defaults; keys without a value are there as None (of maps with a schema too)
    data        texts that the type keeps with the resource (Heat's resource data); what is changed is stored
    metadata    the resource's metadata, to be read; `Context.set_metadata` changes it
    """

    name: str
    type: str
    uuid: str
    physical_id: str = ""
    action: str = "INIT"
    status: str = "COMPLETE"
    properties: dict[str, Any] = field(default_factory=dict)
    given: frozenset[str] = frozenset()
    """The names of the properties that the template gives."""
    data: dict[str, str] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    update_policy: dict[str, Any] = field(default_factory=dict)
    deletion_policy: str = "Delete"
    since: float = 0.0
    """When its action began, in the cloud's time."""


class Children(Protocol):
    """Nested stacks of a resource."""

    async def create(
        self,
        resource: Resource,
        template: Mapping[str, Any],
        parameters: Mapping[str, Any],
        *,
        files: Mapping[str, str] | None = None,
        environment: Mapping[str, Any] | None = None,
        timeout_mins: int | None = None,
        disable_rollback: bool = True,
    ) -> str:
        """Begin the nested stack of a resource; its id, which becomes the physical id."""

    async def update(
        self,
        resource: Resource,
        template: Mapping[str, Any],
        parameters: Mapping[str, Any],
        *,
        files: Mapping[str, str] | None = None,
        environment: Mapping[str, Any] | None = None,
        timeout_mins: int | None = None,
    ) -> None:
        """Begin an update of it."""

    async def act(self, resource: Resource, action: str) -> None:
        """Begin DELETE, SUSPEND, RESUME or CHECK of it; Missing where there is none."""

    async def finished(self, resource: Resource, action: str) -> bool:
        """Whether the action is complete; raises ResourceFailure if it failed."""

    async def template(self, resource: Resource) -> dict[str, Any]:
        """The template that it has now; {} where there is none."""

    async def resources(self, resource: Resource) -> list[Resource]:
        """Its resources (without properties), by their names."""

    async def output(self, resource: Resource, name: str) -> Any:
        """The value of one output; raises ResourceFailure where it has none for a reason."""

    async def outputs(self, resource: Resource) -> dict[str, Any]:
        """Name -> value of each output."""

    async def attribute(self, resource: Resource, member: str, name: str, path: list[Any]) -> Any:
        """An attribute of one of its resources; "" asks for its reference id."""

    async def identifier(self, resource: Resource) -> str:
        """arn:openstack:heat::<project>:stacks/<name>/<id>."""


class Context(Protocol):
    """What a type may use. All calls are made with the policy of the user who made the stack."""

    call: Call
    stack_name: str
    stack_id: str
    project_id: str
    user_project_id: str
    """The project of the stack's users in Keystone; "" where it has none."""
    children: Children
    files: Mapping[str, str]
    url: str
    """Of the orchestration API, without a slash at its end: signal addresses begin so."""

    @property
    def now(self) -> float:
        """The cloud's time, in seconds since the epoch."""

    def physical_name(self, resource: Resource, limit: int = 255) -> str:
        """<stack>-<resource>-<12 random characters>, the same for the whole life of a resource, cut as Heat cuts it."""

    async def invoke(self, operation: str, request: Message, *, microversion: int | None = None) -> Any:
        """Answer an RPC ("mopenstack.network.v2.Networks.CreateNetwork") in this transaction."""

    async def ask(self, operation: str, values: Mapping[str, Any]) -> Any:
        """The same of a request given as a JSON document of its proto field names (json_format.ParseDict)."""

    async def set_metadata(self, resource: Resource, metadata: Mapping[str, Any]) -> None:
        """Store a resource's metadata."""

    async def peer(self, name: str) -> Resource | None:
        """Another resource of the same stack, with its properties."""

    async def peers(self) -> list[Resource]:
        """All resources of the same stack, with their properties."""

    async def find(self, uuid: str) -> tuple[Context, Resource] | None:
        """A resource of any stack of the project by its uuid, in its own context; or by its physical id."""

    async def save(self, resource: Resource) -> None:
        """Store `data` of a resource that is not the one that is under way."""

    async def wake(self) -> None:
        """Let the stack go on at once: something that it waits for has happened."""


class ResourceType:
    """A type; one instance of it serves all resources. Everything below has a default that does nothing."""

    name: str
    properties: Mapping[str, Property]
    attributes: Mapping[str, Attribute]
    support: Support = SUPPORTED
    description: str | None = None
    class_name: str = ""
    """What Heat calls it inside, as texts of circles and generated templates show it ("RandomString", "Net")."""
    update_policy: Mapping[str, Property] = {}
    nested: ClassVar[bool] = False
    """Whether its resources have a nested stack."""
    signals: ClassVar[bool] = False
    """Whether it takes signals; else a signal is refused."""
    checks: ClassVar[bool] = False
    """Whether CHECK looks at what it stands for; else it is complete, with "CHECK not supported for <type>"."""
    attributes_any: ClassVar[bool] = False
    """Whether any attribute may be asked for (outputs of nested stacks)."""
    properties_any: ClassVar[bool] = False
    """Whether it takes any properties, unread (OS::Heat::None): they are not checked, and a change of them is none."""
    replaced_unhealthy: ClassVar[bool] = True
    """Whether an update replaces one whose check has failed; else as `broken` says."""
    bare: ClassVar[bool] = False
    """Whether there is something to delete of one that has no physical id."""
    reason_on_success: ClassVar[str] = "state changed"
    aliases: Sequence[tuple[tuple[str, ...], tuple[str, ...]]] = ()
    """Properties that have the value of an older one: path of a property, path of the one that may be given instead."""
    client: str | None = None
    """The service that it stands for, in Heat's word ("nova"); None: Heat's own."""
    admin: bool = False
    """Whether it is for administrators alone."""

    async def validate(self, context: Context, resource: Resource) -> None:
        """What crosses properties; raises ResourceFailure with kind StackValidationFailed. Values that depend on other
        resources are None here, and the names of such properties are in `given`."""

    def follows(self, resource: Resource, others: Sequence[Resource]) -> list[str]:
        """Names of resources of the same stack that it depends on without naming them (Heat's add_dependencies).

        Of all of them `properties` have values as far as they are known: a get_resource of what is not there yet gives
        its name, an attribute None.
        """
        return []

    async def create(self, context: Context, resource: Resource) -> str | None:
        """Make it; its physical id."""
        return None

    async def created(self, context: Context, resource: Resource) -> float | None:
        """After `create`: None when it is there, else in how many seconds to look again. Raises when it failed."""
        return None

    async def broken(self, context: Context, resource: Resource) -> bool:
        """Whether a FAILED resource cannot be brought in order by an update, and so is replaced by the next one."""
        return True

    def replaces(self, context: Context, resource: Resource, new: Mapping[str, Any], changed: frozenset[str]) -> bool:
        """Whether a change that the schema allows replaces the resource nevertheless."""
        return False

    def always_updates(self, resource: Resource) -> bool:
        """Whether an update of the stack updates it although no property differs."""
        return False

    async def give_way(self, context: Context, resource: Resource) -> None:
        """It is about to be replaced: let go of what the new one needs; there is a physical id."""

    async def come_back(self, context: Context, resource: Resource, successor: Resource | None) -> None:
        """A rollback keeps it: take back what it gave away to the one that was to replace it, if that was made."""

    async def update(self, context: Context, resource: Resource, new: dict[str, Any], changed: frozenset[str]) -> None:
        """Change it: `resource.properties` are the old ones, `new` all new ones, `changed` the names that differ."""

    async def updated(self, context: Context, resource: Resource) -> float | None:
        """As `created`, after `update`; `resource.properties` are the new ones here."""
        return None

    async def delete(self, context: Context, resource: Resource) -> None:
        """Delete it; there is a physical id, but where `bare`. A NotFound or Missing is taken as done."""

    async def deleted(self, context: Context, resource: Resource) -> float | None:
        """As `created`, after `delete`; NotFound or Missing: it is gone."""
        return None

    async def suspend(self, context: Context, resource: Resource) -> None: ...

    async def suspended(self, context: Context, resource: Resource) -> float | None:
        return None

    async def resume(self, context: Context, resource: Resource) -> None: ...

    async def resumed(self, context: Context, resource: Resource) -> float | None:
        return None

    async def cancel(self, context: Context, resource: Resource) -> None:
        """Its action is given up while it is under way."""

    async def check(self, context: Context, resource: Resource) -> None:
        """Raise where what it stands for is missing or in a bad state; only asked where `checks`."""

    async def snapshot(self, context: Context, resource: Resource) -> dict[str, str]:
        """What a restore needs of it; it is kept as the snapshot's resource data."""
        return dict(resource.data)

    async def delete_snapshot(self, context: Context, resource: Resource, data: Mapping[str, str]) -> None: ...

    async def restore(
        self, context: Context, resource: Resource, properties: dict[str, Any], data: Mapping[str, str]
    ) -> dict[str, Any]:
        """The properties that a restored resource is updated with."""
        return properties

    async def signal(self, context: Context, resource: Resource, details: Any) -> str | None:
        """Take a signal (the JSON body); what its event says behind "Signal: ", "" where that is read from the details,
        None where nothing was done and there is no event. Only asked where `signals`."""
        return ""

    async def reference(self, context: Context, resource: Resource) -> Any:
        """What get_resource gives: the physical id, else the name."""
        return resource.physical_id or resource.name

    async def attribute(self, context: Context, resource: Resource, name: str) -> Any:
        """The value of an attribute of the schema, before a path into it is followed; None: it has none."""
        return None

    async def selected(self, context: Context, resource: Resource, name: str, path: Sequence[Any]) -> Any:
        """What get_attr with a path gives: the engine asks this one. Groups read the path themselves."""
        value = await (self.show(context, resource) if name == "show" else self.attribute(context, resource, name))
        for step in path:
            try:
                value = value[step]
            except (KeyError, IndexError, TypeError):
                return None
        return value

    async def told(self, context: Context, resource: Resource, name: str) -> Any:
        """What an answer about the resource says of an attribute: of groups less than get_attr gives, since Heat asks
        `_resolve_attribute` there, and get_attr `get_attribute`."""
        return await self.selected(context, resource, name, ())

    async def show(self, context: Context, resource: Resource) -> Any:
        """The attribute `show`: what the resource's own service tells of it."""
        return None

    async def child_template(
        self, context: Context, resource: Resource, properties: Mapping[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Of a nested type: template and parameters, for previews, validation and nested deletes."""
        return {}, {}
