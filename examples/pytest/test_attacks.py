"""Attacks on a client, as tests of pytest: one test for each attack of a list.

The client is whatever CLIENT starts, here Authlib in a small program (fixtures/clients/authlib/attacked.py). The program
`mock-idp` is the one that MOCK_IDP names, or the one on PATH; it plays the authorization server that lies.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ATTACKS = [
    "rp-pkce-missing",
    "rp-state-mismatch",
    "rp-code-injection-pkce",
    "rp-idt-alg-none",
    "rp-idt-aud-wrong",
    "rp-idt-nonce-missing",
]
ROOT = Path(__file__).resolve().parent.parent.parent
CLIENT = os.environ.get("CLIENT", f"'{sys.executable}' -B '{ROOT}/fixtures/clients/authlib/attacked.py'")


@pytest.fixture(scope="session")
def outcomes(tmp_path_factory):
    """What each attack came to, by its id. All are run at once, since each of them starts the client several times."""
    folder = tmp_path_factory.mktemp("attacks")
    line = [os.environ.get("MOCK_IDP", "mock-idp"), "attack", "client", "--command", CLIENT]
    line += ["--only", ",".join(ATTACKS), "--side-by-side", "2", "--report", str(folder)]
    # It ends with something else than 0 if an attack is not stopped, which the tests below say more precisely.
    run = subprocess.run(line, capture_output=True, text=True)
    report = folder / "report.json"
    assert report.exists(), run.stderr
    rows = [row for section in json.loads(report.read_text())["sections"] for row in section["rows"]]
    return {row["id"]: row for row in rows}


@pytest.mark.parametrize("attack", ATTACKS)
def test_is_stopped(outcomes, attack):
    outcome = outcomes[attack]
    assert outcome["verdict"] == "stopped", f"{outcome['because']}\n{outcome['defence']} ({outcome['citation']})"
