"""What reading a record costs, beside what its peers cost, in one run: `python -m tests.bench.records`.

Cold: a fresh process that imports, decorates a handler and reads one 2 KB failure record, net of a bare process. Warm:
the same record in one process, as multiples of `json.loads`. Worst case: an array of half a million elements, each of
them refused, as multiples likewise. Memory: the peak of a 64 KB record. Every number is the median of interleaved
rounds; the peers come with the dependency group `bench`, and one that is missing counts as a missed limit (exit 1)
unless BENCH_WITHOUT_PEERS=1 says that it may be.
"""

from __future__ import annotations

import gc
import importlib.util
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Mapping
from pathlib import Path

from fc_async import RecordError, iter_records, parse_record, parse_records
from tests.roads import ARN, record, to_base64, topic_json

REPO = Path(__file__).parents[2]
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "25"))
LOOPS = 2000
COLD_LIMIT = 0.25
WARM_LIMITS = {"plain": 2.5, "base64": 4.5, "topic JSON": 4.0}
MEMORY_LIMIT = 1.25
WORST_ELEMENTS = 500_000
WORST_ROUNDS = 3
WORST_LIMITS = {"parse_record": 12, "parse_records": 12, "iter_records": 25}
WORST = {"NaN in an object": b'{"n": NaN}', "a lone surrogate": b'"\\ud800"', "21 digits": b'{"n": %s}' % (b"1" * 21)}
"""Elements of an array that are refused, each of them as short as it can be."""

TRACE = {
    "errorMessage": "My unhandled exception " * 6,
    "errorType": "MyError",
    "stackTrace": [
        ['File "/code/orders/index.py"', f"line {line}", f"in step_{line}", f"return step_{line + 1}(order, context)"]
        for line in range(8)
    ],
}


def failure(size_bytes: int, emoji: str = "") -> bytes:
    """A failure's record of about this size, its request payload filled up."""
    error = json.dumps(TRACE, indent=4)
    room = size_bytes - len(json.dumps(record(requestPayload="", responsePayload=error)))
    payload = json.dumps({"order": "x" * (room - 20)}) + emoji
    return json.dumps(record(requestPayload=payload, responsePayload=error), ensure_ascii=False).encode()


COLD = {
    "bare Python": "",
    "fc_async": """
        from fc_async import destination_handler
        @destination_handler
        def handler(record, context):
            return record.error.type
        assert handler(RAW, None) == "MyError"
    """,
    "pydantic, plain models": """
        import pydantic
        class RequestContext(pydantic.BaseModel):
            requestId: str
            functionArn: str
            condition: str | None = None
            approximateInvokeCount: int | None = None
        class ResponseContext(pydantic.BaseModel):
            statusCode: int | None = None
            functionError: str | None = None
        class Record(pydantic.BaseModel):
            timestamp: int | str | None = None
            requestContext: RequestContext
            requestPayload: str | None = None
            responseContext: ResponseContext | None = None
            responsePayload: str | None = None
        assert Record.model_validate_json(RAW).requestContext.condition
    """,
    "Powertools, parser": """
        from aws_lambda_powertools.utilities.parser import BaseModel, event_parser
        class RequestContext(BaseModel):
            requestId: str
            functionArn: str
            condition: str | None = None
            approximateInvokeCount: int | None = None
        class ResponseContext(BaseModel):
            statusCode: int | None = None
            functionError: str | None = None
        class Record(BaseModel):
            timestamp: int | str | None = None
            requestContext: RequestContext
            requestPayload: str | None = None
            responseContext: ResponseContext | None = None
            responsePayload: str | None = None
        @event_parser(model=Record)
        def handler(event, context):
            return event.requestContext.condition
        assert handler(RAW.decode(), None)
    """,
    "Powertools, data classes": """
        import json
        from aws_lambda_powertools.utilities.data_classes import SQSEvent, event_source
        @event_source(data_class=SQSEvent)
        def handler(event, context):
            return [message.json_body["requestContext"]["condition"] for message in event.records]
        assert handler({"Records": [{"body": RAW.decode()}]}, None)
    """,
    "CloudEvents SDK": """
        from cloudevents.core.bindings.http import HTTPMessage, from_structured_event
        from cloudevents.core.formats.json import JSONFormat
        event = {"id": "1", "source": "s", "specversion": "1.0", "type": "t", "datacontenttype": "application/json"}
        import json
        body = json.dumps({**event, "data": json.loads(RAW)}).encode()
        assert JSONFormat().read(None, body).get_data()["requestContext"]["condition"]
    """,
}
NEEDS = {"pydantic": "pydantic", "Powertools": "aws_lambda_powertools", "CloudEvents": "cloudevents"}


def main() -> int:
    """Print the tables; exit 1 when a bar is missed."""
    print(f"{platform.python_implementation()} {platform.python_version()}, {os.cpu_count()} cores, {ROUNDS} rounds\n")
    missed = [*missing_peers(os.environ, _is_there), *cold(), *warm(), *worst(), *memory()]
    for line in missed:
        print(f"MISSED: {line}")
    return 1 if missed else 0


def missing_peers(environment: Mapping[str, str], is_there: Callable[[str], bool]) -> list[str]:
    """Name the peers that are not installed: beside nobody, being faster means nothing."""
    if environment.get("BENCH_WITHOUT_PEERS") == "1":
        return []
    return [f"{name} is not installed (dependency group bench)" for name in COLD if not is_there(name)]


