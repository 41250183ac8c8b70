"""Functions that make texts. Source: heat/engine/hot/functions.py."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import quote, urlencode, urlunsplit

from mopenstack.core.orchestration.functions.base import Function, Scope, resolve

TEXT_MAX = 8 * 1024 * 1024
"""Letters of a text that a function makes; Heat knows no limit, and stores no longer one."""


def as_json(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


class Replace(Function):
    """str_replace. Longer placeholders are replaced first."""

    about = "A function for performing string substitutions."
    strict: ClassVar[bool] = False
    takes_empty: ClassVar[bool] = True

    def __init__(self, scope: Scope, name: str, args: Any) -> None:
        super().__init__(scope, name, args)
        self._mapping, self._text = self._parts()
        if not isinstance(self._mapping, Mapping | Function):
            raise TypeError(f'"{name}" parameters must be a mapping')

    def _parts(self) -> tuple[Any, Any]:
        if not isinstance(self.args, Mapping):
            raise TypeError(f'Arguments to "{self.name}" must be a map')
        try:
            return self.args["params"], self.args["template"]
        except (KeyError, TypeError):
            example = (
                f"{self.name}:\n              template: This is var1 template var2\n"
                "              params:\n                var1: a\n                var2: string"
            )
            raise KeyError(f'"{self.name}" syntax should be {example}') from None

    def value(self, value: Any, param: str) -> str:
        if value is None:
            return ""
        if not isinstance(value, str | int | float):
            raise TypeError(f'"{self.name}" params must be strings or numbers, param {param} is not valid')
        return str(value)

    def result(self) -> Any:
        template, mapping = resolve(self._text), resolve(self._mapping)
        if not isinstance(template, str):
            raise TypeError(f'"{self.name}" template must be a string')
        if not isinstance(mapping, Mapping):
            raise TypeError(f'"{self.name}" params must be a map')
        missing = set(mapping) if self.strict else set()
        pieces: list[tuple[str, bool]] = [(template, True)]  # (text, whether placeholders may be in it)
        for placeholder in sorted(sorted(mapping, key=str), key=lambda key: len(str(key)), reverse=True):
            if not isinstance(placeholder, str):
                raise TypeError(f'"{self.name}" param placeholders must be strings')
            value, found, length = self.value(mapping[placeholder], placeholder), [], 0
            for text, is_open in pieces:
                parts = text.split(placeholder) if is_open and placeholder else [text]
                if len(parts) > 1:
                    missing.discard(placeholder)
                for place, part in enumerate(parts):
                    found += [(value, False), (part, is_open)] if place else [(part, is_open)]
                length += len(text) + (len(parts) - 1) * len(value)
            if length > TEXT_MAX:
                raise ValueError(f'"{self.name}" makes a text of more than {TEXT_MAX} characters')
            pieces = found
        if missing:
            names = ",".join(sorted(sorted(missing), key=len, reverse=True))
            raise ValueError(f"The following params were not found in the template: {names}")
        return "".join(text for text, _ in pieces)


class ReplaceJson(Replace):
    def value(self, value: Any, param: str) -> str:
        if not self.takes_empty and (value is None or value in ("", [], {})):
            raise ValueError(
                f"{self.name} has an undefined or empty value for param {param}, must be a defined non-empty value"
            )
        if value is None:
            return ""
        if isinstance(value, str | int | float):
            return str(value)
        if isinstance(value, Mapping | list):
            return as_json(value)
        raise TypeError(f'"{self.name}" params must be strings, numbers, list or map.')


class ReplaceJsonStrict(ReplaceJson):
    strict = True


class ReplaceJsonVeryStrict(ReplaceJsonStrict):
    takes_empty = False


class CfnReplace(Replace):
    def _parts(self) -> tuple[Any, Any]:
        example = f'{{"{self.name}": [ {{"$var1": "foo", "%var2%": "bar"}}, "$var1 is %var2%"]}}'
        wrong = f'Incorrect arguments to "{self.name}" should be: {example}'
        if isinstance(self.args, str | Mapping):
            raise TypeError(wrong)
        try:
            mapping, text = self.args
        except ValueError:
            raise ValueError(wrong) from None
        return mapping, text


class Join(Function):
    about = "A function for joining strings."

    def __init__(self, scope: Scope, name: str, args: Any) -> None:
        super().__init__(scope, name, args)
        wrong = f'Incorrect arguments to "{name}" should be: "{name}" : [ " ", [ "str1", "str2"]]'
        if not isinstance(args, list):
            raise TypeError(wrong)
        try:
            self._delimiter, self._texts = args
        except ValueError:
            raise ValueError(wrong) from None

    def result(self) -> Any:
        texts = resolve(self._texts)
        if texts is None:
            texts = []
        if not isinstance(texts, list):
            raise TypeError(f'"{self.name}" must operate on a list')
        delimiter = resolve(self._delimiter)
        if not isinstance(delimiter, str):
            raise TypeError(f'"{self.name}" delimiter must be a string')
        return delimiter.join(self._item(item) for item in texts)

    def _item(self, item: Any) -> str:
        if item is None:
            return ""
        if not isinstance(item, str):
            raise TypeError(f"Items to join must be strings not {repr(item)[:200]}")
        return item


class JoinMultiple(Function):
    about = "A function for joining one or more lists of strings."

    def __init__(self, scope: Scope, name: str, args: Any) -> None:
        super().__init__(scope, name, args)
        wrong = f'Incorrect arguments to "{name}" should be: "{name}" : [ " ", [ "str1", "str2"] ...]'
        if not isinstance(args, list):
            raise TypeError(wrong)
        if len(args) < 2:
            raise ValueError(wrong)
        self._delimiter, self._lists = args[0], args[1:]

    def result(self) -> Any:
        texts: list[Any] = []
        for one in resolve(self._lists):
            if one:
                if not isinstance(one, list):
                    raise TypeError(f'"{self.name}" must operate on a list')
                texts += one
        delimiter = resolve(self._delimiter)
        if not isinstance(delimiter, str):
            raise TypeError(f'"{self.name}" delimiter must be a string')
        return delimiter.join(self._item(item) for item in texts)

    def _item(self, item: Any) -> str:
        if item is None:
            return ""
        if isinstance(item, str):
            return item
        if isinstance(item, Mapping | list):
            return as_json(item)
        raise TypeError(f"Items to join must be string, map or list not {repr(item)[:200]}")


class Digest(Function):
    about = "A function for performing digest operations."

    def result(self) -> Any:
        args = resolve(self.args)
        if not (isinstance(args, list) and all(isinstance(arg, str) for arg in args)):
            raise TypeError(f'Argument to function "{self.name}" must be a list of strings')
        if len(args) != 2:
            raise ValueError(f'Function "{self.name}" usage: ["<algorithm>", "<value>"]')
        if args[0].lower() not in hashlib.algorithms_available:
            raise ValueError(f"Algorithm must be one of {hashlib.algorithms_available}")
        made = hashlib.new(args[0], usedforsecurity=False)
        made.update(args[1].encode("latin-1"))
        return made.hexdigest()


class StrSplit(Function):
    about = "A function for splitting delimited strings into a list."

    def __init__(self, scope: Scope, name: str, args: Any) -> None:
        super().__init__(scope, name, args)
        self._example = f'"{name}" should be: "{name}" : [ ",", "apples,pears", <index>]'
        if isinstance(args, str | Mapping):
            raise TypeError(f"Incorrect arguments to {self._example}")

    def result(self) -> Any:
        args = resolve(self.args)
        if not isinstance(args, list) or len(args) < 2:
            raise ValueError(f"Incorrect arguments to {self._example}")
        delimiter, text, *index = args
        if text is None:
            return None
        found = text.split(delimiter)
        if not index:
            return found
        try:
            number = int(index[0])
        except ValueError:
            raise ValueError(f"Incorrect index to {self._example}") from None
        try:
            return found[number]
        except IndexError:
            raise ValueError(f'Incorrect index to "{self.name}" should be between 0 and {len(found) - 1}') from None


class Split(Function):
    about = "A function for splitting strings."

    def __init__(self, scope: Scope, name: str, args: Any) -> None:
        super().__init__(scope, name, args)
        wrong = f'Incorrect arguments to "{name}" should be: "{name}" : [ ",", "str1,str2"]]'
        if isinstance(args, str | Mapping):
            raise TypeError(wrong)
        try:
            self._delimiter, self._texts = args
        except ValueError:
            raise ValueError(wrong) from None

    def result(self) -> Any:
        text = resolve(self._texts)
        if not isinstance(self._delimiter, str):
            raise TypeError(f"Delimiter for {self.name} must be string")
        if not isinstance(text, str):
            raise TypeError(f"String to split must be string; got {type(text)}")
        return text.split(self._delimiter)


class Base64(Function):
    """It converts nothing: Heat takes user data as plain text."""

    about = "A placeholder function for converting to base64."

    def result(self) -> Any:
        text = resolve(self.args)
        if not isinstance(text, str):
            raise TypeError(f'"{self.name}" argument must be a string')
        return text


class MakeURL(Function):
    about = "A function for performing substitutions on maps."
    keys: ClassVar[tuple[str, ...]] = (
        "scheme", "username", "password", "host", "port", "path", "query", "fragment",
    )  # fmt: skip

    def _check(self, args: Mapping[str, Any]) -> None:
        for key in (key for key in self.keys if key in args):
            value = args[key]
            if isinstance(value, Function):
                continue
            if key == "query":
                if not isinstance(value, Mapping):
                    raise TypeError(f'The "{key}" argument to "{self.name}" must be a map')
                return
            if key == "port":
                self._check_port(value, args)
            elif not isinstance(value, str):
                raise TypeError(f'The "{key}" argument to "{self.name}" must be a string')

    def _check_port(self, port: Any, args: Any) -> None:
        if not isinstance(port, int):
            try:
                port = int(port)
            except ValueError:
                raise ValueError(f'Invalid URL port "{port}" for {self.name} called with {args}') from None
        if not 0 < port <= 65535:
            raise ValueError(f"Invalid URL port {port}, must be in range 1-65535")

    def validate(self) -> None:
        super().validate()
        if not isinstance(self.args, Mapping):
            raise TypeError(f'The arguments to "{self.name}" must be a map')
        unknown = set(self.args) - set(self.keys)
        if unknown:
            raise ValueError(f'Invalid arguments to "{self.name}": {", ".join(map(str, unknown))}')
        self._check(self.args)

    def result(self) -> Any:
        args = resolve(self.args)
        self._check(args)
        scheme = args.get("scheme", "")
        if ":" in scheme:
            raise ValueError("URL \"scheme\" should not contain ':'")
        query = urlencode(args.get("query", {})).replace("%2F", "/")
        path, fragment = quote(args.get("path", "")), quote(args.get("fragment", ""))
        return urlunsplit((scheme, self._place(args), path, query, fragment))

    def _place(self, args: Mapping[str, Any]) -> str:
        user, password = quote(args.get("username", ""), safe=""), quote(args.get("password", ""), safe="")
        found = f"{user}{':' + password if password else ''}@" if user or password else ""
        host = args.get("host", "")
        if host.startswith("[") and host.endswith("]"):
            host = host[1:-1]
        host = quote(host, safe=":")
        found += f"[{host}]" if ":" in host else host
        return found + (f":{args['port']}" if args.get("port") else "")
