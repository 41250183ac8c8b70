"""Check strings, and what is asked of a call: the operation's check, and the policies of the fields that it gives."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from mopenstack.contract.calls import RequestContext
from mopenstack.contract.faults import NotServed, PolicyRefused, Unauthorized
from mopenstack.core.engine.admission import ForeignProject
from mopenstack.core.engine.caller import Caller
from mopenstack.core.engine.policy import alternatives, compile_check
from tests.engine.conftest import Library
from tests.engine.library.core.callers import ALICE, BOB, LIBRARIAN, RITA

PACKAGE = "mopenstack_tests.library.v1"
RULES = {"admin": "role:admin", "owner": "project_id:%(project_id)s", "either": "rule:admin or rule:owner"}
MEMBER = Caller(user_id="u", project_id="p", domain_id="d", roles=frozenset({"member"}))
ADMIN = Caller(user_id="a", project_id="q", roles=frozenset({"admin"}), system=True)


def target(**fields: Any) -> Any:
    return SimpleNamespace(**fields)


@pytest.mark.parametrize(
    ("check", "object", "member", "admin"),
    [
        ("", None, True, True),
        ("@", None, True, True),
        ("!", None, False, False),
        ("role:ADMIN", None, False, True),
        ("not role:admin", None, True, False),
        ("not not role:admin", None, False, True),
        ("rule:either", target(project_id="p"), True, True),
        ("rule:owner", target(project_id="x"), False, False),
        ("role:member and not rule:owner", target(project_id="x"), True, False),
        ("role:x or role:y or role:member", None, True, False),
        ("role:member and user_id:u and project_id:p", None, True, False),
        ("(role:admin or role:member) and system_scope:all", None, False, True),
        ("role:admin or role:member and system_scope:all", None, False, True),  # `and` binds closer
        ("is_admin:True", None, False, True),
        ("user_id:%(target.user.id)s", target(user=target(id="u")), True, False),
        ("user_id:%(user.id)s", target(user=None), False, False),
        ("project_id:%(readers)s", target(readers=["x", "p"]), True, False),
        ("'public':%(visibility)s", target(visibility="public"), True, True),
        ('"public":%(visibility)s', target(visibility="private"), False, False),
        ("field:shared=True", target(shared=True), True, True),
        ("field:shared=True", target(shared=False), False, False),
        ("field:owner=~^net", target(owner="network:dhcp"), True, True),
        ("field:owner=~^net", target(owner="compute:nova"), False, False),
        ("domain_id:%(domain_id)s", target(domain_id="d"), True, False),
    ],
)
def test_checks(check: str, object: Any, member: bool, admin: bool) -> None:
    compiled = compile_check(check, RULES)
    assert (compiled(MEMBER, object), compiled(ADMIN, object)) == (member, admin)


@pytest.mark.parametrize(
    ("object", "loose", "strict"),
    [
        (target(project_id="p"), True, True),
        (target(project_id="x"), False, False),
        (target(project_id=""), True, False),
        (target(), True, False),
        (None, True, False),
    ],
)
def test_an_absent_field_is_the_callers_own_unless_strict(object: Any, loose: bool, strict: bool) -> None:
    """A create is checked against an object that has no owner yet; what is stored without one belongs to none."""
    check = RULES["owner"]
    assert compile_check(check, RULES)(MEMBER, object) is loose
    assert compile_check(check, RULES, strict=True)(MEMBER, object) is strict


@pytest.mark.parametrize(
    ("check", "why"),
    [
        ("role:a and", "ends too early"),
        ("(role:a", "ends too early"),
        ("(role:a role:b)", "is not closed"),
        ("role:a role:b", "unexpected 'role:b'"),
        ("admin", "'admin' is no check"),
        ("rule:nobody", "no rule 'nobody'"),
    ],
)
def test_bad_checks_are_refused(check: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        compile_check(check, RULES)


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        ("", [[]]),
        ("@", [[]]),
        ("!", []),
        ("role:a or role:b", [["role:a"], ["role:b"]]),
        ("role:a and (role:b or role:c)", [["role:a", "role:b"], ["role:a", "role:c"]]),
        ("not (role:a or role:b) and role:c", [["not", "role:c"]]),
        ("rule:librarian or field:public=True", [["role:admin"], ["field:public=True"]]),
    ],
)
def test_alternatives(check: str, expected: list[list[str]]) -> None:
    """A check as alternatives of atoms, with its rules written out."""
    assert [[atom.text for atom in atoms] for atoms in alternatives(PACKAGE, check)] == expected


@pytest.mark.parametrize(
    ("atom", "field", "value"),
    [
        ("project_id:%(project_id)s", "project_id", "p"),
        ("user_id:%(target.owner)s", "owner", "u"),
        ("field:public=True", "public", True),
        ("field:kind=net", "kind", "net"),
        ("field:public=False", "", None),  # what an index does not hold
        ("field:kind=~^net", "", None),
        ("'public':%(visibility)s", "visibility", "public"),
        ("role:admin", "", None),
        ("user_id:u", "", None),
    ],
)
def test_atoms_say_which_index_finds_the_objects(atom: str, field: str, value: Any) -> None:
    ((found,),) = alternatives(PACKAGE, atom)
    assert found.field == field
    assert found.of_target is not (atom.startswith("role:") or atom == "user_id:u")
    if field:
        assert found.value is not None
        assert found.value(MEMBER) == value


# -- a call


async def test_the_check_of_the_operation(library: Library) -> None:
    book = await library.book()
    assert (await library.ask("GetBook", RITA, book_id=book.id)).id == book.id
    with pytest.raises(PolicyRefused) as refused:
        await library.ask("UpdateBook", RITA, book_id=book.id, book={"pages": 2})
    assert refused.value.rules == ["book:update"]
    assert (await library.ask("UpdateBook", LIBRARIAN, book_id=book.id, book={"pages": 2})).pages == 2


async def test_the_check_is_of_the_body_where_there_is_no_target(library: Library) -> None:
    """Of the object that a create makes: a project that is not the caller's is not theirs to give."""
    with pytest.raises(PolicyRefused) as refused:
        await library.shelf(project_id="blue")
    assert refused.value.rules == ["shelf:create"]
    assert (await library.shelf(caller=LIBRARIAN, project_id="blue")).project_id == "blue"


