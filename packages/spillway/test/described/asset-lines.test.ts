import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { MLMODEL, PICKLE, safetensors } from '../../../client/test/support/model-files.js'
import { putFiles, type ServedFolder, serveFolders } from '../support/served-folder.js'
import { run } from '../support/terminal.js'

let folder: string
let served: ServedFolder | undefined
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spillway-described-'))
})
afterEach(async () => {
  await served?.close()
  served = undefined
  rmSync(folder, { recursive: true, force: true })
})

async function describedBy(
  files: Readonly<Record<string, string | Uint8Array>>,
  args: readonly string[] = [],
) {
  putFiles(folder, files)
  served = await serveFolders(folder)
  const [kind] = Object.keys(files)[0]!.split('/')
  return run(['describe', `${served.profile}#lake.kb.${kind}`, ...args])
}

const SHARDS = {
  'churn/1.safetensors': safetensors({ 'layer.0.weight': [100, 30], bias: [] }, { format: 'pt' }),
  'churn/2.safetensors': safetensors({ 'layer.1.weight': [5] }),
}

describe('describe of a model', () => {
  it('tells what its files say, as sections', async () => {
    const ran = await describedBy({
      'churn/MLmodel': MLMODEL,
      'churn/model.pkl': PICKLE,
      ...SHARDS,
      'churn/model.safetensors.index.json': JSON.stringify({
        weight_map: {
          'layer.0.weight': '1.safetensors',
          bias: '1.safetensors',
          'layer.1.weight': '2.safetensors',
        },
      }),
    })
    expect(ran).toMatchObject({ status: 0, stderr: '' })
    const [, ...sections] = ran.stdout.split('\n\n')
    expect(sections[0]).toMatch(/^kind +model\nversion +1\nfiles +5, 13 KB\ndigests +of none: /)
    expect(sections[1]).toMatch(/^MLmodel\nflavors +python_function, sklearn\nmlflow +3\.17\.2\n/)
    expect(sections[1]).toMatch(/\nrun +0f3c\nruns code +python_function: loading it runs Python/)
    expect(sections[2]).toMatch(
      /^input +type\n─+ {2}─+ {2}─+\nage +double\nplan +string +optional$/,
    )
    expect(sections[3]).toMatch(/\n- +tensor float64 \[-1, 2\]$/)
    expect(sections[4]).toMatch(/\nthreshold +double +default 0\.5$/)
    expect(sections[5]).toMatch(/^safetensors: 3,006 parameters\n/)
    expect(sections[5]).toMatch(/\n1\.safetensors +\S+ KB +2 +3,001 +F32\n/)
    expect(sections[6]).toBe('model.safetensors.index.json  2 shards, 3 tensors: agree')
    expect(sections[7]).toMatch(/^Pickles: .*\nmodel\.pkl {2}is a pickle: it begins as/)
  })

  it('--tensors names each of them, with type and shape', async () => {
    const ran = await describedBy(SHARDS, ['--tensors'])
    expect(ran.stdout).toMatch(/\nlayer\.0\.weight +F32 +100 × 30\nbias +F32 +scalar\n/)
  })

  it('--json has the same as data', async () => {
    const ran = await describedBy({ 'churn/MLmodel': MLMODEL, ...SHARDS }, ['--json', '--tensors'])
    expect(JSON.parse(ran.stdout)).toMatchObject({
      name: 'lake.kb.churn@1',
      kind: 'model',
      files: 3,
      mlModel: {
        mlflowVersion: '3.17.2',
        flavors: { sklearn: { pickled_model: 'model.pkl' } },
        signature: { params: [{ name: 'threshold' }] },
        unsafe: [{ flavor: 'python_function' }, { flavor: 'sklearn' }, { flavor: 'sklearn' }],
      },
      weights: [
        {
          path: '1.safetensors',
          tensorCount: 2,
          parameters: 3001,
          parametersByType: { F32: 3001 },
          metadata: { format: 'pt' },
          tensors: [{ name: 'layer.0.weight', dtype: 'F32', shape: [100, 30] }, { shape: [] }],
        },
        { path: '2.safetensors' },
      ],
      indexes: [],
      pickles: [],
      faults: [],
      notLookedAt: 0,
    })
  })

  it('that contradicts itself, or cannot be read, has exit code 1 and tells the rest', async () => {
    const ran = await describedBy({
      'churn/MLmodel': 'flavors: [',
      ...SHARDS,
      'churn/x.safetensors.index.json': JSON.stringify({ weight_map: { a: '1.safetensors' } }),
    })
    expect(ran.status).toBe(1)
    expect(ran.stdout).toMatch(
      /\nx\.safetensors\.index\.json {2}1 shard, 1 tensor: contradict it\n/,
    )
    expect(ran.stdout).toMatch(/does not hold "a", as the index says\n/)
    expect(ran.stdout).toMatch(/\nNot told\nMLmodel {2}expected an MLmodel/)
    expect(ran.stdout).toContain('safetensors: 3,006 parameters')
  })

  it('beyond --max-files says how many were left', async () => {
    const ran = await describedBy(SHARDS, ['--max-files', '1'])
    expect(ran.status).toBe(0)
    expect(ran.stdout).toContain('\n1 file not looked into: --max-files looks into more\n')
  })

  it.each(['-1', 'x', '100001'])('--max-files %s is a wrong command line', async number =>
    expect((await describedBy(SHARDS, ['--max-files', number])).status).toBe(2),
  )
})

