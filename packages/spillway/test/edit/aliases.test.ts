import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { quickOr } from '@spillway/testkit'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { parse } from 'yaml'
import { dropFrom } from '../../src/edit/dropped.js'
import { type Edit, editConfig } from '../../src/edit/edit-config.js'
import { addModelVersion, moveAliases } from '../../src/edit/model-versions.js'
import {
  addGrants,
  addRecipient,
  addToken,
  dropGrants,
  dropTokens,
  endTokens,
} from '../../src/edit/recipients.js'
import { addShared } from '../../src/edit/shares.js'
import { run } from '../support/terminal.js'

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spillway-aliases-'))
  path = join(folder, 'spillway.yaml')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const text = () => readFileSync(path, 'utf8')
const hashA = 'a'.repeat(64)
const hashB = 'b'.repeat(64)

const GRANTS = `shares:
  - name: lake
  - name: secret
recipients:
  - name: a
    shares: &granted [lake]   # both have these
    tokens: []
  - name: b
    shares: *granted   # as a
    tokens: []
`

/** The recipients of the file, as they are when each alias was written out. */
function grants(): unknown {
  const { recipients } = parse(text()) as {
    readonly recipients: readonly { readonly name: string; readonly shares?: unknown }[]
  }
  return Object.fromEntries(recipients.map(({ name, shares }) => [name, shares]))
}

describe('a grant that two recipients share by an alias', () => {
  it.each([
    [
      'adding to who has the anchor',
      ['add', 'a', 'secret'],
      { a: ['lake', 'secret'], b: ['lake'] },
    ],
    ['adding to who has the alias', ['add', 'b', 'secret'], { a: ['lake'], b: ['lake', 'secret'] }],
    ['taking from who has the anchor', ['remove', 'a', 'lake'], { a: [], b: ['lake'] }],
    ['taking from who has the alias', ['remove', 'b', 'lake'], { a: ['lake'], b: [] }],
  ])('is one recipient’s to %s', async (_, [verb, ...names], expected) => {
    writeFileSync(path, GRANTS)
    const { status } = await run(['grant', verb!, ...names, '--config', path])
    expect(status).toBe(0)
    expect(grants()).toEqual(expected)
  })

  it('stays shared where nothing of it is edited', async () => {
    writeFileSync(path, GRANTS)
    await run(['recipient', 'add', 'c', '--config', path])
    expect(text()).toBe(`${GRANTS}  - name: c\n    shares: []\n    tokens: []\n`)
  })

  it('stays with the others where who has the anchor is removed', async () => {
    writeFileSync(path, GRANTS)
    const { status } = await run(['revoke', '--recipient', 'a', '--config', path])
    expect(status).toBe(0)
    expect(grants()).toEqual({ b: ['lake'] })
  })
})

describe('an anchor of the same name twice', () => {
  it('is the nearest before its alias, also after a copy that holds one', async () => {
    writeFileSync(
      path,
      `shares: [{ name: one }, { name: two }, { name: three }]
recipients:
  - &first { name: a, shares: &s [one], tokens: &none [] }
  - { name: b, shares: &s [two], tokens: *none }
  - { name: c, shares: *s }
`,
    )
    await run(['grant', 'add', 'b', 'three', '--config', path])
    expect(grants()).toEqual({ a: ['one'], b: ['two', 'three'], c: ['two'] })
  })
})

describe('merge keys', () => {
  it('give each who has them a copy', async () => {
    writeFileSync(
      path,
      `%YAML 1.1
---
shares: [{ name: lake }, { name: secret }]
recipients:
  - &base { name: a, shares: [lake], tokens: [{ sha256: ${hashA}, expiresAt: '2030-01-01T00:00:00Z' }] }
  - <<: *base
    name: b
    tokens: []
`,
    )
    const { status } = await run(['grant', 'add', 'b', 'secret', '--config', path])
    expect(status).toBe(0)
    expect(grants()).toEqual({ a: ['lake'], b: ['lake', 'secret'] })
  })
})

type Named = readonly [name: string, edit: Edit<unknown>]

const always = (work: (document: Parameters<Edit<unknown>>[0]) => unknown): Edit<unknown> => {
  return document => {
    work(document)
    return { result: undefined, changed: true }
  }
}

const MODEL = (share: string) => ({ share, schema: 's', name: 'm' })

