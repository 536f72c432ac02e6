"""An application's login, tested at a server in a container that the tests start and remove.

The application is Authlib here. MOCK_IDP_IMAGE names the image; `cargo xtask container` makes `mock-idp:0.1.0`.
"""

import os
import secrets

import pytest
import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import LogMessageWaitStrategy

IMAGE = os.environ.get("MOCK_IDP_IMAGE", "mock-idp:0.1.0")
REDIRECT_URI = "http://127.0.0.1:9999/callback"


class MockIdp:
    """The server as the tests see it: its issuer for the application, and what they tell it."""

    def __init__(self, issuer, token):
        self.issuer = issuer
        self._control = requests.Session()
        self._control.headers["Authorization"] = f"Bearer {token}"

    def tell(self, call, body=None):
        """Makes a call of the control API: docs/CONTROL.md lists them."""
        answer = self._control.post(f"{self.issuer}/_control/{call}", json=body, timeout=10)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None


@pytest.fixture(scope="session")
def server():
    # Requests come from outside the container, so the control API wants a token.
    token = secrets.token_urlsafe()
    container = DockerContainer(IMAGE).with_exposed_ports(8080).with_env("MOCK_IDP_CONTROL_TOKEN", token)
    with container.waiting_for(LogMessageWaitStrategy("listening on ")) as running:
        yield MockIdp(f"http://{running.get_container_host_ip()}:{running.get_exposed_port(8080)}", token)


@pytest.fixture
def idp(server):
    """The server, as new."""
    server.tell("reset")
    return server


def log_in(issuer, spoil=str):
    """The application: a login with PKCE, and who it was. `spoil` changes the verifier on its way."""
    metadata = requests.get(f"{issuer}/.well-known/openid-configuration", timeout=10).json()
    client = OAuth2Session("public", scope="openid", redirect_uri=REDIRECT_URI, code_challenge_method="S256")
    verifier = secrets.token_urlsafe(48)
    url, client.state = client.create_authorization_url(metadata["authorization_endpoint"], code_verifier=verifier)
    # The user's browser. Nobody is asked anything, unless a test wants login pages.
    answer = requests.get(url, allow_redirects=False, timeout=10).headers["Location"]
    client.fetch_token(metadata["token_endpoint"], authorization_response=answer, code_verifier=spoil(verifier))
    return lambda: client.get(metadata["userinfo_endpoint"], timeout=10)


def test_somebody_logs_in(idp):
    assert log_in(idp.issuer)().json()["sub"] == "alice"


def test_the_next_to_log_in_is_bob(idp):
    idp.tell("tenants/_root/logins", {"user": "bob"})
    assert log_in(idp.issuer)().json()["sub"] == "bob"


def test_a_user_of_the_test_has_claims_of_their_own(idp):
    carol = {"sub": "carol", "claims": {"email": "carol@example.com"}}
    idp.tell("tenants/_root/play", {"users": [carol], "logins": [{"user": "carol"}]})
    assert log_in(idp.issuer)().json()["sub"] == "carol"


def test_an_access_token_does_not_live_for_ever(idp):
    who = log_in(idp.issuer)
    assert who().status_code == 200
    idp.tell("tenants/_root/clock", {"do": "advance", "seconds": 86400})
    assert who().status_code == 401


def test_what_the_server_answers_badly_is_an_error_of_the_application(idp):
    fault = {"at": "token_response", "when": {"times": 1}, "edit": [{"do": "error", "error": "server_error"}]}
    idp.tell("tenants/_root/faults", fault)
    with pytest.raises(OAuthError, match="server_error"):
        log_in(idp.issuer)


def test_another_verifier_is_refused(idp):
    with pytest.raises(OAuthError, match="invalid_grant"):
        log_in(idp.issuer, spoil=lambda verifier: verifier[::-1])
    refused = {"path": "/token", "rule": "rfc7636-verifier-wrong"}
    idp.tell("tenants/_root/journal/expect", {"of": [refused], "at_most": 1})
