// An application's login, tested at a server in a container that the tests start and remove.
//
// The application is openid-client here. MOCK_IDP_IMAGE names the image; `cargo xtask container` makes `mock-idp:0.1.0`.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, beforeEach, describe, it } from 'node:test'
import * as client from 'openid-client'
import { GenericContainer, Wait } from 'testcontainers'

const { MOCK_IDP_IMAGE = 'mock-idp:0.1.0' } = process.env
const REDIRECT_URI = 'http://127.0.0.1:9999/callback'
// Requests come from outside the container, so the control API wants a token.
const TOKEN = randomUUID()

/** The application: a login with PKCE. `spoil` changes the verifier on its way. */
async function logIn(issuer, spoil = (verifier) => verifier) {
  const options = { execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks] }
  const config = await client.discovery(new URL(issuer), 'public', {}, client.None(), options)
  const [verifier, expectedState, expectedNonce] = [client.randomPKCECodeVerifier(), client.randomState(), client.randomNonce()]
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: REDIRECT_URI,
    scope: 'openid',
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state: expectedState,
    nonce: expectedNonce,
  })
  // The user's browser. Nobody is asked anything, unless a test wants login pages.
  const answer = new URL((await fetch(url, { redirect: 'manual' })).headers.get('location'))
  const checks = { pkceCodeVerifier: spoil(verifier), expectedState, expectedNonce, idTokenExpected: true }
  const tokens = await client.authorizationCodeGrant(config, answer, checks)
  const { sub } = tokens.claims()
  return { sub, userInfo: () => client.fetchUserInfo(config, tokens.access_token, sub) }
}

describe('login', () => {
  let container
  let issuer

  /** Makes a call of the control API: docs/CONTROL.md lists them. */
  async function tell(call, body) {
    const headers = { authorization: `Bearer ${TOKEN}` }
    if (body) headers['content-type'] = 'application/json'
    const answer = await fetch(`${issuer}/_control/${call}`, { method: 'POST', headers, body: JSON.stringify(body) })
    assert.ok(answer.ok, await answer.clone().text())
  }

  before(async () => {
    container = await new GenericContainer(MOCK_IDP_IMAGE)
      .withExposedPorts(8080)
      .withEnvironment({ MOCK_IDP_CONTROL_TOKEN: TOKEN })
      .withWaitStrategy(Wait.forLogMessage('listening on '))
      .start()
    issuer = `http://${container.getHost()}:${container.getMappedPort(8080)}`
  })
  after(() => container?.stop())
  beforeEach(() => tell('reset'))

  it('lets somebody in', async () => {
    assert.equal((await logIn(issuer)).sub, 'alice')
  })

  it('lets bob in next', async () => {
    await tell('tenants/_root/logins', { user: 'bob' })
    assert.equal((await logIn(issuer)).sub, 'bob')
  })

  it('lets a user of the test in, with claims of their own', async () => {
    const carol = { sub: 'carol', claims: { name: 'Carol' } }
    await tell('tenants/_root/play', { users: [carol], logins: [{ user: 'carol' }] })
    assert.equal((await logIn(issuer)).sub, 'carol')
  })

  it('does not last for ever', async () => {
    const { userInfo } = await logIn(issuer)
    await userInfo()
    await tell('tenants/_root/clock', { do: 'advance', seconds: 86400 })
    await assert.rejects(userInfo())
  })

  it('does not believe an ID token of another issuer', async () => {
    await tell('tenants/_root/faults', { named: 'invalid-iss', when: { times: 1 } })
    await assert.rejects(logIn(issuer), { code: 'OAUTH_JWT_CLAIM_COMPARISON_FAILED' })
  })

  it('is refused with another verifier', async () => {
    const reversed = (verifier) => [...verifier].reverse().join('')
    await assert.rejects(logIn(issuer, reversed), { error: 'invalid_grant' })
    const refused = { path: '/token', rule: 'rfc7636-verifier-wrong' }
    await tell('tenants/_root/journal/expect', { of: [refused], at_most: 1 })
  })
})
