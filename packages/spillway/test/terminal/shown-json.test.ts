import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseJson } from '@spillway/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { shownJson } from '../../src/terminal/shown-json.js'
import { run } from '../support/terminal.js'

/** What moves a cursor, colours a line or turns its direction. */
const EVIL = 'a\u001b]0;owned\u0007\u009b31m\u202etxt.exe\u2066\u2028\u007f\ufeff'
const ACTIVE = /[^\P{Cc}\n]|[\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/u

it('JSON escapes what acts on terminals, and nothing else: it parses to what it was made of', () => {
  const value = { [EVIL]: [EVIL, '\\u202e', 'é漢👩‍👩‍👧', 12345678901234567890n] }
  const text = shownJson(value)
  expect(text).not.toMatch(ACTIVE)
  expect(text).toContain('\\u009b31m\\u202etxt')
  expect(text).toContain('"é漢👩‍👩‍👧",12345678901234567890]')
  expect(parseJson(text)).toEqual(value)
})

describe('--json, of a server that names things so', () => {
  let server: Server
  const folder = mkdtempSync(join(tmpdir(), 'spillway-shown-'))
  const profile = join(folder, 'p.share')
  beforeAll(async () => {
    server = createServer((request, response) => {
      const list = (items: unknown) => response.end(JSON.stringify({ items, snapshotId: 's' }))
      const { pathname } = new URL(request.url!, 'http://h')
      if (pathname === '/shares') return list([{ name: 'lake' }])
      if (pathname === '/shares/lake/all-volumes')
        return list([{ share: 'lake', schema: 'kb', name: EVIL, storageLocation: '' }])
      if (pathname.startsWith('/shares/lake/all-')) return list([])
      if (pathname.endsWith('/volumes/docs'))
        return response.end(
          JSON.stringify({ share: 'lake', schema: 'kb', name: 'docs', storageLocation: EVIL }),
        )
      if (pathname.endsWith('/files')) return list([{ path: '.spillway/\u202eexe.txt', size: 1 }])
      response.writeHead(404).end(JSON.stringify({ errorCode: 'X', message: EVIL }))
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    writeFileSync(
      profile,
      JSON.stringify({ shareCredentialsVersion: 1, endpoint, bearerToken: 't' }),
    )
  })
  afterAll(() => {
    server.close()
    rmSync(folder, { recursive: true, force: true })
  })

  it.each([
    [['ls', profile, '--json'], '\\u202etxt'],
    [
      ['download', `${profile}#lake.kb.docs`, '--to', join(folder, 'to'), '--json'],
      '.spillway/\\u202eexe.txt',
    ],
    [['describe', `${profile}#lake.kb.docs`, '--json'], '\\u202eexe.txt'],
    [['describe', `${profile}#lake.kb.other`, '--json'], ''],
  ])('%j prints nothing that acts on a terminal', async (words, told) => {
    const { stdout, stderr } = await run(words)
    expect(stdout + stderr).not.toMatch(ACTIVE)
    expect(stdout + stderr).toContain(told)
  })
})