def cold() -> list[str]:
    """Fresh processes, one of each kind per round."""
    with tempfile.TemporaryDirectory() as folder:
        programs = {name: _program(Path(folder), name, code) for name, code in COLD.items() if _is_there(name)}
        for program in programs.values():
            _run(program)  # writes the bytecode
        rounds: dict[str, list[float]] = {name: [] for name in programs}
        for _ in range(ROUNDS):
            for name, program in programs.items():
                rounds[name].append(_run(program))
    medians = {name: statistics.median(times) for name, times in rounds.items()}
    net = {name: median - medians["bare Python"] for name, median in medians.items()}
    print("| cold start, 2 KB record | ms, net of bare Python |\n|---|---|")
    print(*[f"| {name} | {time_ms:.1f} |" for name, time_ms in net.items() if name != "bare Python"], sep="\n")
    print()
    return _cold_misses(net)


def _cold_misses(net: dict[str, float]) -> list[str]:
    ours = net["fc_async"]
    missed = [f"slower than {name}" for name, other in net.items() if name.startswith("Powertools") and ours >= other]
    if (pydantic := net.get("pydantic, plain models")) and ours > COLD_LIMIT * pydantic:
        missed.append(f"cold start is {ours / pydantic:.2f} of pydantic, the limit is {COLD_LIMIT}")
    return missed


def _is_there(name: str) -> bool:
    package = NEEDS.get(name.partition(",")[0].partition(" ")[0])
    return package is None or importlib.util.find_spec(package) is not None


def _program(folder: Path, name: str, code: str) -> Path:
    # As a file, not -c: only then is the library's import compiled once and the program's own text tiny.
    lines = [line[8:] for line in code.splitlines()]
    path = folder / f"{''.join(char for char in name if char.isalpha())}.py"
    path.write_text("\n".join([f"import sys; sys.path.insert(0, {str(REPO)!r})", f"RAW = {failure(2048)!r}", *lines]))
    return path


def _run(program: Path) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-I", str(program)], check=True)
    return (time.perf_counter() - start) * 1000


def warm() -> list[str]:
    """One process, many calls: multiples of what `json.loads` takes for the same bytes."""
    raw = failure(2048)
    text = raw.decode()
    topic = topic_json(text).encode()
    forms = {"plain": (raw, raw), "base64": (to_base64(text).encode(), raw), "topic JSON": (topic, topic)}
    missed = []
    print("| warm, 2 KB record | µs | json.loads, µs | multiple | limit |\n|---|---|---|---|---|")
    for name, (source, measure) in forms.items():
        ours, base = _interleaved(lambda: parse_record(source), lambda: json.loads(measure))  # noqa: B023 - called here
        times, limit = ours / base, WARM_LIMITS[name]
        print(f"| {name} | {ours:.1f} | {base:.1f} | {times:.2f} | {limit} |")
        if times > limit:
            missed.append(f"{name} takes {times:.2f} times json.loads, the limit is {limit}")
    print()
    return missed


def worst() -> list[str]:
    """Arrays of refused elements: what a stranger can cost us, as multiples of `json.loads` for the same bytes."""
    missed = []
    print(f"| {WORST_ELEMENTS:,} refused elements | call | ms | json.loads, ms | multiple | limit |")
    print("|---|---|---|---|---|---|")
    for kind, element in WORST.items():
        raw = b"[" + b",".join([element] * WORST_ELEMENTS) + b"]"
        for name, read in READERS.items():
            ours, base = _interleaved(lambda: read(raw), lambda: json.loads(raw), rounds=WORST_ROUNDS, loops=1)  # noqa: B023
            times, limit = ours / base, WORST_LIMITS[name]
            print(f"| {kind} | {name} | {ours / 1000:.0f} | {base / 1000:.0f} | {times:.2f} | {limit} |")
            if times > limit:
                missed.append(f"{name} takes {times:.2f} times json.loads for {kind}, the limit is {limit}")
    print()
    return missed


def _refuses(call: Callable[[bytes], object]) -> Callable[[bytes], None]:
    def read(raw: bytes) -> None:
        try:
            call(raw)
        except RecordError:
            return
        raise AssertionError("expected the array to be refused")

    return read


def _drained(raw: bytes) -> None:
    assert sum(1 for one in iter_records(raw) if isinstance(one, RecordError)) == WORST_ELEMENTS


READERS = {"parse_record": _refuses(parse_record), "parse_records": _refuses(parse_records), "iter_records": _drained}


def _interleaved(*calls: Callable[[], object], rounds: int = ROUNDS, loops: int = LOOPS) -> list[float]:
    taken: list[list[float]] = [[] for _ in calls]
    for _ in range(rounds):
        for times, call in zip(taken, calls, strict=True):
            start = time.perf_counter()
            for _ in range(loops):
                call()
            times.append((time.perf_counter() - start) / loops * 1e6)
    return [statistics.median(times) for times in taken]


def memory() -> list[str]:
    """Peaks of one call; limit: 1.25 times the peak of `json.loads`, plus twice the input."""
    missed = []
    print("| peak memory, 64 KB record | bytes | json.loads, bytes | limit |\n|---|---|---|---|")
    for name, emoji in (("ASCII", ""), ("with an emoji", "\N{GRINNING FACE}")):
        raw = failure(65536, emoji)
        ours, base = _peak(lambda: parse_record(raw)), _peak(lambda: json.loads(raw))  # noqa: B023 - called here
        limit = int(MEMORY_LIMIT * base + 2 * len(raw))
        print(f"| {name} | {ours} | {base} | {limit} |")
        if ours > limit:
            missed.append(f"a 64 KB record ({name}) peaks at {ours} bytes, the limit is {limit}")
    print()
    return missed


def _peak(call: Callable[[], object]) -> int:
    call()
    peaks = []
    for _ in range(15):
        gc.collect()
        tracemalloc.start()
        call()
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    return int(statistics.median(peaks))


if __name__ == "__main__":
    assert ARN in failure(2048).decode()
    sys.exit(main())