const EDITS: readonly Named[] = [
  ...['a', 'b'].flatMap((name): readonly Named[] => [
    [`grant ${name}`, always(each => addGrants(each, name, ['secret']))],
    [`ungrant ${name}`, always(each => dropGrants(each, name, ['lake']))],
    [`token ${name}`, always(each => addToken(each, name, { sha256: 'c'.repeat(64) }))],
    [`untoken ${name}`, always(each => dropTokens(each, name, [hashA]))],
    [
      `end ${name}`,
      always(each => endTokens(each, name, new Map([[hashA, '2031-01-01T00:00:00Z']]))),
    ],
    [`drop ${name}`, always(each => dropFrom(each, { kind: 'recipient', name, names: [name] }))],
  ]),
  ...['lake', 'secret'].flatMap((share): readonly Named[] => [
    [
      `table ${share}`,
      always(each =>
        addShared(each, { kind: 'table', share, schema: 's' }, { name: 'n', location: '/n' }),
      ),
    ],
    [
      `untable ${share}`,
      always(each =>
        dropFrom(each, { kind: 'table', name: `${share}.s.t`, names: [share, 's', 't'] }),
      ),
    ],
    [
      `version ${share}`,
      always(each =>
        addModelVersion(each, MODEL(share), {
          version: { version: 3, location: '/m3', aliases: ['best'] },
        }),
      ),
    ],
    [
      `alias ${share}`,
      always(each => moveAliases(each, MODEL(share), { version: 2, aliases: ['BEST'] })),
    ],
    [
      `unversion ${share}`,
      always(each =>
        dropFrom(each, {
          ...{ kind: 'model version', name: `${share}.s.m@1`, part: '1' },
          names: [share, 's', 'm'],
        }),
      ),
    ],
    [
      `volume ${share}`,
      always(each =>
        addShared(each, { kind: 'volume', share, schema: 's' }, { name: 'v', location: '/v' }),
      ),
    ],
    [
      `unshare ${share}`,
      always(each => dropFrom(each, { kind: 'share', name: share, names: [share] })),
    ],
  ]),
  ['new recipient', always(each => addRecipient(each, 'new'))],
]

/** A place of the configuration that either says something itself, or repeats what one before it says. */
const place = fc.constantFrom('own', 'anchor', 'alias')

/** Texts with anchors and aliases in any of its places: an alias stands only behind its anchor. */
const configText = fc
  .record({
    tables: place,
    table: place,
    versions: place,
    grants: place,
    token: place,
    expiry: place,
    merge: fc.boolean(),
  })
  .map(({ tables, table, versions, grants, token, expiry, merge }) => {
    const [t1, t2] = pair('t', table, '{ name: t, location: /t }')
    const [v1, v2] = pair(
      'v',
      versions,
      '[{ version: 1, location: /m1, aliases: [best] }, { version: 2, location: /m2 }]',
    )
    const [s1, s2] = pair('s', tables, [
      `[{ name: s, tables: [${t1}], models: [{ name: m, versions: ${v1} }] }]`,
      `[{ name: s, tables: [${t2}], models: [{ name: m, versions: ${v2} }] }]`,
    ])
    const [g1, g2] = pair('g', grants, '[lake]')
    const [e1, e2] = pair('e', expiry, "'2030-01-01T00:00:00Z'")
    // The same token twice is refused: those of the second are of another.
    const [k1] = pair('k', token, `{ sha256: ${hashA}, expiresAt: ${e1} }`)
    const base = merge ? '&base ' : ''
    const merged = merge ? '<<: *base, ' : ''
    return `%YAML 1.1
---
shares:
  - name: lake
    schemas: ${s1}
  - name: secret   # hush
    schemas: ${s2}
recipients:
  - ${base}{ name: a, shares: ${g1}, tokens: [${k1}] }
  # the other
  - { ${merged}name: b, shares: ${g2}, tokens: [{ sha256: ${hashB}, expiresAt: ${e2} }] }
`
  })

function pair(name: string, how: string, says: string | readonly string[]): readonly string[] {
  const [first, second] = typeof says === 'string' ? [says, says] : says
  if (how === 'own') return [first!, second!]
  return [`&${name} ${first}`, how === 'alias' ? `*${name}` : second!]
}

/** What the edit makes of the same data without aliases; a refusal is one too. */
async function edited(written: string, edit: Edit<unknown>): Promise<unknown> {
  writeFileSync(path, written)
  try {
    await editConfig(path, edit)
    return parse(text())
  } catch (error) {
    return String((error as Error).message).replaceAll(/:\d+:\d+/g, '')
  }
}

describe('any edit', () => {
  it('says the same with aliases as without', async () => {
    await fc.assert(
      fc.asyncProperty(configText, fc.constantFrom(...EDITS), async (written, [, edit]) => {
        const plain = `%YAML 1.1\n---\n${JSON.stringify(parse(written))}\n`
        expect(await edited(written, edit)).toEqual(await edited(plain, edit))
      }),
      { numRuns: quickOr(25, 100) },
    )
  })
})

describe('a tag that nobody knows', () => {
  it('is refused where it stands, and what is behind it is told nobody', async () => {
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    try {
      const before = `server:\n  secret: !env My-Very-Secret-Signing-Key-2026\nrecipients: [{ name: a }]\n`
      writeFileSync(path, before)
      const { status, stderr, stdout } = await run(['recipient', 'add', 'b', '--config', path])
      expect(status).toBe(2)
      expect(stderr).toContain('spillway.yaml:2:11: no such tag')
      expect(`${stderr}${stdout}`).not.toContain('My-Very')
      expect(text()).toBe(before)
      expect(warned).not.toHaveBeenCalled()
    } finally {
      warned.mockRestore()
    }
  })
})
