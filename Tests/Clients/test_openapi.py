"""The description of the API against the server: schemathesis makes calls out of it, fitting ones and others, and every
answer must be one that is described."""

import collections
import sys
from pathlib import Path

import hypothesis
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.configuration import set_hypothesis_home_dir
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.generation import GenerationMode, derive_operation_seed
from schemathesis.generation.drivers import CoverageGenerator
from schemathesis.generation.feedback import NO_FEEDBACK
from schemathesis.generation.meta import TestPhase
from schemathesis.generation.overrides import Override
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from openapi_targets import Targets
from project_client import TIMEOUT

SEED = 20260401
# Of each operation, beside what the tool makes of each border of each schema.
RANDOM_EXAMPLES = {GenerationMode.POSITIVE: 6, GenerationMode.NEGATIVE: 3}
SLOW_EXAMPLES = 3  # of calls that hash a password
SETTINGS = settings(
    phases=[Phase.generate],
    deadline=None,
    database=None,
    derandomize=False,
    suppress_health_check=list(HealthCheck),
)
# These take away what others need: the name and the password of their caller.
LAST = ["/api/account/update"]


def body_is_described(context, response, case):
    """For the tool, a body is as described when no content type is described at all."""
    if response.content and str(response.status_code) in case.operation.responses.status_codes:
        types = case.operation.schema.get_content_types(case.operation, response)
        assert types, f"{response.status_code} has a body, {response.headers['content-type']}, and none is described"


def members_are_described(context, response, case):
    """For the tool, an answer may have any members beside the described ones."""
    answer = case.operation.definition.raw["responses"].get(str(response.status_code), {})
    schema = answer.get("content", {}).get("application/json", {}).get("schema")
    if schema is not None:
        surplus = sorted(undescribed(response.json(), schema, case.operation.schema.raw_schema))
        assert not surplus, f"{response.status_code} has members that are not described: {surplus}"


def undescribed(value, schema, document, place=""):
    """The places of members that a schema does not name. Only an answer, and its `result`, must name what it has."""
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if isinstance(value, list):
        return {found for one in value for found in undescribed(one, schema.get("items", {}), document, place + "[]")}
    alternatives = [one for name in ("allOf", "anyOf", "oneOf") for one in schema.get(name, [])]
    if alternatives:
        return set.intersection(*(undescribed(value, one, document, place) for one in alternatives))
    properties = schema.get("properties", {})
    is_open = schema.get("additionalProperties") or not (properties or place in ("", ".result", "[]"))
    if not isinstance(value, dict) or is_open:
        return set()
    found = {f"{place}.{name}" for name in value if name not in properties}
    for name in properties.keys() & value.keys():
        found |= undescribed(value[name], properties[name], document, f"{place}.{name}")
    return found


CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    body_is_described,
    members_are_described,
]


@pytest.fixture
def targets(own_server):
    return Targets(own_server)


@pytest.fixture
def operations(own_server):
    set_hypothesis_home_dir(Path(sys.prefix, "hypothesis"))  # a cache, which goes when the packages go
    # Given as an object: the tool would not call the path that it got a description from.
    answer = requests.get(f"{own_server.url}/openapi.json", timeout=TIMEOUT)
    document = schemathesis.openapi.from_dict(answer.json())
    document.config.update(base_url=own_server.url)
    document.config.generation.update(with_security_parameters=False)
    document.config.output.sanitization.update(enabled=False)
    operations = [result.ok() for result in document.get_all_operations()]
    return sorted(operations, key=lambda operation: operation.path in LAST)


def test_every_answer_is_described(operations, targets, subtests, capsys):
    statuses = collections.Counter()
    session = requests.Session()
    for operation in operations:
        with subtests.test(operation.label):
            targets.begin(operation, SEED)
            findings, seen = call(operation, targets, session)
            statuses += seen
            if not any(status < 300 for status in seen):
                findings["depth"] = f"No call went well: {dict(seen)}"
            if findings:
                pytest.fail("\n".join(findings.values()), pytrace=False)
    with capsys.disabled():
        counts = ", ".join(f"{status}: {count}" for status, count in sorted(statuses.items()))
        print(f"\nschemathesis {schemathesis.__version__}, seed {SEED}: {statuses.total()} calls, {counts}")


def call(operation, targets, session):
    """Calls an operation in many ways, whatever is found. Returns that, each kind once, and the statuses."""
    findings, statuses = {}, collections.Counter()
    slow_calls = 0

    def try_case(case):
        nonlocal slow_calls
        targets.prepare(case)
        if is_slow(case):
            slow_calls += 1
            if slow_calls > SLOW_EXAMPLES:
                return
        do_not_wait(case)
        answer = case.call(session=session, timeout=TIMEOUT)
        statuses[answer.status_code] += 1
        targets.after(answer)
        try:
            case.validate_response(answer, checks=CHECKS)
        except FailureGroup as group:
            kind = (answer.status_code, *sorted(failure.title for failure in group.exceptions))
            findings.setdefault(kind, group.message)

    for case in border_cases(operation):
        try_case(case)
    seed = hypothesis.seed(derive_operation_seed(SEED, operation.label))
    for mode, count in RANDOM_EXAMPLES.items():
        strategy = operation.as_strategy(generation_mode=mode)
        try:
            seed(settings(SETTINGS, max_examples=count)(given(case=strategy)(try_case)))()
        except Unsatisfiable:
            assert mode == GenerationMode.NEGATIVE, "no values fit the description"
    return findings, statuses


def border_cases(operation):
    """What the tool makes of every border of every schema: each one kept, and each one broken."""
    config = operation.schema.config.generation_for(operation=operation, phase=TestPhase.COVERAGE)
    return CoverageGenerator(
        operation=operation,
        generation_modes=config.modes,
        generation_config=config,
        auth_storage=None,
        override=Override(),
        feedback=NO_FEEDBACK,
    )


def do_not_wait(case):
    """A call that asks to wait for changes is answered as described too, up to a minute later."""
    wait = case.body.get("wait") if isinstance(case.body, dict) else None
    if isinstance(wait, (int, float)) and wait > 0:
        case.body["wait"] = type(wait)(0.01)


def is_slow(case):
    """Whether a password is hashed for this call."""
    if case.method not in ("GET", "POST") or not isinstance(case.body, dict):
        return False
    if not isinstance(case.body.get("password"), str):
        return False
    return case.path == "/api/account/update" or isinstance(case.body.get("username"), str)
