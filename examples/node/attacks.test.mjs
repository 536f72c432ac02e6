// Attacks on a client, as tests of node:test: one test for each attack of a list.
//
// The client is whatever CLIENT starts, here openid-client in a small program (fixtures/clients/openid-client/attacked.mjs,
// beside the packages that it is installed with). The program `mock-idp` is the one that MOCK_IDP names, or the one on
// PATH; it plays the authorization server that lies.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'

const ATTACKS = [
  'rp-pkce-missing',
  'rp-state-mismatch',
  'rp-code-injection-pkce',
  'rp-idt-alg-none',
  'rp-idt-aud-wrong',
  'rp-idt-nonce-missing',
]
const { MOCK_IDP = 'mock-idp', CLIENT = 'node target/clients/node/openid-client/attacked.mjs' } = process.env

describe('attacks on the client', () => {
  let folder
  const outcomes = new Map()

  // All are run at once, since each of them starts the client several times.
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'attacks-'))
    const line = ['attack', 'client', '--command', CLIENT, '--only', ATTACKS.join()]
    line.push('--side-by-side', '2', '--report', folder)
    // It ends with something else than 0 if an attack is not stopped, which the tests below say more precisely.
    const complaint = await new Promise((resolve) => execFile(MOCK_IDP, line, (error, _, stderr) => resolve(error && stderr)))
    const text = await readFile(join(folder, 'report.json'), 'utf8').catch(() => assert.fail(complaint))
    for (const row of JSON.parse(text).sections.flatMap((section) => section.rows)) outcomes.set(row.id, row)
  })
  after(() => rm(folder, { recursive: true }))

  for (const id of ATTACKS) {
    it(`${id} is stopped`, () => {
      const { verdict, because, defence, citation } = outcomes.get(id)
      assert.equal(verdict, 'stopped', `${because}\n${defence} (${citation})`)
    })
  }
})
