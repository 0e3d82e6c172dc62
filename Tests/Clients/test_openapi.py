"""The description of the API against the server: schemathesis makes calls out of it, valid and not, and every answer must be
one that is described."""

import collections

import hypothesis
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
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
# Of each operation, beside those that the tool makes for each border of each schema.
RANDOM_EXAMPLES = {GenerationMode.POSITIVE: 8, GenerationMode.NEGATIVE: 4}
SLOW_EXAMPLES = 3  # of calls that hash a password


def body_is_described(context, response, case):
    """The tool takes a body for described when the description names no content type at all."""
    statuses = case.operation.responses.status_codes
    if response.content and str(response.status_code) in statuses:
        types = case.operation.schema.get_content_types(case.operation, response)
        assert types, f"{response.status_code} has a body, {response.headers.get('content-type')}, and none is described"


CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    body_is_described,
]
SETTINGS = settings(
    phases=[Phase.explicit, Phase.generate],
    deadline=None,
    database=None,
    derandomize=False,
    suppress_health_check=list(HealthCheck),
)
# These take away what the others need: the name and the password of their caller.
LAST = ["/api/account/update"]


@pytest.fixture
def targets(own_server):
    return Targets(own_server)


@pytest.fixture
def operations(own_server):
    document = schemathesis.openapi.from_url(f"{own_server.url}/openapi.json")
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
                findings["never"] = f"No call went well: {dict(seen)}"
            if findings:
                pytest.fail("\n".join(findings.values()), pytrace=False)
    with capsys.disabled():
        counts = ", ".join(f"{status}: {count}" for status, count in sorted(statuses.items()))
        print(f"\nschemathesis {schemathesis.__version__}, seed {SEED}: {statuses.total()} calls, {counts}")


def call(operation, targets, session):
    """Calls an operation in all ways, whatever is found. Returns what was found, once each, and the statuses."""
    findings, statuses = {}, collections.Counter()
    schemes = [name for entry in operation.definition.raw.get("security", []) for name in entry]

    def try_case(case):
        targets.prepare(case, schemes)
        if is_slow(case):
            statuses["slow"] += 1
            if statuses["slow"] > SLOW_EXAMPLES:
                return
        answer = case.call(session=session, timeout=TIMEOUT)
        statuses[answer.status_code] += 1
        targets.after(answer)
        try:
            case.validate_response(answer, checks=CHECKS)
        except FailureGroup as group:
            kind = tuple(sorted({(failure.title, answer.status_code) for failure in group.exceptions}))
            findings.setdefault(kind, str(group))

    for case in border_cases(operation):
        try_case(case)
    seed = hypothesis.seed(derive_operation_seed(SEED, operation.label))
    for mode, count in RANDOM_EXAMPLES.items():
        strategy = operation.as_strategy(generation_mode=mode)
        try:
            seed(settings(SETTINGS, max_examples=count)(given(case=strategy)(try_case)))()
        except Unsatisfiable:
            assert mode == GenerationMode.NEGATIVE, "a call that no value can make"
    del statuses["slow"]
    return findings, statuses


def border_cases(operation):
    """What the tool makes of every border of every schema, each one kept and each one broken."""
    config = operation.schema.config.generation_for(operation=operation, phase=TestPhase.COVERAGE)
    return CoverageGenerator(
        operation=operation,
        generation_modes=config.modes,
        generation_config=config,
        auth_storage=None,
        override=Override(),
        feedback=NO_FEEDBACK,
    )


def is_slow(case):
    """Whether a password is hashed for this call."""
    if case.method not in ("GET", "POST") or not isinstance(case.body, dict) or not isinstance(case.body.get("password"), str):
        return False
    return case.path == "/api/account/update" or isinstance(case.body.get("username"), str)
