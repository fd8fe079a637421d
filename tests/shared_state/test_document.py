"""The examples of the document about shared state, run as they stand there."""

from typing import Any

import pytest

from statekeeper import SchemaViolationError
from statekeeper.shared import MemberAccess, load_definition

from .document import EXAMPLES
from .worlds import World


@pytest.mark.parametrize("heading", EXAMPLES)
def test_b87_every_example_loads_and_can_be_worked_with(world: World, heading: str) -> None:
    """B87: each member writes what it may and sees what it uses."""
    definition = load_definition(EXAMPLES[heading])
    world.define(definition, {"userId": 7, "sessionId": "s", "timestamp": "2026-11-22"})
    written: dict[str, Any] = {}
    for member, access in definition.members.items():
        view = world.read(member)
        assert {key: view[key] for key in access.use if key in written} == {
            key: written[key] for key in access.use if key in written
        }
        values: dict[str, Any] = {
            key: {"by": member} if _takes_objects(definition, key) else [member]
            for key in access.set
        }
        if values:
            world.write(member, values)
            written |= values
    report = world.report()
    assert set(report.access_patterns) | set(report.unused_keys) == set(definition.keys)


def _takes_objects(definition: Any, key: str) -> bool:
    schema: Any = definition.schemas[key].schema
    return bool(schema["type"] == "object")


def test_b99_each_step_sees_what_earlier_ones_have_set(world: World) -> None:
    """B91, B92: the document's sequence."""
    world.define(load_definition(EXAMPLES["Sequential data building"]))
    world.write("fetch-company", {"company": {"name": "Acme"}})
    for member, key, value in (
        ("fetch-financials", "financials", {"revenue": 1}),
        ("fetch-news", "news", ["one"]),
        ("fetch-competitors", "competitors", ["Other"]),
    ):
        assert world.read(member) == {"company": {"name": "Acme"}}
        world.write(member, {key: value})

    assert world.read("generate-report") == {
        "company": {"name": "Acme"},
        "financials": {"revenue": 1},
        "news": ["one"],
        "competitors": ["Other"],
    }


def test_b97_what_is_gathered_in_parallel_is_combined(world: World) -> None:
    """B97: the document's parallel members."""
    world.define(load_definition(EXAMPLES["Parallel data gathering"]))
    world.write("fetch-social", {"social": {"posts": 3}})
    world.write("fetch-financials", {"financials": {"revenue": 1}})
    world.write("fetch-news", {"news": []})

    assert world.read("analyze-all") == {
        "financials": {"revenue": 1},
        "news": [],
        "social": {"posts": 3},
    }


def test_b91_a_restricted_member_does_not_see_what_it_does_not_use(world: World) -> None:
    """B91: the document's selective access."""
    definition = load_definition(EXAMPLES["Selective access"])
    members = {**definition.members, "owner": MemberAccess(set=("sensitive", "public"))}
    world.define({"schema": definition.schema, "members": members})
    world.write("owner", {"sensitive": {"secret": 1}, "public": {"open": 2}})

    assert world.read("restricted-member") == {"public": {"open": 2}}


def test_b89_default_values_are_there_from_the_beginning(world: World) -> None:
    """B89: the document's initial values, with a null inside of one."""
    definition = load_definition(EXAMPLES["Default values"])
    world.define({"initial": definition.initial, "members": {"m": {"use": list(definition.keys)}}})

    assert world.read("m") == {"counter": 0, "results": [], "metadata": {"startTime": None}}


def test_b90_initial_values_come_from_the_input(world: World) -> None:
    """B90: the document's dynamic initialization; a number stays a number."""
    definition = load_definition(EXAMPLES["Dynamic initialization"])
    world.define(
        {"initial": definition.initial, "members": {"m": {"use": list(definition.keys)}}},
        {"userId": 7, "sessionId": "s-1", "timestamp": "2026-11-22T09:00:00Z"},
    )

    assert world.read("m") == {
        "userId": 7,
        "sessionId": "s-1",
        "startedAt": "2026-11-22T09:00:00Z",
    }


