import { spawn } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/configuration/config.js'
import { dropFrom } from '../../src/edit/dropped.js'
import { editConfig } from '../../src/edit/edit-config.js'
import {
  addGrants,
  addRecipient,
  addToken,
  dropGrants,
  endTokens,
} from '../../src/edit/recipients.js'
import { addShared } from '../../src/edit/shares.js'

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spillway-edit-'))
  path = join(folder, 'spillway.yaml')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const text = () => readFileSync(path, 'utf8')
const add = (name: string) =>
  editConfig(path, document => ({ result: undefined, changed: addRecipient(document, name) }))

/** What stands in one of two and not in the other, as `diff` would have it. */
function difference(before: string, after: string): readonly string[] {
  const [a, b] = [before.split('\n'), after.split('\n')]
  return [
    ...a.filter(line => !b.includes(line)).map(line => `-${line}`),
    ...b.filter(line => !a.includes(line)).map(line => `+${line}`),
  ]
}

const LAYOUTS: readonly (readonly [string, string])[] = [
  [
    'aligned comments, quotes and blank lines',
    `# top

server:
    host:   127.0.0.1          # aligned
    port: 8420                 # with this


shares:
    - name: "lake"   # the only one
      schemas: [ {name: sales, tables: [{name: a, location: '/x'}]} ]
recipients:
    # who pays
    - name: partner
      shares: [lake]   # all of it

# end
`,
  ],
  [
    'lists at the column of their key',
    `shares:
- name: lake
  schemas:
  - name: sales
    tables:
    - {name: a,   location: /x}   # a
    - name: b
      location: /y
recipients:
- name: partner    # first
  shares:
  - lake
`,
  ],
  [
    'long lines, and text over several',
    `# ${'x'.repeat(150)}\nshares: [{ name: lake, comment: "${'long '.repeat(40)}", schemas: [] }]\nrecipients:\n  - name: partner   # p\n    shares: [lake]\n`,
  ],
  [
    'folded text',
    `shares:\n  - name: lake\n    comment: >\n      one\n      two\n\n      three\nrecipients:\n  - name: partner   # p\n    shares: [lake]\n`,
  ],
  [
    'lists in brackets over several lines, with comments in them',
    `shares:
  - { name: lake,   comment: x }   # one
  - {name: sea}
recipients:
  - name:   one   # first
    shares: [lake,   # why
             sea]
    tokens: []   # none
  # who else
  - name: partner
    shares: [
      lake,

      sea,   # and why
    ]
`,
  ],
  [
    'text in quotes over several lines',
    `shares:\n  - name: lake\n    comment: "one\n      two   # no comment\n\n      three"   # said\nrecipients:\n  - name:   partner   # p\n`,
  ],
  [
    'items with more spaces behind the dash',
    `shares:
-   name: lake
    schemas:
    -   name: sales
        tables:
        -   name:   a   # first
            location: /x
        -   { name: b, location: /y }

recipients:
-   name: partner
    shares:
    -   lake   # all of it
`,
  ],
  [
    'items with more spaces behind the dash, below their key',
    `shares:
  -   name: lake
      schemas:
        -   name: sales
            tables:
              -   name:   a   # first
                  location: /x
recipients:
  -   name: partner
      shares: [lake]
`,
  ],
  [
    'tabs in comments and behind values',
    `# top\tof it\nshares:\t# why\n  - name: lake\t# the\tonly one\n    schemas: []\t\nrecipients:\n  #\twho\tpays\n  - name:\tpartner\t#\tp\n    shares:\t[lake]\n`,
  ],
  [
    'no end of the last line',
    `shares: [{name: lake}]\nrecipients:\n  - {name: partner,  shares: [lake]}`,
  ],
]

