import type { UrlSigner } from '@spillway/core'
import { deltaReader } from '@spillway/delta'
import { createBatchCache, createEngine } from '@spillway/engine'
import { localStore } from '@spillway/storage'
import { s3Signer } from '@spillway/storage/s3'
import type { GeneratedTable } from './delta-table.js'
import type { Measured } from './measure.js'
import { ordersShare } from './orders-share.js'

/** Signs local paths as if they were objects of a bucket: what signing and streaming cost, without a store. */
export function bucketSigner(): UrlSigner {
  const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'a secret that opens nothing' }
  const signer = s3Signer({ region: 'eu-west-1', credentials })
  return {
    covers: path => path.startsWith('file://'),
    sign: (paths, options) =>
      signer.sign(
        paths.map(path => path.replace('file:///', 's3://lake/')),
        options,
      ),
  }
}

/**
 * Every line of an unfiltered query, planned, signed, encoded and read by a recipient that keeps nothing. Memory is
 * sampled after a tenth of the lines and at the end: it must not grow with their number.
 */
export async function streamQuery(table: GeneratedTable): Promise<Measured> {
  const store = localStore()
  const cache = createBatchCache({ maxBytes: 2 ** 31 })
  const engine = createEngine({
    readers: [deltaReader({ store, cache })],
    signers: [bucketSigner()],
  })
  const ask = ordersShare(engine, `file://${table.path}`)
  // The first answer loads the snapshot and fills the caches to their budgets; what is measured is the second.
  await read(await ask({}), table.files)
  const start = performance.now()
  const facts = await read(await ask({}), table.files)
  return { ms: [performance.now() - start], facts }
}

async function read(response: Response, files: number): Promise<Record<string, number>> {
  if (!response.ok) throw new Error(await response.text())
  const start = performance.now()
  let lines = 0
  let bytes = 0
  let firstByteMs = 0
  let early = 0
  let peak = 0
  for await (const chunk of response.body!) {
    if (bytes === 0) firstByteMs = performance.now() - start
    bytes += chunk.length
    lines += newlinesIn(chunk)
    const rss = process.memoryUsage.rss() / 2 ** 20
    peak = Math.max(peak, rss)
    if (early === 0 && lines >= files / 10) early = rss
  }
  return {
    lines,
    mb: Math.round(bytes / 2 ** 20),
    firstByteMs: Math.round(firstByteMs),
    rssAfterTenthMb: Math.round(early),
    rssPeakMb: Math.round(peak),
  }
}

function newlinesIn(chunk: Uint8Array): number {
  let count = 0
  for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) count++
  return count
}
