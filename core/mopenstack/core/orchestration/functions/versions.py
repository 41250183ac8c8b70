"""Which functions each version of templates has. Source: heat/engine/hot/template.py, cfn/template.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from mopenstack.core.orchestration.functions import lists, logic, lookups, texts
from mopenstack.core.orchestration.functions.base import Function, Removed

_REMOVED = (
    "Fn::GetAZs", "Fn::Join", "Fn::Split", "Fn::Replace", "Fn::Base64", "Fn::MemberListToMap", "Fn::ResourceFacade",
    "Ref",
)  # fmt: skip
_GONE: dict[str, type[Function]] = dict.fromkeys(_REMOVED, Removed)

_2013: dict[str, type[Function]] = {
    "Fn::GetAZs": lookups.GetAZs,
    "get_param": lookups.GetParam,
    "get_resource": lookups.GetResource,
    "Ref": lookups.Ref,
    "get_attr": lookups.GetAttThenSelect,
    "Fn::Select": lists.Select,
    "Fn::Join": texts.Join,
    "list_join": texts.Join,
    "Fn::Split": texts.Split,
    "str_replace": texts.Replace,
    "Fn::Replace": texts.CfnReplace,
    "Fn::Base64": texts.Base64,
    "Fn::MemberListToMap": lists.MemberListToMap,
    "resource_facade": lookups.ResourceFacade,
    "Fn::ResourceFacade": lookups.CfnResourceFacade,
    "get_file": lookups.GetFile,
}
_2014: dict[str, type[Function]] = {
    "get_attr": lookups.GetAtt,
    "get_file": lookups.GetFile,
    "get_param": lookups.GetParam,
    "get_resource": lookups.GetResource,
    "list_join": texts.Join,
    "resource_facade": lookups.ResourceFacade,
    "str_replace": texts.Replace,
    "Fn::Select": lists.Select,
}
_2015_04: dict[str, type[Function]] = {
    "get_attr": lookups.GetAtt,
    "get_file": lookups.GetFile,
    "get_param": lookups.GetParam,
    "get_resource": lookups.GetResource,
    "list_join": texts.Join,
    "repeat": lists.Repeat,
    "resource_facade": lookups.ResourceFacade,
    "str_replace": texts.Replace,
    "Fn::Select": lists.Select,
    "digest": texts.Digest,
}
_2015_10 = _2015_04 | {
    "get_attr": lookups.GetAttAllAttributes,
    "list_join": texts.JoinMultiple,
    "str_replace": texts.ReplaceJson,
    "str_split": texts.StrSplit,
    "Fn::Select": Removed,
}
_2016_04 = _2015_10 | {"map_merge": lists.MapMerge}
_2016_10 = _2016_04 | {
    "repeat": lists.RepeatWithMap,
    "yaql": logic.Yaql,
    "map_replace": lists.MapReplace,
    "if": logic.If,
}
_2017_02 = _2016_10 | {"filter": lists.Filter, "str_replace_strict": texts.ReplaceJsonStrict}
_2017_09 = _2017_02 | {
    "repeat": lists.RepeatWithNestedLoop,
    "make_url": texts.MakeURL,
    "list_concat": lists.ListConcat,
    "str_replace_vstrict": texts.ReplaceJsonVeryStrict,
    "list_concat_unique": lists.ListConcatUnique,
    "contains": lists.Contains,
}
_2021 = _2017_09 | {"if": logic.IfNullable}

_CONDITIONS: dict[str, type[Function]] = {
    "get_param": lookups.GetParam,
    "equals": logic.Equals,
    "not": logic.Not,
    "and": logic.And,
    "or": logic.Or,
}
_CONDITIONS_2017 = _CONDITIONS | {"yaql": logic.Yaql, "contains": lists.Contains}

_AWS: dict[str, type[Function]] = {
    "Fn::FindInMap": lookups.FindInMap,
    "Fn::GetAZs": lookups.GetAZs,
    "Ref": lookups.Ref,
    "Fn::GetAtt": lookups.CfnGetAtt,
    "Fn::Select": lists.Select,
    "Fn::Join": texts.Join,
    "Fn::Split": texts.Split,
    "Fn::Replace": texts.CfnReplace,
    "Fn::Base64": texts.Base64,
    "Fn::MemberListToMap": lists.MemberListToMap,
    "Fn::ResourceFacade": lookups.CfnResourceFacade,
}
_AWS_CONDITIONS: dict[str, type[Function]] = {
    "Fn::Equals": logic.Equals,
    "Ref": lookups.ParamRef,
    "Fn::FindInMap": lookups.FindInMap,
    "Fn::Not": logic.CfnNot,
    "Fn::And": logic.And,
    "Fn::Or": logic.Or,
}


class Version(NamedTuple):
    """A version of templates: `key` names it in a template, `alias` is another word for `version`.

    has_conditions: whether templates have conditions, and outputs and resources may name one.
    """

    key: str
    version: str
    functions: Mapping[str, type[Function]]
    conditions: Mapping[str, type[Function]] = {}
    alias: str = ""
    has_conditions: bool = False

    @property
    def is_hot(self) -> bool:
        return self.key == HOT

    @property
    def name(self) -> str:
        return f"{self.key}.{self.version}"


HOT = "heat_template_version"

VERSIONS: tuple[Version, ...] = (
    Version("AWSTemplateFormatVersion", "2010-09-09", _AWS | {"Fn::If": logic.If}, _AWS_CONDITIONS, "", True),
    Version("HeatTemplateFormatVersion", "2012-12-12", _AWS),
    Version(HOT, "2013-05-23", _2013),
    Version(HOT, "2014-10-16", _2014 | _GONE),
    Version(HOT, "2015-04-30", _2015_04 | _GONE),
    Version(HOT, "2015-10-15", _2015_10 | _GONE),
    Version(HOT, "2016-04-08", _2016_04 | _GONE),
    Version(HOT, "2016-10-14", _2016_10 | _GONE, _CONDITIONS, "newton", True),
    Version(HOT, "2017-02-24", _2017_02 | _GONE, _CONDITIONS, "ocata", True),
    Version(HOT, "2017-09-01", _2017_09 | _GONE, _CONDITIONS_2017, "pike", True),
    Version(HOT, "2018-03-02", _2017_09 | _GONE, _CONDITIONS_2017, "queens", True),
    Version(HOT, "2018-08-31", _2017_09 | _GONE, _CONDITIONS_2017, "rocky", True),
    Version(HOT, "2021-04-16", _2021 | _GONE, _CONDITIONS_2017, "wallaby", True),
)
KEYS = frozenset(version.key for version in VERSIONS)
BY_NAME = {(one.key, word): one for one in VERSIONS for word in (one.version, one.alias) if word}
