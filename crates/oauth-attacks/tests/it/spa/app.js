// A single-page application that logs people in: RFC 7636, RFC 9207, OpenID Connect Core. `config.off` names the one
// check that it leaves out.
"use strict";

const octets = text => new TextEncoder().encode(text);
const read = text => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), c => c.charCodeAt(0));
const written = bytes =>
  btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const fresh = () => written(crypto.getRandomValues(new Uint8Array(32)));

const require = (check, holds) => {
  if (!holds && config.off !== check) throw new Error(check);
};

const document_at = async (url, options) => {
  const answer = await fetch(url, options);
  if (!answer.ok) throw new Error(`${answer.status} from the server`);
  return answer.json();
};

const discovered = async () => {
  const server = await document_at(`${config.issuer}/.well-known/openid-configuration`);
  require("metadata", server.issuer === config.issuer);
  return server;
};

const login = async () => {
  const server = await discovered();
  const flow = { state: fresh(), nonce: fresh(), verifier: fresh() };
  sessionStorage.setItem("flow", JSON.stringify(flow));
  location.assign(`${server.authorization_endpoint}?${new URLSearchParams({
    response_type: "code",
    client_id: config.client_id,
    redirect_uri: config.redirect_uri,
    scope: "openid",
    state: flow.state,
    nonce: flow.nonce,
    code_challenge: written(await crypto.subtle.digest("SHA-256", octets(flow.verifier))),
    code_challenge_method: "S256",
  })}`);
};

const algorithms = {
  RS256: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
  ES256: { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" },
};

const claims_of = async (token, server, nonce) => {
  const [head, body, signature] = token.split(".");
  const [header, claims] = [head, body].map(part => JSON.parse(new TextDecoder().decode(read(part))));
  const algorithm = algorithms[header.alg];
  if (!algorithm) throw new Error("algorithm");
  const { keys } = await document_at(server.jwks_uri);
  const key = keys.find(key => key.kid === header.kid);
  if (!key) throw new Error("key");
  const usable = await crypto.subtle.importKey("jwk", key, algorithm, false, ["verify"]);
  require("signature", await crypto.subtle.verify(algorithm, usable, read(signature), octets(`${head}.${body}`)));
  require("issuer", claims.iss === config.issuer);
  require("audience", [claims.aud].flat().join() === config.client_id);
  require("expiry", claims.exp > Date.now() / 1000);
  require("nonce", claims.nonce === nonce);
  return claims;
};

const callback = async () => {
  const came = new URLSearchParams(location.search);
  const flow = JSON.parse(sessionStorage.getItem("flow") ?? "null");
  sessionStorage.removeItem("flow");
  history.replaceState(null, "", "/");
  require("flow", flow !== null);
  require("state", came.get("state") === flow?.state);
  const server = await discovered();
  require("iss", came.get("iss") === config.issuer);
  if (came.has("error") || !came.has("code")) throw new Error("no code");
  const tokens = await document_at(server.token_endpoint, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "authorization_code",
      code: came.get("code"),
      redirect_uri: config.redirect_uri,
      client_id: config.client_id,
      code_verifier: flow?.verifier,
    }),
  });
  const claims = await claims_of(tokens.id_token, server, flow?.nonce);
  document.cookie = `who=${claims.sub}; path=/; samesite=strict`;
  document.getElementById("who").textContent = `Hello ${claims.sub}`;
};

const pages = { "/login": login, "/callback": callback };
pages[location.pathname]?.().catch(error => {
  document.getElementById("who").textContent = `Not logged in: ${error.message}`;
  // A script's window must not keep anybody from going on.
  alert(error.message);
});
