"""Load by h2load, as a check on our own driver.

h2load sends one body over and over. So that the saves of one execution are not all the
same, two processes with different values write each execution; how many of the saves
changed the value is then a matter of chance and is not controlled.
"""

import re
import shutil
import subprocess
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.wire import STREAMS, Driven, LoadError

MISSING = "Left out: h2load is not installed (Debian: nghttp2-client)."
_ANSWERED = re.compile(r"requests: \d+ total, \d+ started, (\d+) done, (\d+) succeeded")
_RATE = re.compile(r"finished in [^,]+, ([\d.]+) req/s")
_DATA = re.compile(r"\((\d+)\) data")
_MARGIN_S = 30.0
# No answer that is measured here is shorter, with its frame.
_ANSWER_BYTES_MIN = 20


def is_installed() -> bool:
    """Whether h2load is there."""
    return shutil.which("h2load") is not None


def drive(
    address: str,
    method: str,
    messages: list[bytes],
    *,
    duration_s: float,
    in_flight: int = STREAMS,
) -> Driven:
    """Keep some calls in flight on one connection for each message, and send only that.

    Args:
        address: HOST:PORT of the server.
        method: path of the RPC.
        messages: one for each process.
        duration_s: how long.
        in_flight: calls on each connection.

    Raises:
        LoadError: a call failed.
    """
    with TemporaryDirectory() as folder, ExitStack() as running:
        processes = []
        for number, message in enumerate(messages):
            body = Path(folder, str(number))
            body.write_bytes(b"\0" + len(message).to_bytes(4) + message)
            command = [shutil.which("h2load") or "h2load", f"-D{duration_s:g}", "-c1", "-t1"]
            command += [f"-m{in_flight}", f"-d{body}", "-Hcontent-type: application/grpc"]
            command += ["-Hte: trailers", f"http://{address}{method}"]
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            running.callback(process.wait)
            running.callback(process.kill)
            processes.append(process)
        outputs = [process.communicate(timeout=duration_s + _MARGIN_S)[0] for process in processes]
    parts = [_read(output.decode()) for output in outputs]
    return Driven(sum(part.rate for part in parts), sum(part.done for part in parts))


def _read(output: str) -> Driven:
    answered, rate, data = (pattern.search(output) for pattern in (_ANSWERED, _RATE, _DATA))
    if not (answered and rate and data):
        raise LoadError(output)
    done, succeeded = int(answered[1]), int(answered[2])
    # An error of gRPC is a success of HTTP, but it has no message.
    if succeeded != done or int(data[1]) < done * _ANSWER_BYTES_MIN:
        raise LoadError(output)
    return Driven(float(rate[1]), done)
