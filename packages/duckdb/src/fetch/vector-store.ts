import type { ObjectStore } from '@spillway/core'
import { vectorKeyOf } from '../share/urls-again.js'
import type { ByteSource } from './byte-source.js'

/** Deletion vectors of a scan, as readers of vectors look for them. */
export function vectorStore(reader: ByteSource): ObjectStore {
  return {
    async get(path, { range, signal } = {}) {
      if (range === undefined || 'suffix' in range) return undefined
      const object = { key: vectorKeyOf(path), size: undefined }
      const bytes = await reader.bytes(object, range, signal)
      return { bytes, meta: { path, size: bytes.length, lastModified: 0 } }
    },
    async head() {
      return undefined
    },
    async *list() {
      // Vectors are known by their files alone.
    },
    async *listPrefixes() {
      // Likewise.
    },
  }
}
