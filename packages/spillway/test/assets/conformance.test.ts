import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
// @ts-expect-error a script, so that it runs against any server without a build
import { conform } from '../../../../test/conformance/run.mjs'
import { parseConfig } from '../../src/index.js'
import { type RunningServer, startServer } from '../../src/serve/start-server.js'

const TOKEN = 'token-of-the-recipient'
const folder = mkdtempSync(join(tmpdir(), 'spillway-conform-'))
let server: RunningServer
beforeAll(async () => {
  for (const name of [
    'docs/a.txt',
    'docs/b/é ü%20.txt',
    'docs/b/😀',
    'docs/~.txt',
    'm/1/w',
    'm/2/w',
  ]) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), name)
  }
  mkdirSync(join(folder, 'empty'))
  for (const name of ['forms', 'open', 'more']) {
    mkdirSync(join(folder, name))
    const text = `---\nname: ${name}\ndescription: Fills forms\n---\n`
    writeFileSync(join(folder, name, 'SKILL.md'), text)
  }
  writeFileSync(join(folder, 'more/run.py'), '1')
  writeFileSync(
    join(folder, 'forms/SKILL.md'),
    '---\nname: forms\ndescription: Fills forms\nlicense: MIT\ncompatibility: Any\nallowed-tools: Read Write\nmetadata:\n  version: "1"\n---\n',
  )
  const hash = createHash('sha256').update(TOKEN).digest('hex')
  const text = `
server: { port: 0 }
state: { location: state }
shares:
  - name: Lake
    schemas:
      - name: Kb
        volumes: [{ name: Docs, location: docs, digests: true }, { name: empty, location: empty }]
        models:
          - name: Churn
            versions:
              - { version: 1, location: m/1, comment: The first, source: 'runs:/1', runId: r1 }
              - { version: 2, location: m/2, aliases: [Champion, latest-good] }
              - { version: 3, location: m/2, status: PENDING_REGISTRATION }
        skills: [{ name: forms, location: forms }, { name: more, location: more }, { name: open, location: open, public: true }]
      - { name: other, volumes: [{ name: Docs, location: docs/b }] }
  - { name: bare }
recipients: [{ name: r, shares: ['*'], tokens: [{ sha256: ${hash} }] }]`
  server = await startServer(parseConfig(text, { folder, path: 'spillway.yaml' }))
})
afterAll(async () => {
  await server.close()
  rmSync(folder, { recursive: true, force: true })
})

it('passes every black-box check of assets that applies', async () => {
  const failed: unknown[] = []
  const passed = new Set<string>()
  const seen = new Set<string>()
  for await (const outcome of conform({ endpoint: server.endpoint, token: TOKEN })) {
    const { id, title, status } = outcome as { id: string; title: string; status: string }
    seen.add(`${id} ${title}`)
    if (status === 'pass') passed.add(`${id} ${title}`)
    if (status === 'fail') failed.push(outcome)
  }
  expect(failed).toEqual([])
  // Credentials have tests against S3.
  const never = [...seen].filter(title => !passed.has(title))
  expect(never.filter(title => !/credentials|^7 a page token of one list/.test(title))).toEqual([])
})
