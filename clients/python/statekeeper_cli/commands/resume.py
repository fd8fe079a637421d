"""`statekeeper resume`."""

import click

from statekeeper import ResumeResult
from statekeeper_cli.answers import STDIN, read_answer
from statekeeper_cli.connection import (
    Connection,
    actor_option,
    connection_options,
    json_option,
    namespace_option,
)
from statekeeper_cli.output import print_done, print_json

_TOKEN = "hitl_"  # noqa: S105 - what tokens begin with


@click.command("resume")
@click.argument("token", required=False)
@click.argument("answer", metavar="[INPUT]", required=False)
@click.option("--execution", "execution_id", metavar="ID", help="Without a token: the execution.")
@click.option("--pause", "pause_id", metavar="ID", help="Without a token: its pause.")
@actor_option
@namespace_option
@json_option
@connection_options
def command(
    connection: Connection,
    *,
    token: str | None,
    answer: str | None,
    execution_id: str | None,
    pause_id: str | None,
    actor: str,
    namespace: str,
    as_json: bool,
) -> None:
    """Answer a pause, by its TOKEN or by --execution and --pause.

    INPUT is the answer, a JSON object, as in '{"approved": true}'; `-` reads it from
    standard input. Without it there is none.
    """
    by_id = execution_id is not None or pause_id is not None
    if by_id:
        if answer is not None or (token is not None and token.startswith(_TOKEN)):
            raise click.UsageError("give a TOKEN, or --execution and --pause, and not both")
        # There is no token: what stands first is the answer.
        token, answer = None, token
        if execution_id is None or pause_id is None:
            raise click.UsageError("--execution and --pause must be given together")
    elif token is None:
        raise click.UsageError("give a TOKEN, or --execution and --pause")
    elif token == STDIN or token.lstrip().startswith("{"):
        raise click.UsageError("the TOKEN comes first, then the INPUT")
    given = read_answer(answer)
    with connection.client(actor=actor) as client:
        if token is not None:
            result = client.resume(token, given)
        else:
            sm = client.state_manager(execution_id or "", namespace=namespace)
            result = sm.resume(pause_id=pause_id, input=given)
    _tell(result, as_json=as_json)


def _tell(result: ResumeResult, *, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "namespace": result.namespace,
                "execution_id": result.execution_id,
                "revision": result.revision,
                "member": result.member,
                "pause_id": result.pause_id,
            }
        )
    else:
        print_done(
            f"answered {result.pause_id} of {result.namespace}/{result.execution_id} "
            f"({result.member}), now at revision {result.revision}"
        )
