"""The root of the one port tells what there is."""

from __future__ import annotations

from tests.conftest import Cloud, User

FAR = "http://cloud.example"
"""The cloud by a name under which its admin API is not reached: the page would be of no use."""


async def test_the_root_lists_apis_and_clouds(cloud: Cloud) -> None:
    root = User(cloud.session, cloud.serving.url)
    shown = (await root.get("", "")).ok(200)
    assert shown["auth_url"] == f"{cloud.serving.url}/identity/v3"
    urls = {api["type"]: api["url"] for api in shown["apis"]}
    assert urls["network"] == f"{cloud.serving.url}/network/"
    assert {"compute", "identity", "image", "volumev3"} <= urls.keys()
    for url in urls.values():
        async with cloud.session.get(url) as answer:
            # Swift has nothing at its root.
            assert answer.status in ((404,) if url.endswith("/object-store/") else (200, 300)), url
    assert {"name": cloud.name, "auth_url": f"{cloud.url}/identity/v3"} in shown["clouds"]


async def test_a_cloud_has_a_root_of_its_own(cloud: Cloud) -> None:
    shown = (await cloud.anonymous.get("", "")).ok(200)
    assert shown["auth_url"] == f"{cloud.url}/identity/v3"
    assert {"name": "default", "auth_url": f"{cloud.serving.url}/identity/v3"} in shown["clouds"]
    root = User(cloud.session, cloud.serving.url)
    (await root.get("cloud/nobody", "/")).refused(404)
    (await root.get("nothing", "/")).refused(404)


async def test_browsers_get_a_page(cloud: Cloud) -> None:
    root = User(cloud.session, cloud.serving.url)
    reply = await root.get("", "", headers={"Accept": "text/html,*/*;q=0.8"})
    assert reply.headers["Content-Type"] == "text/html; charset=utf-8"
    assert '<div id="page">' in reply.ok(200)
    assert reply.headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'")
    from_afar = {"Accept": "text/html", "Host": "cloud.example"}
    assert f"<code>{FAR}/identity/v3</code>" in (await root.get("", "", headers=from_afar)).ok(200)
