"""A refund that waits for a person, in a process that does not.

    python examples/approval.py run refund-17       # pauses, prints a token, ends
    python examples/approval.py inbox               # what waits for an answer
    python examples/approval.py approve TOKEN       # another process, another day
    python examples/approval.py run refund-17       # goes on where it stopped

Between the lines nothing runs but the server, and that may be restarted as well. `run`
may be called as often as you like: what is done is not done again. Who would rather have a
process that waits starts it so, and it goes on as soon as somebody has answered:

    python examples/approval.py wait refund-17
"""

import argparse
import sys
from collections.abc import Sequence

from statekeeper import Client, InvalidTokenError, StateError, StateManager

NAMESPACE = "refunds"


def run(refund: StateManager) -> str:
    """Takes the refund as far as it goes, and says where that is."""
    state = refund.load()
    if state is None:
        token = refund.pause(
            member="approve-refund",
            reason="a refund above 100 needs a person",
            data={"amount": 120, "customer": "Ada"},
        )
        return f"waiting for approval; answer with: {token}"
    if state.status == "paused":
        return "still waiting for approval"
    if state.status == "completed":
        return "done before"
    approval = state.pauses[-1].resumption
    if approval is None or not (approval.input or {}).get("approved"):
        outcome, said = "refused", "refused"
    else:
        outcome, said = "paid", f"paid back, approved by {approval.actor}"
    # Only the process that is the first to say so has done it.
    refund.update(
        status="completed",
        member_outputs={"refund": {"outcome": outcome}},
        expected_revision=state.revision,
    )
    return said


def wait(refund: StateManager) -> str:
    """Waits for the answer, and goes on."""
    print(run(refund), flush=True)
    refund.wait_for(until=lambda state: state.status != "paused")
    return run(refund)


def answer(client: Client, token: str, *, approved: bool, actor: str) -> str:
    """Answers a pause. All it needs is the token."""
    try:
        pause = client.get_pause(token)
        client.resume(token, {"approved": approved}, actor=actor)
    except InvalidTokenError:
        return "this token is no good: it is unknown, used or too old"
    return f"answered {pause.execution_id}: {pause.reason}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Does what is asked for on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--target", default="127.0.0.1:7460", help="the server's HOST:PORT")
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("run", "wait"):
        commands.add_parser(name).add_argument("refund")
    commands.add_parser("inbox")
    for name in ("approve", "refuse"):
        command = commands.add_parser(name)
        command.add_argument("token")
        command.add_argument("--actor", default="somebody")
    given = parser.parse_args(arguments)

    try:
        with Client(given.target) as client:
            print(do(client, given))
    except StateError as error:
        sys.exit(f"{parser.prog}: {error}")


def do(client: Client, given: argparse.Namespace) -> str:
    """Does one command, and gives what there is to say."""
    if given.command in ("run", "wait"):
        go_on = run if given.command == "run" else wait
        return go_on(client.state_manager(given.refund, namespace=NAMESPACE))
    if given.command == "inbox":
        pauses = client.list_pauses(namespace=NAMESPACE)
        lines = [f"{pause.execution_id}: {pause.reason} {pause.data}" for pause in pauses]
        return "\n".join(lines) or "nothing waits for an answer"
    return answer(client, given.token, approved=given.command == "approve", actor=given.actor)


if __name__ == "__main__":
    main()
