import type { ObjectStore, RowResolver } from '@spillway/core'
import { fileShapes } from '@spillway/encoding'
import { createBatchCache, createEngine } from '@spillway/engine'
import { icebergReader } from '@spillway/iceberg'
import { localStore } from '@spillway/storage'
import { parquetFooterFile } from '@spillway/testkit'
import { fields, type IcebergShape, icebergTable } from './iceberg-table.js'
import type { Question } from './measure.js'
import { ordersShare } from './orders-share.js'
import { bucketSigner } from './stream.js'

const REQUEST_MS = 20

/** Every request takes 20 ms. Data files are made up: the footer of each is the one of its table. */
function slowStore(footer: Uint8Array) {
  const local = localStore()
  const counts = { requests: 0, bytes: 0 }
  const slow = (inner: ObjectStore): ObjectStore => ({
    ...inner,
    // Fenced, it is as slow.
    within: fence => slow(inner.within?.(fence) ?? inner),
    async get(path, options = {}) {
      counts.requests++
      await new Promise(resolve => setTimeout(resolve, REQUEST_MS))
      const found = path.endsWith('.parquet')
        ? tailOf(path, footer, options.range)
        : await inner.get(path, options)
      counts.bytes += found?.bytes.length ?? 0
      return found
    },
  })
  return { store: slow(local), counts }
}

/** The end of a file, as long as it is asked for. */
function tailOf(
  path: string,
  footer: Uint8Array,
  range: { readonly start: number; readonly end: number } | { readonly suffix: number } | undefined,
) {
  if (range === undefined || !('end' in range)) throw new Error('expected the range of a footer')
  const bytes = new Uint8Array(range.end - range.start)
  bytes.set(
    footer.subarray(Math.max(0, footer.length - bytes.length)),
    Math.max(0, bytes.length - footer.length),
  )
  return { bytes, meta: { path, size: range.end, lastModified: 0 } }
}

/** With staging anything could be rewritten, so that no file has to be looked at before the first line; here all fit. */
const staging: RowResolver = {
  toDeletionVector: () => Promise.reject(new Error('no file has deletes')),
  splitSlice: async () => undefined,
  splitByValue: async (_, file) => [file],
  toCompleteFile: () => Promise.reject(new Error('every file fits')),
}

interface Asked {
  readonly shape: IcebergShape
  readonly selective?: boolean
  readonly staged?: boolean
}

/**
 * The first query of a server that has just begun, and its second: what it takes to know of every file that may be asked
 * for what a recipient finds in it.
 */
function query({ shape, selective = false, staged = false }: Asked): Question {
  return async (files, data) => {
    const { path, where } = await icebergTable(data, files, shape)
    const isImported = shape === 'imported'
    // Imported files have no ids and, as Hive wrote them, no column of their folder.
    const held = isImported ? fields.filter(({ name }) => name !== 'day') : fields
    const { store, counts } = slowStore(parquetFooterFile(held, [], { ids: !isImported }))
    const server = serverOver(store, { location: `file://${path}`, staged })
    const ask = async () => {
      const before = { ...counts }
      const start = performance.now()
      const found = await read(await server(selective ? where : undefined), start)
      const took = { ms: performance.now() - start, requests: counts.requests - before.requests }
      return { ...found, ...took, bytes: counts.bytes - before.bytes }
    }
    const first = await ask()
    const second = await ask()
    return {
      ms: [first.ms],
      facts: {
        lines: first.lines,
        firstByteMs: Math.round(first.firstByteMs),
        requests: first.requests,
        kb: Math.round(first.bytes / 1024),
        secondMs: Math.round(second.ms),
        secondFirstByteMs: Math.round(second.firstByteMs),
        secondRequests: second.requests,
        secondKb: Math.round(second.bytes / 1024),
      },
    }
  }
}

function serverOver(
  store: ObjectStore,
  { location, staged }: { readonly location: string; readonly staged: boolean },
) {
  const engine = createEngine({
    readers: [icebergReader({ store, cache: createBatchCache({ maxBytes: 2 ** 31 }) })],
    signers: [bucketSigner()],
    fileShapes: fileShapes({ store }),
    // The second query is of the same version.
    freshnessMs: 3_600_000,
    ...(staged && { rowResolver: staging }),
  })
  const ask = ordersShare(engine, location)
  return (where: string | undefined) =>
    ask(where === undefined ? {} : { predicateHints: [where] }, {
      'delta-sharing-capabilities':
        'responseformat=delta;readerfeatures=deletionvectors,columnmapping',
    })
}

async function read(
  response: Response,
  start: number,
): Promise<{ readonly lines: number; readonly firstByteMs: number }> {
  if (!response.ok) throw new Error(await response.text())
  const text = new TextDecoder()
  let firstByteMs = 0
  let lines = 0
  for await (const chunk of response.body!) {
    if (lines === 0) firstByteMs = performance.now() - start
    lines += text.decode(chunk).split('\n').length - 1
  }
  return { lines, firstByteMs }
}

export const footerQuestions: Readonly<Record<string, Question>> = {
  'imported-whole': query({ shape: 'imported' }),
  'imported-staged': query({ shape: 'imported', staged: true }),
  'imported-selective': query({ shape: 'imported', selective: true }),
  'native-whole': query({ shape: 'scattered' }),
  'native-staged': query({ shape: 'scattered', staged: true }),
  'native-selective': query({ shape: 'scattered', selective: true }),
}
