import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { ObjectMeta, ObjectStore } from '@spillway/core'

/** One object in memory, and the ranges that were read of it. */
export interface ByteStore {
  readonly store: ObjectStore
  readonly file: ObjectMeta
  readonly reads: { readonly start: number; readonly end: number }[]
}

export function byteStore(bytes: Uint8Array, path = 'memory://bucket/file.parquet'): ByteStore {
  const file: ObjectMeta = { path, size: bytes.length, lastModified: 0 }
  const reads: { start: number; end: number }[] = []
  const store: ObjectStore = {
    get: async (asked, options) => {
      if (asked !== path) return undefined
      const { start, end } = span(bytes.length, options?.range)
      reads.push({ start, end })
      return { bytes: bytes.subarray(start, end), meta: file }
    },
    head: async asked => (asked === path ? file : undefined),
    list: async function* () {
      yield file
    },
    listPrefixes: async function* () {},
  }
  return { store, file, reads }
}

function span(size: number, range?: { start: number; end: number } | { suffix: number }) {
  if (range === undefined) return { start: 0, end: size }
  if ('suffix' in range) return { start: Math.max(0, size - range.suffix), end: size }
  return { start: Math.min(range.start, size), end: Math.min(range.end, size) }
}

const PARQUET = new URL('../../../../test/fixtures/parquet/', import.meta.url)

export function parquetFixture(name: string): Uint8Array {
  return new Uint8Array(readFileSync(fileURLToPath(new URL(name, PARQUET))))
}