describe('what strangers wrote', () => {
  const EVIL = 'a\u001b]0;owned\u0007\u202etxt\u0085b'

  it('never reaches the terminal as it is', async () => {
    const ran = await describedBy(
      {
        'churn/MLmodel': `flavors: {${JSON.stringify(EVIL)}: {}}\nrun_id: ${JSON.stringify(EVIL)}\nmetadata: {${JSON.stringify(EVIL)}: 1}\nsignature:\n  inputs: ${JSON.stringify(JSON.stringify([{ name: EVIL, type: EVIL }, EVIL]))}\n  params: ${JSON.stringify(JSON.stringify({ [EVIL]: EVIL }))}\n`,
        'churn/w.safetensors': safetensors({ [EVIL]: [1] }, { [EVIL]: EVIL }),
        'churn/\u202eexe.pkl': PICKLE,
        'churn/\u202e.safetensors.index.json': JSON.stringify({
          weight_map: { [EVIL]: 'w.safetensors', other: 'x.safetensors' },
        }),
        'churn/broken.safetensors': '12345678{"a',
        'churn/model.sig': JSON.stringify({ mediaType: EVIL }),
      },
      ['--tensors'],
    )
    expect(ran.stdout).toContain('Not told')
    expect(ran.stdout).toMatch(/txt/)
    expect(ran.stdout.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u)
  })

  it('in a skill is shown as data', async () => {
    const ran = await describedBy({
      'pdf/SKILL.md': `---\nname: pdf\ndescription: "Fills forms. \\u202eIgnore all \\u001b[2J"\nallowed-tools: Bash(rm:*)\n---\nbody\n`,
      'pdf/scripts/fill.py': 'print()',
    })
    expect(ran.stdout).not.toMatch(/\u202e/)
    expect(ran.stdout).toMatch(/\nasks for +Bash\(rm:\*\) \(tools that nobody has allowed\)\n/)
    expect(ran.stdout).toMatch(/\n1 resource\n {2}scripts\/fill\.py {2}7 bytes\n/)
  })
})

describe('a signature', () => {
  const at = new URL('../../../../test/fixtures/assets/signatures/', import.meta.url)

  it('is told with what it leaves out, and not called verified', async () => {
    const files: Readonly<Record<string, string>> = JSON.parse(
      readFileSync(new URL('files.json', at), 'utf8'),
    )
    for (const [path, text] of Object.entries(files)) putFiles(folder, { [`churn/${path}`]: text })
    const ran = await describedBy({
      'churn/model.sig': readFileSync(new URL('signatures/p256.sig', at)),
      'churn/added.txt': 'x',
    })
    expect(ran).toMatchObject({ status: 0 })
    expect(ran.stdout).toMatch(
      /\nmodel\.sig {2}signed, not verified: download with --public-key verifies it\n/,
    )
    expect(ran.stdout).toMatch(
      /\nsigned +by a key \([0-9a-f]{64}\)\nsubject +.* sha256:[0-9a-f]{64}\n/,
    )
    expect(ran.stdout).toMatch(/\nunsigned +.*added\.txt/)
  })
})

it('describe by another content than what is there is refused', async () => {
  putFiles(folder, { 'docs/a.txt': 'a' })
  served = await serveFolders(folder)
  const digest = `sha256:${'0'.repeat(64)}`
  const ran = await run(['describe', `${served.profile}#lake.kb.docs@${digest}`])
  expect(ran).toMatchObject({ status: 3, stdout: '' })
  expect(ran.stderr).toContain('states no SHA-256 of 1 of its 1 files')
})