@pytest.mark.parametrize(
    ("company", "path", "rule"),
    [
        ({"name": "", "domain": "acme.com"}, "name", "minLength"),
        ({"name": "Acme", "domain": "ACME"}, "domain", "pattern"),
        ({"name": "Acme", "domain": "acme.com", "employees": 0}, "employees", "minimum"),
        ({"name": "Acme", "domain": "acme.com", "employees": "many"}, "employees", "type"),
        ({"name": "Acme"}, "", "required"),
        ("Acme", "", "type"),
    ],
)
def test_b88_what_does_not_fit_is_refused_by_key_path_and_rule(
    world: World, company: Any, path: str, rule: str
) -> None:
    """B88: the document's schema of a company."""
    definition = load_definition(EXAMPLES["State schema validation"])
    world.define({"schema": definition.schema, "members": {"m": MemberAccess((), ("company",))}})
    with pytest.raises(SchemaViolationError) as caught:
        world.write("m", {"company": company})

    assert (caught.value.key, caught.value.path, caught.value.rule) == ("company", path, rule)
    world.write("m", {"company": {"name": "Acme", "domain": "acme.com", "employees": 1}})


@pytest.mark.parametrize(
    ("key", "value", "rule"),
    [
        ("score", 1.1, "maximum"),
        ("score", -0.1, "minimum"),
        ("status", "unknown", "enum"),
        ("status", 1, "enum"),
    ],
)
def test_b88_bounds_and_choices_are_kept(world: World, key: str, value: Any, rule: str) -> None:
    """B88: the document's score and status."""
    definition = load_definition(EXAMPLES["Validate state schema"])
    members = {"m": MemberAccess(("score", "status"), ("score", "status"))}
    world.define({"schema": definition.schema, "members": members})
    world.write("m", {"score": 0.5, "status": "pending"})
    with pytest.raises(SchemaViolationError) as caught:
        world.write("m", {key: value})

    assert (caught.value.key, caught.value.rule) in ((key, rule), (key, "type"))
    assert world.read("m") == {"score": 0.5, "status": "pending"}


def test_b89_an_order_begins_with_nulls_and_fills_up(world: World) -> None:
    """B89: the document's order; null is allowed until something is written."""
    world.define(load_definition(EXAMPLES["E-commerce order processing"]))
    assert world.read("process-payment") == {"order": None}
    world.write("validate-order", {"order": {"id": "o-1"}})
    assert world.read("process-payment") == {"order": {"id": "o-1"}}
    world.write("process-payment", {"payment": {"status": "success"}})
    world.write("reserve-inventory", {"inventory": {"reserved": True}})
    world.write("create-shipment", {"shipping": {"trackingNumber": "T-1"}})
    with pytest.raises(SchemaViolationError):
        world.write("create-shipment", {"shipping": None})

    assert world.read("notify-order-confirmed") == {
        "order": {"id": "o-1"},
        "payment": {"status": "success"},
        "shipping": {"trackingNumber": "T-1"},
    }


def test_b96_the_report_tells_unused_keys_and_the_pattern_of_each(world: World) -> None:
    """B96: the document's access report."""
    definition = load_definition(EXAMPLES["Define state schema, declare state access"])
    world.define(definition)
    world.write("fetch-company", {"companyData": {"name": "Acme"}})
    world.read("analyze-company")
    world.write("analyze-company", {"analysis": {}})

    report = world.report()
    assert report.unused_keys == ("financials",)
    assert [
        (access.member, str(access.operation)) for access in report.access_patterns["companyData"]
    ] == [("fetch-company", "write"), ("analyze-company", "read")]
    assert all(
        access.timestamp.tzinfo is not None and access.revision > 0
        for access in report.access_patterns["companyData"]
    )