@pytest.mark.parametrize(
    ("fields", "rules"),
    [
        ({"public": True}, ["shelf:create", "shelf:create:public"]),
        ({"public": True, "project_id": "red"}, ["shelf:create", "shelf:create:project_id", "shelf:create:public"]),
        ({"public": False}, None),  # the default was given: not asked
        ({}, None),
    ],
)
async def test_fields_with_a_policy(library: Library, fields: dict[str, Any], rules: list[str] | None) -> None:
    if rules is None:
        assert (await library.shelf(**fields)).project_id == "red"
        return
    with pytest.raises(PolicyRefused) as refused:
        await library.shelf(**fields)
    assert refused.value.rules == rules


async def test_an_update_that_gives_the_default_is_asked(library: Library) -> None:
    shelf = await library.shelf()
    with pytest.raises(PolicyRefused):
        await library.ask("UpdateShelf", shelf_id=shelf.id, shelf={"public": False}, mask="public")
    changed = await library.ask("UpdateShelf", shelf_id=shelf.id, shelf={"name": "B"}, mask="name")
    assert changed.name == "B"


async def test_a_token_says_who_calls(library: Library) -> None:
    """Without a caller, the context's token is asked; what it is not good for is refused."""
    context = RequestContext(cloud=library.cloud.name, token="alice red reader,member")
    reply = await library.reply("CreateShelf", None, context=context, shelf={"name": "s"})
    assert (reply.result.project_id, reply.audience) == ("red", "")  # type: ignore[union-attr]
    with pytest.raises(Unauthorized):
        await library.reply("ListShelves", None)
    await library.engine.authenticate(context, "")
    with pytest.raises(Unauthorized):
        await library.engine.authenticate(RequestContext(cloud=library.cloud.name, token="nonsense"), "")


async def test_a_project_in_the_path_is_the_callers(library: Library) -> None:
    context = RequestContext(cloud=library.cloud.name, project_id="blue")
    with pytest.raises(ForeignProject):
        await library.reply("ListShelves", ALICE, context=context)
    assert await library.reply("ListShelves", BOB, context=context)


async def test_an_operation_without_a_handler_is_not_served(library: Library) -> None:
    with pytest.raises(NotServed, match="Forget is declared and not served"):
        await library.ask("Forget")


def test_scopes() -> None:
    """A token without a scope counts as a project's; a domain's or the system's only without a project."""
    assert MEMBER.policy_scope == "project"
    callers = [MEMBER, Caller(domain_id="d"), Caller(system=True), Caller()]
    assert [one.scope for one in callers] == ["project", "domain", "system", "none"]
    scopes = [Caller(domain_id="d"), Caller(system=True), Caller(), ADMIN]
    assert [one.policy_scope for one in scopes] == ["domain", "system", "project", "project"]
