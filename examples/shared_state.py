"""Members of a workflow that share state: what each may see and write, and who did.

The keys, their schemas and the members are read from the YAML of the workflow. Two members
gather at the same time, a third one combines what they found:

    python examples/shared_state.py                       # with a server on 127.0.0.1:7460
    python examples/shared_state.py --target HOST:PORT

It reads YAML, which needs a library more than the client: pip install 'statekeeper[shared]'.
"""

import argparse
import uuid
from concurrent.futures import ThreadPoolExecutor

from statekeeper import Client, SchemaViolationError, StateAccessDeniedError, StateManager
from statekeeper.shared import load_definition

WORKFLOW = """
state:
  schema:
    company:
      type: object
      properties:
        name: {type: string, minLength: 1}
        domain: {type: string, pattern: "^[a-z0-9-]+\\\\.[a-z]{2,}$"}
      required: [name, domain]
    financials: object
    news: array
    score: {type: number, minimum: 0, maximum: 1}
  initial:
    company:
      name: ${input.name}
      domain: ${input.domain}

flow:
  - parallel:
      - member: fetch-financials
        state: {use: [company], set: [financials]}
      - member: fetch-news
        state: {use: [company], set: [news]}
  - member: rate
    state: {use: [financials, news], set: [score]}
"""


def main() -> None:
    """Run the workflow."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--target", default="127.0.0.1:7460", help="the server")
    with Client(parser.parse_args().target) as client:
        sm = client.state_manager(f"report-{uuid.uuid4().hex[:8]}")
        sm.define_state(load_definition(WORKFLOW), input={"name": "Acme", "domain": "acme.example"})
        with ThreadPoolExecutor() as threads:
            for gathered in (
                threads.submit(fetch_financials, sm),
                threads.submit(fetch_news, sm),
            ):
                gathered.result()
        rate(sm)
        show(sm)


def fetch_financials(sm: StateManager) -> None:
    """See the company, and write its financials."""
    member = sm.member("fetch-financials")
    print("financials of", member.state["company"]["name"])
    member.set_state(financials={"revenue": 1_000})


def fetch_news(sm: StateManager) -> None:
    """See the company, and write its news; nothing else can be written."""
    member = sm.member("fetch-news")
    print("news of", member.state["company"]["domain"])
    try:
        member.set_state(score=1)
    except StateAccessDeniedError as error:
        print("refused:", error.message)
    member.set_state(news=["Acme grows"])


def rate(sm: StateManager) -> None:
    """See what both have found, and write a score that fits its schema."""
    member = sm.member("rate")
    found = member.state
    try:
        member.set_state(score=found["financials"]["revenue"])
    except SchemaViolationError as error:
        print("refused:", error.message)
    member.set_state(score=0.5 + 0.1 * len(found["news"]))


def show(sm: StateManager) -> None:
    """Tell who has done what."""
    report = sm.access_report()
    for key, accesses in report.access_patterns.items():
        print(f"{key}:", ", ".join(f"{each.member} {each.operation}" for each in accesses))
    print("unused:", ", ".join(report.unused_keys) or "nothing")


if __name__ == "__main__":
    main()
