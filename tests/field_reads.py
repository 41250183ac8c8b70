"""Which fields of a request its handler reads, by following the request through the source of the core.

The value of every expression is approximated by the messages that may be in it. A request that goes where this reading
cannot follow it (another object's attribute, a constructor, a dynamic `getattr`) counts as read with all its fields, so
that what is left over is really read by nothing.
"""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from mopenstack.contract.descriptors import AnyField, AnyMessageType
from tests.imports import modules

Messages = frozenset[AnyMessageType]
Env = dict[str, Messages]
Function = ast.FunctionDef | ast.AsyncFunctionDef

NONE: Messages = frozenset()
CONTAINERS = frozenset({"append", "extend", "update", "add", "setdefault", "get", "pop"})
"""Methods by which a list, a set or a dict of this reading's names takes something up."""
DEPTH_MAX = 25
ENGINE = ("mopenstack.core.engine", "mopenstack.core.store")
TRANSPARENT = frozenset(
    {
        "list",
        "tuple",
        "set",
        "frozenset",
        "dict",
        "sorted",
        "reversed",
        "enumerate",
        "zip",
        "iter",
        "next",
        "any",
        "all",
        "len",
        "bool",
        "min",
        "max",
        "filter",
        "map",
        "sum",
        "cast",
        "isinstance",
        "str",
        "int",
        "float",
        "bytes",
        "repr",
        "type",
        "id",
        "print",
        "stored",
        "copy_of",
    }
)
"""What looks at its arguments, or gives them back, and keeps none of them."""


@cache
def _tree(module: str) -> ast.Module:
    return ast.parse(modules()[module].read_text(encoding="utf-8"))


@cache
def _definitions(module: str) -> Mapping[str, Function]:
    """Qualified name -> function, of a module and its classes."""
    found: dict[str, Function] = {}
    for node in _tree(module).body:
        if isinstance(node, Function):
            found[node.name] = node
        elif isinstance(node, ast.ClassDef):
            found.update({f"{node.name}.{inner.name}": inner for inner in node.body if isinstance(inner, Function)})
    return found


@cache
def _methods() -> Mapping[str, list[tuple[str, Function]]]:
    """Method name -> (module, function) of every service's class that has one."""
    found: dict[str, list[tuple[str, Function]]] = {}
    for module in modules():
        if module.startswith("mopenstack.core.") and not module.startswith(ENGINE):
            for name, function in _definitions(module).items():
                if "." in name:
                    found.setdefault(function.name, []).append((module, function))
    return found


def held(field: AnyField) -> AnyMessageType | None:
    """The message that a field, each item of a list, or each value of a map is."""
    inner = field.message_type
    if inner is not None and inner.GetOptions().map_entry:
        return inner.fields_by_name["value"].message_type
    return inner


class Reading:
    """The fields that were read of the requests which `enter` was given."""

    def __init__(self) -> None:
        self.read: set[str] = set()
        """Full names of fields."""
        self._whole: set[str] = set()
        """Full names of messages that were read with all their fields."""
        self._results: dict[Any, Messages] = {}
        self._depth = 0

    def enter(self, servicer: Any, handler: Callable[..., Any], request: AnyMessageType, place: int = 2) -> None:
        """Follow a request through a function whose argument of that place it is: a method of (call, request)."""
        function = getattr(handler, "__func__", handler)
        found = _source(function)
        if found is None:
            self.escape({request})
            return
        self.call(*found, [*(NONE,) * place, frozenset({request})], {}, servicer)

    # -- marks

    def field(self, message: AnyMessageType, name: str) -> Messages:
        """Note that a field is read; the messages in it."""
        field = message.fields_by_name.get(name)
        if field is None:
            return frozenset({message})  # a method: of a list, a map or the message
        self.read.add(f"{message.full_name}.{name}")
        inner = held(field)
        return frozenset({inner}) if inner is not None else NONE

    def escape(self, messages: Iterable[AnyMessageType]) -> None:
        """Note that all fields of these messages, all levels down, may be read."""
        for message in messages:
            if message.full_name not in self._whole:
                self._whole.add(message.full_name)
                for field in message.fields:
                    self.escape(self.field(message, field.name))

    def copied(self, messages: Messages, servicer: Any) -> None:
        """Note what `copy_fields` takes into the stored message of a servicer."""
        stored = getattr(servicer, "message", None)
        for message in messages:
            for field in message.fields:
                if stored is None or field.name in stored.DESCRIPTOR.fields_by_name:
                    self.escape(self.field(message, field.name))

    # -- functions

    def call(
        self,
        module: str,
        function: Function,
        values: list[Messages],
        named: Mapping[str, Messages],
        servicer: Any,
    ) -> Messages:
        """Read a function's body with what its arguments hold; what it returns."""
        arguments = [*function.args.posonlyargs, *function.args.args]
        env: Env = dict(zip((one.arg for one in arguments), values, strict=False))
        known = {one.arg for one in (*arguments, *function.args.kwonlyargs)}
        env |= {name: value for name, value in named.items() if name in known}
        beyond = [*values[len(arguments) :], *(value for name, value in named.items() if name not in known)]
        for extra in (function.args.vararg, function.args.kwarg):
            if extra is not None:
                env[extra.arg] = frozenset().union(*beyond)
        if not any(env.values()):
            return NONE
        key = (module, function.lineno, frozenset((name, value) for name, value in env.items() if value), servicer)
        if key in self._results:
            return self._results[key]
        self._results[key] = NONE  # what a recursion sees
        if self._depth > DEPTH_MAX:
            self.escape(frozenset().union(*env.values()))
            return NONE
        self._depth += 1
        self._results[key] = _Body(self, module, env, servicer).run(function)
        self._depth -= 1
        return self._results[key]


