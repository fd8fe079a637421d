"""The examples, as they are run by hand."""

import runpy
import subprocess
import sys
import threading
from pathlib import Path

from statekeeper.testing import TestServer

_EXAMPLES = Path(__file__).parents[2] / "examples"


def test_an_order_outlives_its_server_and_is_paid_once() -> None:
    """`make demo` (B20, B70)."""
    done = subprocess.run(
        [sys.executable, str(_EXAMPLES / "order_processing.py")],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stderr == ""
    assert done.returncode == 0
    story = done.stdout
    assert "finds the results of validate-order, process-payment, reserve-inventory" in story
    assert story.endswith("Charges of the card: 1\n")
    changed = [line.split("  ")[-1] for line in story.splitlines() if "worker" in line[:12]]
    assert changed[-7:] == [
        "status",
        "member_outputs.notify-order-confirmed",
        "member_outputs.create-shipment",
        "member_outputs.reserve-inventory",
        "member_outputs.process-payment",
        "member_outputs.validate-order",
        "status, start_time, input.orderId",
    ]


def test_an_order_that_is_not_paid_gives_its_items_back(statekeeper_server: TestServer) -> None:
    """The other branch of the flow (B102)."""
    example = runpy.run_path(str(_EXAMPLES / "order_processing.py"))
    shop = example["Shop"](card_works=False)
    order = statekeeper_server.client().state_manager("1002")
    order.save({"status": "running"})

    steps = list(iter(lambda: example["do_next_step"](order, shop), None))

    assert steps == [
        "validate-order",
        "process-payment",
        "reserve-inventory",
        "release-inventory",
        "notify-payment-failed",
    ]
    assert shop.charges == []


def approval(server: TestServer, *arguments: str) -> str:
    """What a process of the example prints."""
    command = [sys.executable, str(_EXAMPLES / "approval.py"), "--target", server.address]
    done = subprocess.run(
        [*command, *arguments], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stderr == ""
    return done.stdout.strip()


def test_a_refund_waits_for_a_person_and_goes_on_in_another_process(
    statekeeper_server: TestServer,
) -> None:
    """B22, B29, B31, B40, B41: over a restart of the server."""
    said = approval(statekeeper_server, "run", "refund-17")
    token = said.rpartition(" ")[2]
    assert said == f"waiting for approval; answer with: {token}"
    assert approval(statekeeper_server, "run", "refund-17") == "still waiting for approval"
    assert approval(statekeeper_server, "inbox").startswith("refund-17: a refund above 100")

    statekeeper_server.restart()
    answered = approval(statekeeper_server, "approve", token, "--actor", "grace")
    assert answered == "answered refund-17: a refund above 100 needs a person"
    assert approval(statekeeper_server, "approve", token).startswith("this token is no good")
    assert approval(statekeeper_server, "inbox") == "nothing waits for an answer"

    assert approval(statekeeper_server, "run", "refund-17") == "paid back, approved by grace"
    assert approval(statekeeper_server, "run", "refund-17") == "done before"


def test_b80_an_example_without_its_server_says_so_in_a_line() -> None:
    done = subprocess.run(
        [sys.executable, str(_EXAMPLES / "approval.py"), "--target", "127.0.0.1:1", "inbox"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert "cannot reach statekeeper at 127.0.0.1:1: connection refused" in line


def test_a_process_that_waits_goes_on_when_the_refund_is_approved(
    statekeeper_server: TestServer,
) -> None:
    """B29, B81: over a restart of the server."""
    command = [sys.executable, str(_EXAMPLES / "approval.py"), "--target"]
    with subprocess.Popen(
        [*command, statekeeper_server.address, "wait", "refund-19"],
        stdout=subprocess.PIPE,
        text=True,
    ) as waiting:
        stuck = threading.Timer(60, waiting.kill)
        stuck.start()
        try:
            assert waiting.stdout is not None
            token = waiting.stdout.readline().strip().rpartition(" ")[2]
            statekeeper_server.restart()
            approval(statekeeper_server, "approve", token, "--actor", "grace")
            said, _ = waiting.communicate()
        finally:
            stuck.cancel()

    assert said == "paid back, approved by grace\n"


def test_a_refund_that_is_refused_is_not_paid(statekeeper_server: TestServer) -> None:
    """B43: the answer is the caller's to understand."""
    token = approval(statekeeper_server, "run", "refund-18").rpartition(" ")[2]
    approval(statekeeper_server, "refuse", token)

    assert approval(statekeeper_server, "run", "refund-18") == "refused"


def test_members_share_what_they_declare(statekeeper_server: TestServer) -> None:
    """B88, B90 to B92, B96."""
    command = [sys.executable, str(_EXAMPLES / "shared_state.py"), "--target"]
    done = subprocess.run(
        [*command, statekeeper_server.address],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stderr == ""
    said = done.stdout.splitlines()
    assert {"financials of Acme", "news of acme.example"} <= set(said)
    refused = [line for line in said if line.startswith("refused:")]
    assert "'fetch-news' may not write 'score'" in refused[0]
    assert "score: maximum" in refused[1]
    assert said[-3:] == [
        "news: fetch-news write, rate read",
        "score: rate write",
        "unused: nothing",
    ]
