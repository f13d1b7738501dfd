"""Licences and products by message, from end to end: real processes, a broker of their own, and both databases."""

import json
import time

from domain.access import Caller, Role
from domain.licence import Licence
from tests.catalogue_factories import a_urn
from tests.e2e.real_service import ALICE, TENANT, until
from tests.e2e.test_messages import (  # noqa: F401 - fixtures
    BROADCAST,
    USER,
    broker,
    client,
    kill,
    on_either,
    pytestmark,
    running,
)

LICENCE = f"{BROADCAST}fr.cnes.regards.modules.accessrights.domain.projects.events.LicenseEvent"
PRODUCTS = f"{BROADCAST}rs-downloader.ProductsEvent"
PRODUCTS_QUEUE = f"{BROADCAST}rs-downloader.ProductsEventHandler"
LINK = "https://archive.example.org/licence.html"
JACKSON = {"regards.converter": "JACKSON"}
BOB = "bob@example.org"


def later() -> int:
    """A second that begins after whatever the service has done until now."""
    return int(time.time()) + 2


def test_a_licence_is_accepted_and_reset_here_and_elsewhere_and_nothing_goes_round_in_circles(on_either, client):  # noqa: F811
    installation = on_either
    alice = Caller(TENANT, ALICE, Role.REGISTERED_USER)
    heard = client.listen(LICENCE)

    async def put(use_cases) -> None:
        await use_cases.put_licence().execute(Licence(tenant=TENANT, link=LINK))

    async def accept_and_reset(use_cases) -> None:
        await use_cases.accept_licence().execute(alice, None)
        await use_cases.reset_licence().execute(TENANT, None)

    def accepted() -> set[tuple[str, int]]:
        return {
            (email, edition) for email, edition in installation.query("SELECT email, edition FROM licence_acceptance")
        }

    def say(action: str, email: str) -> None:
        body = {"action": action, "user": email, "licenseLink": LINK}
        client.publish(LICENCE, body, headers=JACKSON, timestamp=later())
        assert json.loads(client.get(heard).body) == body

    installation.use(put)
    with running(installation, "consume"), running(installation, "work"):
        say("ACCEPT", BOB)
        until(lambda: accepted() == {(BOB, 0)})
        say("RESET", "")
        until(lambda: installation.query("SELECT edition FROM licence") == [(1,)])
        installation.use(accept_and_reset)
        told = [client.get(heard), client.get(heard)]
        # What we have told comes back to us; whatever is sent now is handled after it.
        say("ACCEPT", "carol@example.org")
        until(lambda: ("carol@example.org", 2) in accepted())

    assert [json.loads(message.body)["action"] for message in told] == ["ACCEPT", "RESET"]
    assert json.loads(told[0].body) == {"action": "ACCEPT", "user": ALICE, "licenseLink": LINK}
    assert installation.query("SELECT edition FROM licence") == [(2,)]
    assert accepted() == {(BOB, 0), (ALICE, 1), ("carol@example.org", 2)}
    assert client.depth(heard) == 0
    assert client.depth("regards.DLQ") <= 0


def a_feature(number: int, label: str, **changes: object) -> dict[str, object]:
    urn = str(a_urn(number, tenant=TENANT))
    return {"type": "Feature", "id": urn, "label": label, "properties": {}, "geometry": None, **changes}


def test_products_arrive_once_and_as_the_newest_says_whatever_dies(on_either, client):  # noqa: F811
    """Each message has ten products, one of which is refused; the messages of the second half are older."""
    installation = on_either
    with running(installation, "consume"):
        pass
    count, now = 60, int(time.time())
    for number in range(count):
        documents = [a_feature(10 * number + n, "new") for n in range(1, 10)]
        refused = a_feature(9999, "never", files={"PICTURE": [{"filename": "x", "checksum": f"c{number}"}]})
        body = {"action": "UPDATE", "features": [*documents, refused]}
        client.publish(PRODUCTS, body, headers=JACKSON, timestamp=now, message_id=f"new{number}")
    for number in range(count):
        documents = [a_feature(10 * number + n, "old") for n in range(1, 10)]
        identity = {"message_id": f"old{number}"} if number % 2 else {}
        body = {"action": "CREATE", "features": documents}
        client.publish(PRODUCTS, body, headers=JACKSON, timestamp=now - 60, **identity)
    gone = [str(a_urn(10 * number + 1, tenant=TENANT)) for number in range(count)]
    client.publish(PRODUCTS, {"action": "DELETE", "features": gone}, headers=JACKSON, timestamp=now, message_id="gone")

    def handled() -> int:
        ((number,),) = installation.query("SELECT count(*) FROM inbox")
        return int(number)

    for goal in (5, 40, 90):
        with running(installation, "consume") as process:
            until(lambda goal=goal: handled() >= goal)
            kill(process)
    with running(installation, "consume"):
        until(lambda: handled() == 2 * count + 1 and client.depth(PRODUCTS_QUEUE) == 0)
        # An older message does not bring back what is gone.
        body = {"action": "CREATE", "features": [a_feature(1, "old")]}
        client.publish(PRODUCTS, body, headers=JACKSON, timestamp=now - 60, message_id="last")
        until(lambda: handled() == 2 * count + 2)

    assert installation.query("SELECT count(*), min(label), max(label) FROM product") == [(8 * count, "new", "new")]
    put_aside = []
    while client.depth("regards.DLQ") > 0:
        put_aside.append(client.get("regards.DLQ"))
    parts = [json.loads(message.body) for message in put_aside]
    assert {len(part["features"]) for part in parts} == {1}
    assert {part["features"][0]["files"]["PICTURE"][0]["checksum"] for part in parts} == {f"c{n}" for n in range(count)}
    assert {message.properties["message_id"] for message in put_aside} == {f"new{n}/refused" for n in range(count)}
    assert all("'PICTURE' is no data type" in message.headers["x-exception-message"] for message in put_aside)


def test_nothing_is_left_of_a_user_who_was_removed_elsewhere(on_either, client):  # noqa: F811
    installation = on_either
    installation.set_limits(max_quota=5, user=ALICE)

    async def prepare(use_cases) -> None:
        await use_cases.put_licence().execute(Licence(tenant=TENANT, link=LINK))
        for email in (ALICE, BOB):
            await use_cases.accept_licence().execute(Caller(TENANT, email, Role.REGISTERED_USER), None)

    installation.use(prepare)
    with running(installation, "consume"):
        client.publish(USER, {"email": ALICE, "action": "DELETE"}, headers=JACKSON)
        until(lambda: installation.query("SELECT email FROM licence_acceptance") == [(BOB,)])

    assert installation.query("SELECT email FROM account") == []
