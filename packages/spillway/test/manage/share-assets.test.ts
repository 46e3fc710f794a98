import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { putFiles } from '../support/served-folder.js'
import { run } from '../support/terminal.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spillway-shared-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const spillway = (...args: readonly string[]) => run(args, { folder })
const json = async (...args: readonly string[]) => {
  const { status, stdout, stderr } = await spillway(...args, '--json')
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  return JSON.parse(stdout)
}
const text = () => readFileSync(join(folder, 'spillway.yaml'), 'utf8')
const write = (yaml: string) => writeFileSync(join(folder, 'spillway.yaml'), yaml)
const put = (files: Readonly<Record<string, string>>) => putFiles(folder, files)
const skill = (name: string) => `---\nname: ${name}\ndescription: Does ${name}\n---\n# ${name}\n`

const LAKE = `# kept
shares:
  - name: lake   # the lake
    schemas:
      - name: kb
        volumes:
          - { name: old,   location: /data/old }   # as it was
recipients:
  - { name: partner, shares: [lake] }
`

describe('spillway share add of a volume', () => {
  beforeEach(() => put({ 'docs/a.txt': 'abc', 'docs/b/c.txt': 'defg' }))

  it('reads it, adds it as its neighbours are written, and changes no other line', async () => {
    write(LAKE)
    const added = await json('share', 'add', 'docs', '--kind', 'volume')
    expect(added).toMatchObject({
      ...{ changed: true, added: true, kind: 'volume', name: 'lake.kb.docs', location: './docs' },
      found: { kind: 'volume', files: 2, bytes: 7, more: false, leftOut: [] },
    })
    const line = '          - { name: docs, location: ./docs }\n'
    expect(text()).toBe(LAKE.replace('recipients:', `${line}recipients:`))
    expect(await json('share', 'add', `${folder}/docs/`, '--kind', 'volume')).toMatchObject({
      ...{ changed: false, added: false, found: null },
    })
  })

  it('makes share, schema and recipient where they are new', async () => {
    write('shares: []\n')
    const granted = ['--recipient', 'partner', '--name', 'my.lake.kb.handbook']
    const ran = await spillway('share', 'add', 'docs', '--kind', 'volume', ...granted)
    expect(ran.stdout).toMatch(
      /^✓ added my\.lake\.kb\.handbook {2}volume, 2 files, 7 bytes\n {2}granted to partner\n {2}written to /,
    )
    expect(await json('config', 'check')).toMatchObject({ ok: true, shares: 1, volumes: 1 })
  })

  it.each([
    ['nothing', [], 4, /no files were found: there is no such folder; --no-check adds it unread/],
    ['docs/a.txt', [], 4, /that is a file, and a volume is a folder of them/],
    ['empty', [], 4, /no file lies in this folder yet; --no-check/],
    ['s3://bucket/x', [], 2, /storage: \{ s3: \{ region/],
    [
      'docs',
      ['--name', 'lake.kb.old'],
      2,
      /lake\.kb\.old is shared already, from file:\/\/\/data\/old/,
    ],
    ['docs', ['--digests'], 2, /the volume: digests of volume docs are kept in state\.location/],
    ['docs', ['--name', 'lake.kb.a b'], 2, /the name of the volume: expected a name/],
    ['docs', ['--name', 'lake..b'], 2, /--name expects share\.schema\.volume, found lake\.\.b/],
    ['docs', ['--history'], 2, /--history is of a table, found --kind volume/],
    ['docs', ['--alias', 'x'], 2, /--alias is of a model, found --kind volume/],
    ['docs', ['--public'], 2, /--public is of a skill, found --kind volume/],
  ] as const)('refuses %s %j, and leaves the file', async (location, more, status, reason) => {
    mkdirSync(join(folder, 'empty'))
    write(LAKE)
    const ran = await spillway('share', 'add', location, '--kind', 'volume', ...more)
    expect(ran).toMatchObject({ status, stdout: '', stderr: expect.stringMatching(reason) })
    expect(text()).toBe(LAKE)
  })

  it('adds what is not there where nobody is to look, and digests where they are kept', async () => {
    write(`state: { location: .state }\n${LAKE}`)
    const added = ['--kind', 'volume', '--no-check', '--digests']
    expect(await json('share', 'add', '/data/later', ...added)).toMatchObject({ found: null })
    expect(text()).toContain('{ name: later, location: /data/later, digests: true }')
    const other = await spillway('share', 'add', '/data/old', '--kind', 'volume', '--digests')
    expect(other.stderr).toMatch(/lake\.kb\.old is shared already, without digests/)
  })

  it('tells what recipients do not get of it', async () => {
    symlinkSync('/etc/passwd', join(folder, 'docs/out.txt'))
    write(LAKE)
    const { stdout } = await spillway('share', 'add', 'docs', '--kind', 'volume')
    expect(stdout).toMatch(
      /! 1 name is neither listed nor signed; "out\.txt": a symbolic link leads/,
    )
  })

  it('asks a store as the configuration reaches it', async () => {
    const asked: string[] = []
    const store = createServer((request, response) => {
      asked.push(request.url!)
      response.writeHead(403).end('<Error><Code>AccessDenied</Code></Error>')
    })
    await new Promise<void>(resolve => store.listen(0, '127.0.0.1', resolve))
    const { port } = store.address() as AddressInfo
    const before = `storage: { s3: { region: x, endpoint: 'http://127.0.0.1:${port}', pathStyle: true, credentials: { accessKeyId: a, secretAccessKey: b } } }\n`
    write(before)
    const ran = await spillway('share', 'add', 's3://bucket/docs', '--kind', 'volume')
    store.close()
    expect(asked[0]).toMatch(/^\/bucket.*prefix=docs/)
    expect(ran.stderr).toMatch(/s3:ListBucket|AccessDenied|403/)
    expect(ran.status).not.toBe(0)
    expect(text()).toBe(before)
  })

  it('refuses a folder that holds the configuration, or a file that it names, for recipients would read it', async () => {
    put({ 'etc/secret.txt': 'x'.repeat(40), 'etc/a.txt': 'a' })
    const before = `server: { secretFile: etc/secret.txt }\n${LAKE}`
    write(before)
    for (const [location, file] of [
      ['.', 'spillway.yaml'],
      ['etc', 'secret.txt'],
    ] as const) {
      const ran = await spillway(
        'share',
        'add',
        location,
        '--kind',
        'volume',
        '--name',
        'lake.kb.x',
      )
      expect(ran.status).toBe(2)
      expect(ran.stderr).toContain(file)
      expect(text()).toBe(before)
    }
  })
})

describe('spillway share add of a model', () => {
  beforeEach(() => {
    put({
      'churn/1/MLmodel': 'flavors: {onnx: {}}',
      'churn/2/w': 'two',
      'churn/v3/w': 'three',
      'best/w': 'best',
    })
    write(LAKE)
  })
  const add = (...more: readonly string[]) => json('share', 'add', ...more)

  it('takes name and number of the folder, and lets aliases lead to it', async () => {
    expect(await add('churn/1', '--kind', 'model', '--alias', 'champion')).toMatchObject({
      name: 'lake.kb.churn@1',
      version: 1,
      moved: [{ alias: 'champion', from: null }],
      found: { files: 1 },
    })
    // An option of models alone says as much as the kind.
    expect(
      await add('churn/2', '--alias', 'Champion', '--alias', 'new', '--alias', 'NEW'),
    ).toMatchObject({
      name: 'lake.kb.churn@2',
      moved: [
        { alias: 'Champion', from: 1 },
        { alias: 'new', from: null },
      ],
    })
    await add('churn/v3', '--kind', 'model', '--name', 'CHURN')
    expect(text()).toContain(`        models:
          - name: churn
            versions:
              - version: 1
                location: ./churn/1
              - version: 2
                location: ./churn/2
                aliases: [ Champion, new ]
              - version: 3
                location: ./churn/v3
recipients:`)
    const same = ['churn/v3', '--kind', 'model', '--alias', 'NEW']
    expect(await add(...same)).toMatchObject({
      ...{ changed: true, added: false, moved: [{ alias: 'NEW', from: 2 }] },
    })
    expect(await add(...same)).toMatchObject({ changed: false, moved: [] })
    expect(text()).toContain('aliases: [ Champion ]')
    expect((await json('share', 'list')).shares[0].models).toMatchObject([
      {
        name: 'lake.kb.churn',
        registry: null,
        versions: [
          { version: 1, aliases: [], status: 'READY' },
          { version: 2, aliases: ['Champion'] },
          { version: 3, aliases: ['NEW'], location: `file://${folder}/churn/v3/` },
        ],
      },
    ])
  })

  it('asks for a number where nothing says one', async () => {
    const best = ['best', '--kind', 'model', '--name', 'lake.kb.best']
    expect(await add(...best)).toMatchObject({ name: 'lake.kb.best@1' })
    expect(await add(...best)).toMatchObject({ changed: false, name: 'lake.kb.best@1' })
    const other = ['share', 'add', 'churn/v3/..', '--kind', 'model', '--name', 'lake.kb.best']
    const ran = await spillway(...other)
    expect(ran.stderr).toMatch(/expected --version: .* has version 1; 2 would be the next/)
    expect(await json(...other, '--version', '7')).toMatchObject({ name: 'lake.kb.best@7' })
  })

  it.each([
    [['churn/2', '--version', '1'], 2, /churn@1 is shared already, from .*churn\/1\/.*--version/],
    [['churn/2', '--version', '0'], 2, /--version expects a number from 1, found 0/],
    [['churn/2', '--alias', '7'], 2, /the alias: expected an alias/],
    [['churn/2', '--registry', 'ml'], 2, /--registry or a location, not both/],
    [['--registry', 'mi', '--name', 'new'], 2, /the model: .*registry .*did you mean "ml"/],
    [['--registry', 'ml'], 2, /lake\.kb\.churn is shared already, with versions of its own/],
    [['--registry', 'ml', '--name', 'lake.kb.'], 2, /--name expects share\.schema\.model/],
    [['--registered-name', 'x'], 2, /--registered-name goes with --registry/],
    [['--kind', 'model'], 2, /expected a location, or --registry/],
    [['churn/9', '--kind', 'model'], 4, /there is no such folder/],
  ] as const)('refuses %j', async (args, status, reason) => {
    const before = `registries: { ml: { kind: mlflow, url: 'http://127.0.0.1:1', locations: [/data/ml] } }\n${LAKE}`
    write(before)
    await add('churn/1', '--kind', 'model', '--name', 'lake.kb.churn')
    const written = text()
    const ran = await spillway('share', 'add', '--name', 'lake.kb.churn', ...args)
    expect(ran).toMatchObject({ status, stdout: '', stderr: expect.stringMatching(reason) })
    expect(text()).toBe(written)
  })

  it('asks for a name where a registry is all that was said', async () => {
    const ran = await spillway('share', 'add', '--registry', 'ml')
    expect(ran).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/a registry says no name/),
    })
    expect(text()).toBe(LAKE)
  })

  it('takes the versions of a registry', async () => {
    put({ 'ml/churn/4/w': 'four' })
    const model = { name: 'prod.churn', aliases: [{ alias: 'champion', version: '4' }] }
    const version = { name: 'prod.churn', version: '4', status: 'READY' }
    const answers: Readonly<Record<string, object>> = {
      'registered-models/get': { registered_model: model },
      'model-versions/search': { model_versions: [version] },
      'model-versions/get': { model_version: version },
      'model-versions/get-download-uri': { artifact_uri: `file://${folder}/ml/churn/4` },
    }
    const mlflow = createServer((request, response) => {
      const method = request.url!.split('?')[0]!.replace('/api/2.0/mlflow/', '')
      const known = answers[method] !== undefined && !request.url!.includes('nobody')
      response.writeHead(known ? 200 : 404, { 'content-type': 'application/json' })
      response.end(
        JSON.stringify(known ? answers[method] : { error_code: 'RESOURCE_DOES_NOT_EXIST' }),
      )
    })
    await new Promise<void>(resolve => mlflow.listen(0, '127.0.0.1', resolve))
    try {
      const url = `http://127.0.0.1:${(mlflow.address() as AddressInfo).port}`
      write(`registries: { ml: { kind: mlflow, url: '${url}', locations: [ml] } }\n${LAKE}`)
      const asked = ['--registry', 'ml', '--registered-name', 'prod.churn', '--name', 'churn']
      expect(await add(...asked)).toMatchObject({
        ...{ kind: 'model', name: 'lake.kb.churn', registry: 'ml', registeredName: 'prod.churn' },
        found: { versions: 1, files: 1, bytes: 4 },
      })
      expect(text()).toContain(`- name: churn
            registry: ml
            registeredName: prod.churn
`)
      expect(await add(...asked)).toMatchObject({ changed: false })
      const { stdout } = await spillway('share', 'list')
      expect(stdout).toMatch(/lake\.kb\.churn +model +prod\.churn of registry ml +partner/)
      const gone = await spillway('share', 'add', '--registry', 'ml', '--name', 'nobody')
      expect(gone).toMatchObject({ status: 4, stdout: '' })
      const other = await spillway('share', 'add', 'churn/1', '--kind', 'model', '--name', 'churn')
      expect(other.stderr).toMatch(/with the versions of registry ml/)
    } finally {
      mlflow.closeAllConnections()
      mlflow.close()
    }
  })
})