describe('an edited configuration', () => {
  it.each(LAYOUTS)('differs only in lines that say something else: %s', async (_, before) => {
    writeFileSync(path, before)
    await add('new')
    const changes = difference(before, text())
    expect(changes.filter(line => line.startsWith('-'))).toEqual([])
    expect(changes.join('\n')).toMatch(/name: new/)
    await editConfig(path, document => ({
      result: undefined,
      changed: dropFrom(document, { kind: 'recipient', name: 'new', names: ['new'] }).length > 0,
    }))
    expect(text().trimEnd()).toBe(before.trimEnd())
  })

  it.each(LAYOUTS)(
    'keeps its ends of lines too, where they are of Windows: %s',
    async (_, lines) => {
      const before = lines.replaceAll('\n', '\r\n')
      writeFileSync(path, before)
      await add('new')
      expect(
        difference(lines, text().replaceAll('\r\n', '\n')).filter(line => line.startsWith('-')),
      ).toEqual([])
      expect(text().replaceAll('\r\n', '')).not.toContain('\n')
    },
  )

  it('keeps the layout of a long file around changes in several places', async () => {
    const tables = Array.from(
      { length: 3000 },
      (_, i) => `          - { name: t${i},   location: /data/t${i} }   # table ${i}\n\n\n`,
    )
    const before = `shares:
  - name: lake
    schemas:
      - name: s
        tables:
${tables.join('')}recipients:
  - name:   partner   # who pays
    shares: [lake]


  - name:   other     # who does not
    shares: [lake]
`
    writeFileSync(path, before)
    await editConfig(path, document => {
      dropFrom(document, { kind: 'table', name: 'lake.s.t7', names: ['lake', 's', 't7'] })
      dropFrom(document, { kind: 'table', name: 'lake.s.t2000', names: ['lake', 's', 't2000'] })
      addShared(
        document,
        { kind: 'table', share: 'lake', schema: 's' },
        { name: 'new', location: '/y' },
      )
      return { result: undefined, changed: addRecipient(document, 'third') }
    })
    expect(difference(before, text())).toEqual([
      '-          - { name: t7,   location: /data/t7 }   # table 7',
      '-          - { name: t2000,   location: /data/t2000 }   # table 2000',
      '+          - { name: new, location: /y }',
      '+  - name: third',
      '+    shares: []',
      '+    tokens: []',
    ])
  }, 30_000)

  it('keeps ends of lines and the mark of its encoding', async () => {
    writeFileSync(
      path,
      '\ufeff# top\r\nserver:\r\n  port:   1   # x\r\nrecipients:\r\n  - name: a\r\n',
    )
    await add('b')
    expect(text()).toMatch(
      /^\ufeff# top\r\nserver:\r\n {2}port: {3}1 {3}# x\r\nrecipients:\r\n {2}- name: a\r\n {2}- name: b\r\n/,
    )
    expect(text().replaceAll('\r\n', '')).not.toContain('\n')
  })

  it.each([
    ['an empty file', ''],
    ['comments alone', '# nothing yet\n'],
    ['an empty list', 'recipients: []\n'],
    ['nothing behind the key', 'recipients:\n'],
    ['nothing behind the key, and another', 'recipients:\nserver: { port: 1 }\n'],
    ['JSON', '{"recipients":[{"name":"x"}]}'],
    ['JSON over lines', JSON.stringify({ recipients: [{ name: 'x', shares: [] }] }, undefined, 2)],
  ])('takes an entry where there is %s', async (_, before) => {
    writeFileSync(path, before)
    const { config } = await add('b')
    expect(config.shares.recipients!.map(({ name }) => name)).toContain('b')
    if (before.startsWith('#')) expect(text()).toMatch(/^# nothing yet\n/)
  })

  it('is not touched where it says already what it should', async () => {
    writeFileSync(path, 'recipients: [{name:   a}]')
    utimesSync(path, 1, 1)
    expect(await add('A')).toMatchObject({ changed: false })
    expect(statSync(path).mtimeMs).toBe(1000)
  })

  it('keeps what stands around tokens, grants and tables that change', async () => {
    const hash = 'a'.repeat(64)
    const before = `shares:
  - name: lake
    schemas:
      - name: sales
        tables:
          - { name: a, location: /x }      # first
recipients:
  - name: partner
    shares: [lake, '*']      # both
    tokens:
      - sha256: ${hash}      # laptop
`
    writeFileSync(path, before)
    await editConfig(path, document => {
      addShared(
        document,
        { kind: 'table', share: 'lake', schema: 'sales' },
        { name: 'b', location: '/y' },
      )
      dropGrants(document, 'partner', ['*'])
      endTokens(document, 'partner', new Map([[hash, '2030-01-01T00:00:00.000Z']]))
      addToken(document, 'partner', { sha256: 'b'.repeat(64), label: 'on: [' })
      addGrants(document, 'partner', ['LAKE'])
      return { result: undefined, changed: true }
    })
    expect(text()).toBe(`shares:
  - name: lake
    schemas:
      - name: sales
        tables:
          - { name: a, location: /x }      # first
          - { name: b, location: /y }
recipients:
  - name: partner
    shares: [ lake ] # both
    tokens:
      - sha256: ${hash}      # laptop
        expiresAt: 2030-01-01T00:00:00.000Z
      - sha256: ${'b'.repeat(64)}
        label: "on: ["
`)
  })

  it.each([
    [
      'wide dashes',
      (table: string) =>
        `shares:\n-   name: lake\n    schemas:\n    -   name: sales\n        tables:\n        -   name:   a   # first\n            location: /x\n${table}`,
      '        -   name: b\n            location: /y\n',
    ],
    [
      'wide dashes and braces',
      (table: string) =>
        `shares:\n  -   name: lake\n      schemas:\n        -   name: sales\n            tables:\n              -   {name: a, location: /x}\n${table}`,
      '              -   {name: b, location: /y}\n',
    ],
  ])('writes an item as those around it stand: %s', async (_, layout, item) => {
    writeFileSync(path, layout(''))
    await editConfig(path, document => {
      addShared(
        document,
        { kind: 'table', share: 'lake', schema: 'sales' },
        { name: 'b', location: '/y' },
      )
      return { result: undefined, changed: true }
    })
    expect(text()).toBe(layout(item))
    await editConfig(path, document => ({
      result: undefined,
      changed:
        dropFrom(document, { kind: 'table', name: 'lake.sales.b', names: ['lake', 'sales', 'b'] })
          .length > 0,
    }))
    expect(text()).toBe(layout(''))
  })

  it('keeps lists in brackets over several lines beside the one that changes', async () => {
    const before = `shares: [{ name: lake }, { name: sea }, { name: bay }]
recipients:
  - name: a
    shares: [lake,   # why
             sea]
  - name: b
    shares: [lake,   # as a
             sea]
    tokens:   [ ]
  - name: c
    shares: [sea,
             lake]   # the other way round
`
    writeFileSync(path, before)
    await editConfig(path, document => ({
      result: undefined,
      changed: addGrants(document, 'b', ['bay']).length > 0,
    }))
    expect(difference(before, text()).filter(line => line.startsWith('-'))).toEqual([
      '-    shares: [lake,   # as a',
    ])
    expect(text()).toContain('    shares: [lake,   # why\n             sea]\n  - name: b\n')
    expect(text()).toContain(
      '    tokens:   [ ]\n  - name: c\n    shares: [sea,\n             lake]   # the',
    )
  })

  it('is refused, and left, where the result would not be loaded', async () => {
    const before = 'recipients: [{ name: a }]\n'
    writeFileSync(path, before)
    const granting = editConfig(path, document => {
      addGrants(document, 'a', ['none'])
      return { result: undefined, changed: true }
    })
    await expect(granting).rejects.toThrow(/granted share "none", which is not defined/)
    writeFileSync(path, 'recipents: []')
    await expect(add('b')).rejects.toThrow(/did you mean "recipients"/)
    expect(text()).toBe('recipents: []')
    expect(readdirSync(folder)).toEqual(['spillway.yaml'])
  })
})

describe('the file of a configuration', () => {
  it('keeps its mode, and links to it stay links', async () => {
    mkdirSync(join(folder, 'real'))
    const real = join(folder, 'real', 'shared.yaml')
    writeFileSync(real, 'recipients: []\n')
    chmodSync(real, 0o640)
    symlinkSync(join('real', 'shared.yaml'), join(folder, 'between.yaml'))
    symlinkSync('between.yaml', path)
    await add('a')
    expect(lstatSync(path).isSymbolicLink()).toBe(true)
    expect(lstatSync(join(folder, 'between.yaml')).isSymbolicLink()).toBe(true)
    expect(readFileSync(real, 'utf8')).toContain('name: a')
    expect(statSync(real).mode & 0o7777).toBe(0o640)
    expect(readdirSync(join(folder, 'real'))).toEqual(['shared.yaml'])
  })

  it.skipIf(process.getuid?.() !== 0)('stays with its owner, who may be the server', async () => {
    writeFileSync(path, 'recipients: []\n')
    chownSync(path, 65534, 65533)
    await add('a')
    const { uid, gid } = statSync(path)
    expect({ uid, gid }).toEqual({ uid: 65534, gid: 65533 })
  })

  it('has what all of many commands at once wrote', async () => {
    writeFileSync(path, '# kept\nrecipients: []\n')
    const names = Array.from({ length: 20 }, (_, i) => `r${i}`)
    await Promise.all(names.map(add))
    for (const name of names) expect(text()).toMatch(new RegExp(`name: ${name}$`, 'm'))
    expect(text()).toMatch(/^# kept\n/)
    expect(readdirSync(folder)).toEqual(['spillway.yaml'])
  })

  it('keeps what an editor, who knows of no lock, wrote meanwhile', async () => {
    writeFileSync(path, 'recipients: []\n')
    let runs = 0
    await editConfig(path, document => {
      // The editor saves between our look and our writing.
      if (runs++ === 0) writeFileSync(path, '# mine\nrecipients: [{ name: typed }]\n')
      return { result: undefined, changed: addRecipient(document, 'added') }
    })
    expect(runs).toBe(2)
    expect(text()).toMatch(/^# mine\n[\s\S]*typed[\s\S]*added/)
  })

  it.each([
    [
      'of a process that was killed',
      () => JSON.stringify({ pid: endedPid, host: hostname(), id: 'x' }),
      false,
    ],
    [
      'of another machine, long ago',
      () => JSON.stringify({ pid: 1, host: 'elsewhere', id: 'x' }),
      true,
    ],
    ['that says nothing, long ago', () => '', true],
  ])('is not held by a lock %s', async (_, content, isOld) => {
    await anEndedProcess()
    writeFileSync(path, 'recipients: []\n')
    const lock = join(folder, '.spillway.yaml.lock')
    writeFileSync(lock, content())
    if (isOld) utimesSync(lock, 1, 1)
    await Promise.all([add('a'), add('b')])
    expect(text()).toMatch(/name: a$/m)
    expect(text()).toMatch(/name: b$/m)
    expect(readdirSync(folder)).toEqual(['spillway.yaml'])
  })

  it('waits for who holds its lock', async () => {
    writeFileSync(path, 'recipients: []\n')
    const lock = join(folder, '.spillway.yaml.lock')
    writeFileSync(lock, JSON.stringify({ pid: process.pid, host: hostname(), id: 'x' }))
    const adding = add('a')
    await new Promise(resolve => setTimeout(resolve, 200))
    expect(text()).toBe('recipients: []\n')
    rmSync(lock)
    await adding
    expect(text()).toContain('name: a')
  })

  it('that is not there is told with what makes one', async () => {
    await expect(add('a')).rejects.toThrow(/no configuration file.*spillway init/)
    writeFileSync(join(folder, 'file'), '')
    const below = editConfig(join(folder, 'file', 'x.yaml'), () => ({
      result: undefined,
      changed: false,
    }))
    await expect(below).rejects.toThrow(/no configuration file.*spillway init/)
  })

  it.each([
    ['edited', () => add('a')],
    ['loaded', () => loadConfig(path)],
  ])('that is a folder is no internal error where it is %s', async (_, use) => {
    mkdirSync(path)
    await expect(use()).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      message: `expected a configuration file, found the folder ${path}: name a file in it`,
    })
    expect(readdirSync(folder)).toEqual(['spillway.yaml'])
  })

  it('that this user may not read is told as that', async () => {
    writeFileSync(path, 'recipients: []\n')
    chmodSync(path, 0)
    // Root may read everything.
    const isRoot = process.geteuid?.() === 0
    if (isRoot) process.seteuid!(65534)
    try {
      await expect(add('a')).rejects.toThrow(/cannot be read by this user: run this as its owner/)
    } finally {
      if (isRoot) process.seteuid!(0)
    }
  })
})

let endedPid: number

async function anEndedProcess(): Promise<void> {
  const child = spawn(process.execPath, ['-e', ''])
  endedPid = child.pid!
  await new Promise(resolve => child.once('close', resolve))
}
