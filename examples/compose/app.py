"""A small web application with a login: the code flow with PKCE, in the standard library alone.

Yours has a library for this. The metadata comes by the address that containers use; what is in it tells the browser's
addresses from those for the application, and the issuer is compared with what was configured.
"""

import base64
import hashlib
import json
import os
import secrets
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote, urlencode, urlsplit
from urllib.request import Request, urlopen

ISSUER, CLIENT_ID = os.environ["ISSUER"], os.environ["CLIENT_ID"]
REDIRECT_URI = "http://localhost:3000/callback"
# The logins that have begun: what has to come back, by the browser's cookie.
BEGUN = {}


def ask(url, form=None, authorization=None):
    """The JSON that is answered to a GET, or to a POST of a form."""
    request = Request(url, data=urlencode(form).encode() if form else None)
    if authorization:
        request.add_header("Authorization", authorization)
    with urlopen(request, timeout=10) as answer:
        return json.load(answer)


METADATA = ask(os.environ["DISCOVERY"])
assert METADATA["issuer"] == ISSUER, f"the server calls itself {METADATA['issuer']}, not {ISSUER}"


def credentials():
    """HTTP Basic (RFC 6749 section 2.3.1)."""
    pair = f"{quote(CLIENT_ID, '')}:{quote(os.environ['CLIENT_SECRET'], '')}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


def begin():
    """Where the browser has to go, and the cookie that it comes back with."""
    browser, state, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    BEGUN[browser] = state, verifier
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    parameters = {"response_type": "code", "client_id": CLIENT_ID, "redirect_uri": REDIRECT_URI, "scope": "openid email"}
    parameters |= {"state": state, "code_challenge": challenge, "code_challenge_method": "S256"}
    return f"{METADATA['authorization_endpoint']}?{urlencode(parameters)}", browser


def finish(query, browser):
    """Who it is that came back."""
    answer = {name: values[0] for name, values in parse_qs(query).items()}
    state, verifier = BEGUN.pop(browser, (None, None))
    if state is None or answer.get("state") != state or answer.get("iss") != ISSUER or "code" not in answer:
        return None
    form = {"grant_type": "authorization_code", "code": answer["code"], "redirect_uri": REDIRECT_URI}
    tokens = ask(METADATA["token_endpoint"], form | {"code_verifier": verifier}, credentials())
    return ask(METADATA["userinfo_endpoint"], authorization=f"Bearer {tokens['access_token']}")


class Application(BaseHTTPRequestHandler):
    """`/` sends the browser to the server, which sends it back to `/callback`."""

    def do_GET(self):
        path, query = urlsplit(self.path).path, urlsplit(self.path).query
        if path == "/":
            location, browser = begin()
            self.send_response(302)
            self.send_header("Location", location)
            self.send_header("Set-Cookie", f"browser={browser}; HttpOnly; SameSite=Lax")
            self.end_headers()
        elif path == "/callback":
            cookie = SimpleCookie(self.headers.get("Cookie", "")).get("browser")
            who = finish(query, cookie and cookie.value)
            self.say(200, f"Hello {who['sub']}, {who['email']}\n") if who else self.say(400, "No login has begun here\n")
        else:
            self.say(404, "There is nothing here\n")

    def say(self, status, text):
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.end_headers()
        self.wfile.write(text.encode())


ThreadingHTTPServer(("0.0.0.0", 3000), Application).serve_forever()