describe('spillway share add of skills', () => {
  beforeEach(() => {
    put({
      'PDF Forms/SKILL.md': skill('pdf-forms'),
      'team/zip/SKILL.md': skill('zip'),
      'team/drafts/notes.md': 'none',
      'licensed/SKILL.md': skill('licensed'),
      'licensed/LICENSE': 'Do what you want.',
    })
    write(LAKE)
  })

  it('calls one as its front matter does', async () => {
    const added = await json('share', 'add', 'PDF Forms', '--kind', 'skill', '--public')
    expect(added).toMatchObject({ name: 'lake.kb.pdf-forms', found: { kind: 'skill', files: 1 } })
    expect(text()).toContain(`        skills:
          - name: pdf-forms
            location: ./PDF Forms
            public: true
`)
    const list = await spillway('share', 'list')
    expect(list.stdout).toMatch(/lake\.kb\.pdf-forms +skill, public +file:/)
  })

  it('adds a folder of them to a schema, and says what in it is none', async () => {
    const added = await json(
      'share',
      'add',
      'team',
      '--kind',
      'skill-folder',
      '--name',
      'lake.tools',
    )
    expect(added).toMatchObject({ name: 'lake.tools', found: { skills: 1 } })
    expect(added.found.leftOut).toEqual([expect.stringMatching(/^drafts\/: .*no SKILL\.md/)])
    expect(text()).toContain(`      - name: tools
        skillFolders:
          - location: ./team
`)
    const again = ['share', 'add', 'team', '--kind', 'skill-folder', '--name', 'lake.tools']
    expect(await json(...again)).toMatchObject({ changed: false })
    const refused = await spillway(...again, '--digests')
    expect(refused).toMatchObject({ status: 2, stderr: expect.stringMatching(/without digests/) })
    expect((await json('share', 'list')).shares[0].skillFolders).toEqual([
      { schema: 'lake.tools', location: `file://${folder}/team/` },
    ])
  })

  it.each([
    [['PDF Forms', '--kind', 'skill', '--name', 'lake.kb.other'], 2, /its folder is/],
    [['PDF Forms', '--kind', 'skill', '--name', 'lake.kb.A'], 2, /the name of the skill: expected/],
    [['team', '--kind', 'skill'], 4, /looks like a folder of skills, which --kind skill-folder/],
    [['PDF Forms', '--kind', 'skill-folder'], 4, /looks like a skill, which --kind skill shares/],
    [['team', '--kind', 'skill-folder', '--name', 'lake.kb.x'], 2, /expects share\.schema, as/],
    [
      ['PDF Forms'],
      4,
      /no Parquet file lies in this folder; it looks like a skill, which --kind skill/,
    ],
    [['licensed'], 5, /a Parquet file in .*LICENSE.*; it looks like a skill, which --kind skill/],
    [['team'], 4, /it looks like a folder of skills, which --kind skill-folder shares/],
    [['team/drafts'], 4, /--kind volume shares whatever files lie in a folder/],
  ] as const)('refuses %j', async (args, status, reason) => {
    const ran = await spillway('share', 'add', ...args)
    expect(ran).toMatchObject({ status, stdout: '', stderr: expect.stringMatching(reason) })
    expect(text()).toBe(LAKE)
  })
})

