import {
  type Accepts,
  type DataFile,
  type Snapshot,
  tableRoots,
  type UrlSigner,
} from '@spillway/core'
import { expect, it } from 'vitest'
import { createMetrics } from '../../src/calls/metrics.js'
import { makeExact } from '../../src/exact/exact-files.js'
import type { FittedFile } from '../../src/fitting/fitted-files.js'
import type { ExactRows } from '../../src/recipient/exact-rows.js'
import { OutsideFinder } from '../../src/roots/outside-files.js'
import { signExact, signerAmong, signingWaits } from '../../src/signing/sign-exact.js'
import { plainBatches, signPlain } from '../../src/signing/sign-plain.js'
import { dataFile, LOCATION, scriptedSigner, snapshotOf, vector } from '../support/table.js'

const SOURCE = { location: LOCATION }

/** Every way in which a file may need more than a URL, beside none. */
const FITTED: readonly FittedFile[] = [
  { file: dataFile('plain') },
  { file: dataFile('imported', { imported: true }) },
  { file: dataFile('counted', { recordCount: 0, contradicted: [1] }) },
  { file: dataFile('empty'), isEmpty: true },
  { file: dataFile('misread'), misfit: { kind: 'name', column: 'id', reason: 'is odd' } },
  {
    file: dataFile('refused'),
    misfit: { kind: 'name', column: 'id', reason: 'is odd', rewritable: false },
  },
  { file: dataFile('viewed'), view: [] },
  { file: dataFile('in-parts'), split: [] },
  { file: dataFile('with-vector', { deletes: [vector('dv.bin')] }) },
  { file: dataFile('with-logs', { logFiles: [{ path: `${LOCATION}/log`, size: 1 }] }) },
  { file: dataFile('foreign', { fileFormat: 'orc' }) },
  { file: dataFile('logs', { fileFormat: 'hudi-log' }) },
]

const ACCEPTS: Accepts = { features: new Set(), inlineVectorBytes: 64 }

function exactOf(snapshot: Partial<Snapshot>, accepts = ACCEPTS): ExactRows {
  const table = snapshotOf(SOURCE, { files: [] })
  return { snapshot: { ...table, ...snapshot }, accepts }
}

it.each([
  ['a table that fits', exactOf({}), ['plain', 'imported', 'counted']],
  [
    'a table whose columns are renamed in its files',
    exactOf({ features: new Set(['columnMapping']) }),
    [],
  ],
  [
    'the same for who maps names, and applies vectors',
    exactOf(
      { features: new Set(['columnMapping', 'deletionVectors']) },
      {
        ...ACCEPTS,
        features: new Set(['columnMapping', 'deletionVectors']),
      },
    ),
    ['plain', 'imported', 'counted'],
  ],
])('what is plain of %s goes out as it is', async (_, exact, expected) => {
  const isPlain = plainBatches(exact)
  const plain = FITTED.filter(fitted => isPlain([fitted]))
  expect(plain.map(({ file }) => file.recordedPath)).toEqual(expected)
  for (const fitted of plain) expect(await makeExact(fitted, exact)).toEqual([fitted])
  expect(plain.length > 0 && isPlain(plain)).toBe(plain.length > 0)
  expect(isPlain([...plain, FITTED.at(-1)!])).toBe(false)
})

/** What `sign` answers, and what it asked and counted. */
async function signed(
  sign: typeof signPlain,
  files: readonly DataFile[],
  signers: readonly UrlSigner[],
) {
  const asked: unknown[] = []
  const heard = signers.map(
    (signer): UrlSigner => ({
      ...signer,
      sign(paths, { signal: _, ...options }) {
        asked.push([[...paths], options])
        return signer.sign(paths, options)
      },
    }),
  )
  const counted: unknown[] = []
  const context = {
    signerFor: signerAmong(heard),
    roots: tableRoots(SOURCE),
    staging: [],
    outside: new OutsideFinder(),
    metrics: createMetrics({ count: (name, value) => counted.push([name, value]) }),
    clock: () => 1000,
    expiresInSeconds: 60,
    audience: 'the reader',
    waits: signingWaits(undefined),
  }
  try {
    return { files: await sign(files, context), asked, counted }
  } catch (error) {
    return { error, asked }
  } finally {
    context.waits.end()
  }
}

const ofHalf: UrlSigner = { ...scriptedSigner(), covers: path => path.endsWith('0') }

const ODD_NAMES = [
  'a b',
  'a+b',
  '100%',
  'x=a%20b/c',
  'é',
  '😀/日本',
  `q'u"o`,
  'a..b',
  '..a/b',
  'a//b',
  '',
]

it.each([
  ['one signer', ODD_NAMES, [scriptedSigner()]],
  ['several signers', ['f0', 'f1', 'f10', 'f2'], [ofHalf, scriptedSigner()]],
  ['no file', [], [scriptedSigner()]],
  ['a file that nobody signs', ['f0', 'f1'], [ofHalf]],
  ['a file outside of the table', ['a', 'file:///elsewhere/b', 'c'], [scriptedSigner()]],
  ['a file that climbs', ['a', 'x/../../b'], [scriptedSigner()]],
  ['a file that climbs encoded', ['a', 'x/%2e%2e/b'], [scriptedSigner()]],
  ['a name with a NUL', ['a', 'b\0'], [scriptedSigner()]],
] as const)('signs plain files as it signs any others: %s', async (_, names, signers) => {
  const files = names.map(name => dataFile(name))
  const plain = await signed(signPlain, files, signers)
  const general = await signed(
    (some, context) =>
      signExact(
        some.map(file => ({ file })),
        context,
      ),
    files,
    signers,
  )
  // Of nothing the general way counts nothing signed.
  const counted = names.length === 0 ? [] : general.counted
  expect(plain).toEqual({ ...general, ...(plain.counted && { counted }) })
  expect(plain.files === undefined).toBe('error' in plain)
})