class _Body:
    """One function's body, with the messages that its names may hold."""

    def __init__(self, reading: Reading, module: str, env: Env, servicer: Any) -> None:
        self._reading, self._module, self._env, self._servicer = reading, module, env, servicer
        self._returned: Messages = NONE

    def run(self, function: Function) -> Messages:
        for _ in range(2):  # what a loop binds late is seen the second time
            for statement in function.body:
                self._statement(statement)
        return self._returned

    def _statement(self, node: ast.AST) -> None:
        match node:
            case ast.Return(value=value) | ast.Expr(value=ast.Yield(value=value)):
                if value is not None:
                    self._returned |= self._value(value)
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    self._bind(target, self._value(value))
            case ast.AnnAssign(target=target, value=value) | ast.AugAssign(target=target, value=value):
                if value is not None:
                    self._bind(target, self._value(value))
            case ast.For(target=target, iter=source) | ast.AsyncFor(target=target, iter=source):
                self._bind(target, self._value(source))
                self._children([*node.body, *node.orelse])
            case ast.withitem(context_expr=source, optional_vars=target):
                found = self._value(source)
                if target is not None:
                    self._bind(target, found)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._returned |= _Body(self._reading, self._module, self._env, self._servicer).run(node)
            case ast.expr():
                self._value(node)
            case _:
                self._children(ast.iter_child_nodes(node))

    def _children(self, nodes: Iterable[ast.AST]) -> None:
        for node in nodes:
            self._statement(node)

    def _bind(self, target: ast.expr, value: Messages) -> None:
        match target:
            case ast.Name(id=name):
                self._env[name] = self._env.get(name, NONE) | value
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                for part in parts:
                    self._bind(part, value)
            case ast.Starred(value=inner):
                self._bind(inner, value)
            case _:  # an attribute or an item of something that is not followed
                self._reading.escape(value)

    # -- expressions

    def _value(self, node: ast.AST) -> Messages:
        match node:
            case ast.Name(id=name):
                return self._env.get(name, NONE)
            case ast.Attribute(value=base, attr=name):
                return self._union(self._reading.field(one, name) for one in self._value(base))
            case ast.Subscript(value=base, slice=index):
                self._value(index)
                return self._value(base)
            case ast.Call():
                return self._called(node)
            case ast.NamedExpr(target=target, value=value):
                found = self._value(value)
                self._bind(target, found)
                return found
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                for part in node.generators:
                    self._bind(part.target, self._value(part.iter))
                    for test in part.ifs:
                        self._value(test)
                parts = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
                return self._union(self._value(part) for part in parts)
            case ast.Compare(left=left, ops=operators, comparators=others):
                found = self._union(self._value(part) for part in (left, *others))
                if any(isinstance(operator, ast.Eq | ast.NotEq) for operator in operators):
                    self._reading.escape(found)
                return NONE
            case ast.JoinedStr():
                self._reading.escape(self._union(self._value(part) for part in ast.iter_child_nodes(node)))
                return NONE
            case _:
                return self._union(self._value(part) for part in ast.iter_child_nodes(node))

    @staticmethod
    def _union(parts: Iterable[Messages]) -> Messages:
        return frozenset().union(*parts)

    def _called(self, node: ast.Call) -> Messages:
        values = [self._value(one) for one in node.args]
        named = {one.arg or "**": self._value(one.value) for one in node.keywords}
        word = node.func.id if isinstance(node.func, ast.Name) else ""
        method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        owner = self._value(node.func.value) if isinstance(node.func, ast.Attribute) else NONE
        if owner:
            return self._on_message(method, owner, node, values)
        every = self._union((*values, *named.values()))
        if not every:
            return NONE
        if word in ("getattr", "hasattr"):
            return self._attribute(values[0], node.args[1])
        if word == "envelope":
            return self._envelope(values[0])
        if word == "copy_fields":
            self._reading.copied(values[0], self._servicer)
            return NONE
        if word in TRANSPARENT or method == "admit":
            return every
        if isinstance(node.func, ast.Attribute) and method in CONTAINERS and not self._is_ours(node.func.value):
            self._bind(node.func.value, every)
            return every
        found = list(self._targets(node.func))
        if not found:
            self._reading.escape(every)
            return NONE
        return self._union(
            self._reading.call(
                module, function, values if _is_plain(function) else [NONE, *values], named, self._servicer
            )
            for module, function in found
        )

    def _is_ours(self, owner: ast.expr) -> bool:
        """Whether a call's owner is the object itself or a module, not a container."""
        match owner:
            case ast.Name(id=name):
                return name == "self" or inspect.ismodule(vars(importlib.import_module(self._module)).get(name))
            case ast.Call(func=ast.Name(id="super")):
                return True
        return False

    def _on_message(self, method: str, owner: Messages, node: ast.Call, values: list[Messages]) -> Messages:
        """A method of a message, or of a list or map that is a field."""
        if method in ("CopyFrom", "MergeFrom", "append", "extend"):
            self._reading.escape(self._union(values))
        if method in ("HasField", "ClearField"):
            self._attribute(owner, node.args[0])
            return NONE
        if method in ("ListFields", "WhichOneof", "SerializeToString", "ByteSize"):
            self._reading.escape(owner)
        return owner

    def _attribute(self, owner: Messages, name: ast.expr) -> Messages:
        if isinstance(name, ast.Constant):
            there = [one for one in owner if str(name.value) in one.fields_by_name]
            return self._union(self._reading.field(one, str(name.value)) for one in there)
        self._value(name)
        if self._module.startswith(ENGINE):
            return NONE  # what a path names: its fields are known to be read
        self._reading.escape(owner)
        return self._union(self._reading.field(one, field.name) for one in owner for field in one.fields)

    def _envelope(self, owner: Messages) -> Messages:
        """The object inside of a request: what `envelope` gives."""
        for one in owner:
            for field in one.fields:
                inner = field.message_type
                if inner is not None and not field.is_repeated and not inner.full_name.startswith("google.protobuf."):
                    return self._reading.field(one, field.name)
        return owner  # a request without one is the object itself

    def _targets(self, called: ast.expr) -> Iterator[tuple[str, Function]]:
        """(module, function) of everything that a call may mean."""
        scope = vars(importlib.import_module(self._module))
        match called:
            case ast.Name(id=name):
                found = _source(scope.get(name))
                if found is not None:
                    yield found
            case ast.Attribute(value=ast.Name(id=owner), attr=name) if inspect.ismodule(scope.get(owner)):
                found = _source(getattr(scope[owner], name, None))
                if found is not None:
                    yield found
            case ast.Attribute(value=ast.Name(id="self"), attr=name):
                found = _source(getattr(type(self._servicer), name, None))
                if found is not None:
                    yield found
                else:
                    yield from _methods().get(name, ())
            case ast.Attribute(value=ast.Call(func=ast.Name(id="super")), attr=name):
                for cls in type(self._servicer).__mro__:
                    found = _source(vars(cls).get(name))
                    if found is not None:
                        yield found
            case ast.Attribute(attr=name):
                yield from _methods().get(name, ())


def _is_plain(function: Function) -> bool:
    """Whether a function takes neither an object nor a class first."""
    first = next((one.arg for one in (*function.args.posonlyargs, *function.args.args)), "")
    return first not in ("self", "cls")


def _source(function: Any) -> tuple[str, Function] | None:
    """(module, its syntax) of a function of the core."""
    function = inspect.unwrap(function) if callable(function) else getattr(function, "__func__", None)
    module = getattr(function, "__module__", "") or ""
    if module not in modules() or not inspect.isfunction(function):
        return None
    found = _definitions(module).get(function.__qualname__)
    return (module, found) if found is not None else None
