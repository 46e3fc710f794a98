import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { loadConfig, parseConfig } from '../../src/index.js'

const folder = mkdtempSync(join(tmpdir(), 'spillway-config-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const parse = (text: string) => parseConfig(text, { folder: '/srv/lake', path: 'spillway.yaml' })

const tables = (lines: string) => `
shares:
  - name: lake
    schemas:
      - name: sales
        tables:
${lines}`

describe('parseConfig', () => {
  it('takes an empty file for a server on loopback that shares nothing', () => {
    expect(parse('')).toMatchObject({
      server: { host: '127.0.0.1', port: 8420, urlExpiresInSeconds: 3600 },
      shares: { shares: [], recipients: [] },
      localRoots: [],
    })
  })

  it('makes every path absolute, and lets local files be read nowhere else', () => {
    const config = parse(`
staging: { location: staging }
${tables(`          - { name: a, location: tables/a, metadataFile: metadata/v2.metadata.json, rebase: [{ from: 's3://old', to: data }] }
          - { name: b, location: 's3://bucket/b', metadataFile: metadata/v1.metadata.json }
          - { name: c, location: /abs/c, auxiliaryLocations: [../clones/c] }`)}`)
    const [a, b, c] = config.shares.shares![0]!.schemas![0]!.tables!
    expect(a).toMatchObject({
      location: 'file:///srv/lake/tables/a',
      metadataFile: 'file:///srv/lake/tables/a/metadata/v2.metadata.json',
      rebase: [{ from: 's3://old', to: 'file:///srv/lake/tables/a/data' }],
    })
    expect(b).toMatchObject({
      location: 's3://bucket/b',
      metadataFile: 's3://bucket/b/metadata/v1.metadata.json',
    })
    expect(c).toMatchObject({
      location: 'file:///abs/c',
      auxiliaryLocations: ['file:///srv/clones/c'],
    })
    expect(config.localRoots).toEqual([
      'file:///srv/lake/tables/a',
      'file:///abs/c',
      'file:///srv/clones/c',
      'file:///srv/lake/staging',
    ])
  })

  it('takes a metadata file and targets of rebase rules that are absolute as they are', () => {
    const config = parse(
      tables(`          - { name: a, location: tables/a, metadataFile: /held/v7.metadata.json, rebase: [{ from: 's3://old', to: /new/ }, { from: 's3://x', to: 's3://y/' }] }
          - { name: b, location: /new/b, metadataFile: 'file:///new/b/v1.metadata.json' }`),
    )
    const [a, b] = config.shares.shares![0]!.schemas![0]!.tables!
    expect(a).toMatchObject({
      metadataFile: 'file:///held/v7.metadata.json',
      rebase: [
        { from: 's3://old', to: 'file:///new/' },
        { from: 's3://x', to: 's3://y/' },
      ],
    })
    expect(b).toMatchObject({ metadataFile: 'file:///new/b/v1.metadata.json' })
    expect(config.localRoots).toEqual([
      'file:///srv/lake/tables/a',
      'file:///new/b',
      'file:///new',
      'file:///held',
    ])
  })

  it.each([
    ['server: { hots: a }', /:1:11: server: unknown key "hots"; did you mean "host"/],
    ['server: { port: eighty }', /server\.port/],
    ['server: { publicUrl: share.example }', /server\.publicUrl/],
    ['storage: { s3: { endpoint: ftp://x } }', /storage\.s3\.endpoint/],
    ['storage: { buckets: [{ region: x }] }', /storage\.buckets\[0\]: "bucket" is missing/],
    ['duckdb: { memoryLimit: lots }', /duckdb\.memoryLimit: expected a size/],
    ['staging: {}', /staging: "location" is missing/],
    ['a: 1\na: 2', /:2:1: this key is defined twice/],
    ['- 1', /:1:1: expected a mapping, found a list/],
    [tables('          - { name: a.b, location: x }'), /name/],
    [
      tables('          - { name: a, location: "ftp" }\n          - { name: A, location: x }'),
      /defined twice/,
    ],
  ])('refuses %j and says where', (text, message) => {
    expect(() => parse(text)).toThrow(
      expect.objectContaining({ code: 'INVALID_REQUEST', message: expect.stringMatching(message) }),
    )
  })
})

describe('parseConfig', () => {
  it.each([
    ['secretFile: secret.txt', /spillway\.yaml:1:\d+: server\.secretFile: .*loadConfig alone/],
    ['secrets: [{ file: secret.txt }]', /server\.secrets\[0\]\.file: .*loadConfig alone/],
  ])('signs with no other secret than the one that was meant: %s', (server, message) => {
    expect(() => parse(`server: { ${server} }`)).toThrow(message)
  })
})

describe('loadConfig', () => {
  it('reads the secret from its own file, beside the configuration', async () => {
    writeFileSync(join(folder, 'secret.txt'), 'a secret of some length\n')
    writeFileSync(join(folder, 'spillway.yaml'), 'server: { secretFile: secret.txt }')
    expect((await loadConfig(join(folder, 'spillway.yaml'))).secrets[0]).toBe(
      'a secret of some length',
    )
    writeFileSync(join(folder, 'secret.txt'), 'short')
    await expect(loadConfig(join(folder, 'spillway.yaml'))).rejects.toThrow(/secretFile/)
  })

  it('says which file is missing', async () => {
    await expect(loadConfig(join(folder, 'nope.yaml'))).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      context: { path: join(folder, 'nope.yaml') },
    })
  })
})
