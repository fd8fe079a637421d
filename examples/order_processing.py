"""An order that outlives its server: `make demo`.

An order goes through five steps, and the result of each is kept by statekeeper. Halfway
the server is killed with `kill -9` while a result is on its way to it, and the worker is
lost as well. A second worker goes on from what is stored: no step is done twice, and the
customer pays once.

What to copy is `do_next_step`; the rest is the shop and the accident.
"""

import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from statekeeper import Client, StateManager

Outputs = dict[str, Any]


def do_next_step(order: StateManager, shop: "Shop") -> str | None:
    """Does the first step that has no result yet, and keeps its result.

    Gives the step's name, or None when the order is finished. It may be called by any
    worker at any time: all that it needs to know is in the stored state.
    """
    state = order.load()
    if state is None:
        raise LookupError(f"there is no order {order.execution_id}")
    outputs = state.member_outputs or {}
    step = next_step(outputs)
    if step is None:
        order.update(status="completed", expected_revision=state.revision)
        return None
    # A worker that dies between these two lines leaves a step that was done and has no
    # result. It will be done again and must bear that: give others the order's id, so
    # that they can tell.
    result = STEPS[step](shop, order.execution_id, outputs)
    # Should another worker have been faster, this is a ConflictError, and changes nothing.
    order.update(member_outputs={step: result}, expected_revision=state.revision)
    return step


def next_step(outputs: Outputs) -> str | None:
    """Gives the first step of the flow that has no result yet."""
    flow = ["validate-order", "process-payment", "reserve-inventory"]
    if "process-payment" in outputs:
        if outputs["process-payment"]["status"] == "success":
            flow += ["create-shipment", "notify-order-confirmed"]
        else:
            flow += ["release-inventory", "notify-payment-failed"]
    return next((step for step in flow if step not in outputs), None)


class Shop:
    """The world outside: what is done here cannot be undone by forgetting it."""

    def __init__(self, *, card_works: bool = True) -> None:
        self.charges: list[str] = []
        self.reserved = threading.Event()
        self._card_works = card_works

    def validate(self, order_id: str, _: Outputs) -> Outputs:
        """Looks the order up."""
        return {"id": order_id, "items": [{"sku": "kettle", "quantity": 1}], "total": 39.90}

    def charge(self, order_id: str, outputs: Outputs) -> Outputs:
        """Charges the card."""
        if not self._card_works:
            return {"status": "declined"}
        self.charges.append(order_id)
        return {"status": "success", "amount": outputs["validate-order"]["total"]}

    def reserve(self, order_id: str, outputs: Outputs) -> Outputs:
        """Puts the items aside."""
        self.reserved.set()
        return {"reservation": f"res-{order_id}", "items": outputs["validate-order"]["items"]}

    def release(self, _: str, outputs: Outputs) -> Outputs:
        """Puts the items back."""
        return {"released": outputs["reserve-inventory"]["reservation"]}

    def ship(self, order_id: str, _: Outputs) -> Outputs:
        """Hands the parcel over."""
        return {"tracking_number": f"SK-{order_id}"}

    def notify(self, order_id: str, _: Outputs) -> Outputs:
        """Writes to the customer."""
        return {"sent": True, "order": order_id}


STEPS: dict[str, Callable[[Shop, str, Outputs], Outputs]] = {
    "validate-order": Shop.validate,
    "process-payment": Shop.charge,
    "reserve-inventory": Shop.reserve,
    "create-shipment": Shop.ship,
    "notify-order-confirmed": Shop.notify,
    "release-inventory": Shop.release,
    "notify-payment-failed": Shop.notify,
}


class ServerProcess:
    """A server on a folder; started again, it is found at the same address."""

    def __init__(self, data_dir: Path) -> None:
        self.address = "127.0.0.1:0"
        self._data_dir = data_dir
        self._start()

    def _start(self) -> None:
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "statekeeper_server", "serve", "--log-level", "error"),
                *("--data-dir", str(self._data_dir), "--listen", self.address),
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line.startswith("statekeeper listening on "):
            raise SystemExit("the server did not start")
        self.address = line.split()[-1]

    def kill(self) -> None:
        """Ends it as a crash would: it can write nothing more, and say nothing."""
        self._process.kill()
        self._process.communicate()

    def restart(self) -> None:
        """Starts it again on the same folder and port."""
        self._start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.kill()


def main() -> None:
    """Lets one order live through the loss of its server and of its worker."""
    shop = Shop()
    with (
        tempfile.TemporaryDirectory(prefix="statekeeper-demo-") as folder,
        ServerProcess(Path(folder) / "data") as server,
    ):
        say("server", f"keeps the state, at {server.address}")
        run_first_worker(server, shop)
        run_second_worker(server, shop)
    print(f"\nCharges of the card: {len(shop.charges)}")


def run_first_worker(server: ServerProcess, shop: Shop) -> None:
    """Does three steps; while the result of the third is on its way, the server dies."""
    with Client(server.address, actor="worker 1") as client, ThreadPoolExecutor() as threads:
        order = client.state_manager("1001", namespace="orders")
        order.save({"status": "running", "input": {"orderId": "1001"}})
        for _ in range(2):
            say("worker 1", f"{do_next_step(order, shop)}: done and stored")

        third = threads.submit(do_next_step, order, shop)
        shop.reserved.wait()
        server.kill()
        died = time.monotonic()
        say("worker 1", "reserve-inventory: done, and its result on its way to the server")
        say("server", "kill -9")
        server.restart()
        say("server", f"is back after {time.monotonic() - died:.1f} s, on the same folder")
        # The client has sent the write again, under the same request id: it is stored
        # once, whether or not the killed server had managed to store it.
        say("worker 1", f"{third.result()}: stored, and noticed nothing but a delay")
    say("worker 1", "is lost, with all that it knew")


def run_second_worker(server: ServerProcess, shop: Shop) -> None:
    """Goes on from what is stored, then shows the order's history."""
    with Client(server.address, actor="worker 2") as client:
        order = client.state_manager("1001", namespace="orders")
        state = order.load()
        found = (state and state.member_outputs) or {}
        done = [step for step in STEPS if step in found]
        say("worker 2", f"finds the results of {', '.join(done)}")
        while (step := do_next_step(order, shop)) is not None:
            say("worker 2", f"{step}: done and stored")
        say("worker 2", "the order is completed")
        print("\nThe history of the order, the newest change first:")
        for change in order.list_revisions():
            print(f"  {change.version}  {change.actor}  {', '.join(change.changed)}")


def say(who: str, what: str) -> None:
    """Prints a line of the story."""
    print(f"{who:<9} {what}", flush=True)


if __name__ == "__main__":
    main()