describe('spillway share remove', () => {
  const BOTH = `shares:
  - name: lake
    schemas:
      - name: kb   # all kinds
        tables:
          - { name: churn, location: /data/t }
        models:
          - name: churn
            versions:
              - { version: 1, location: /data/1, aliases: [old] }
              - { version: 2, location: /data/2, aliases: [champion] }
        volumes: [{ name: docs, location: /data/docs }]
        skills: [{ name: pdf, location: /data/pdf }]
        skillFolders: [{ location: team }, { location: /data/more }]
`
  beforeEach(() => write(BOTH))

  it.each([
    [['lake.kb.docs'], 'volume lake.kb.docs'],
    [['LAKE.kb.pdf'], 'skill LAKE.kb.pdf'],
    [['lake.kb.churn', '--kind', 'model'], 'model lake.kb.churn'],
    [['lake.kb.churn', '--kind', 'table'], 'table lake.kb.churn'],
    [['lake.kb.churn@1'], 'model version lake.kb.churn@1'],
    [['lake.kb.churn@champion'], 'alias lake.kb.churn@champion, which was version 2'],
    [
      ['lake.kb', '--kind', 'skill-folder', '--location', 'team'],
      'folder of skills team of lake.kb',
    ],
    [['lake.kb'], 'schema lake.kb, with every table, volume, model, skill and folder of skills'],
    [['lake'], 'share lake, with every table, volume, model, skill and folder of skills'],
  ] as const)('takes %j out', async (args, removed) => {
    const planned = await json('share', 'remove', ...args, '--dry-run')
    expect(planned).toMatchObject({ dryRun: true, changed: false, removed: [removed] })
    expect(text()).toBe(BOTH)
    expect(await json('share', 'remove', ...args)).toMatchObject({
      changed: true,
      removed: [removed],
    })
    const gone = await spillway('share', 'remove', ...args)
    expect(gone).toMatchObject({ status: 0, stderr: expect.stringMatching(/nothing was changed/) })
    expect(await json('config', 'check')).toMatchObject({ ok: true })
  })

  it('changes no other line', async () => {
    await json('share', 'remove', 'lake.kb.churn@champion')
    expect(text()).toBe(BOTH.replace(', aliases: [champion]', ''))
    await json('share', 'remove', 'lake.kb.churn@1')
    const line = '              - { version: 1, location: /data/1, aliases: [old] }\n'
    expect(text()).toBe(BOTH.replace(', aliases: [champion]', '').replace(line, ''))
  })

  it.each([
    [['lake.kb.churn'], /is a table and a model: say which by --kind/],
    [['lake.kb', '--kind', 'skill-folder'], /2 folders of skills: --location says which of .*team/],
    [['lake.kb.docs', '--location', 'x'], /it goes with --kind skill-folder/],
  ] as const)('does not guess what %j means', async (args, reason) => {
    const ran = await spillway('share', 'remove', ...args)
    expect(ran).toMatchObject({ status: 2, stderr: expect.stringMatching(reason) })
    expect(text()).toBe(BOTH)
  })

  it.each([
    [
      'lake.kb.dcos',
      /no table, volume, model or skill lake\.kb\.dcos.*did you mean lake\.kb\.docs/,
    ],
    ['laek.kb', /no share or schema laek\.kb.*did you mean lake\.kb/],
    ['lake.kb.churn@9', /no table, volume, model or skill lake\.kb\.churn@9/],
  ])('of %s, which is not there, says what may be meant', async (name, reason) => {
    const ran = await spillway('share', 'remove', name)
    expect(ran).toMatchObject({ status: 0, stderr: expect.stringMatching(reason) })
  })

  it('is what revoke does with a model, and says what a bucket still honours', async () => {
    write(
      BOTH.replace('/data/docs', 's3://acme/docs').replace(
        'shares:',
        'storage: { s3: {} }\nshares:',
      ),
    )
    const ran = await spillway('revoke', '--model', 'lake.kb.churn')
    expect(ran.stdout).toMatch(/removed model lake\.kb\.churn\n/)
    expect(ran.stdout).toMatch(/what object stores serve may be signed until/)
    expect(await spillway('revoke', '--skill', 'lake.kb.pdff')).toMatchObject({
      status: 4,
      stderr: expect.stringMatching(/no skill lake\.kb\.pdff/),
    })
  })
})
