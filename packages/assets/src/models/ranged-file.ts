import { corrupt, type ObjectMeta, type ObjectStore, readListed, TableError } from '@spillway/core'

/** A file of which parts are read. */
export interface RangedFile {
  /** For errors. */
  readonly path: string
  /** Bytes. */
  readonly size: number
  /** The bytes from `start` up to `end`, which lies behind the last. */
  read(start: number, end: number, signal?: AbortSignal): Promise<Uint8Array>
}

/** A listed object of a store. */
export function storedFile(
  store: ObjectStore,
  { path, size }: Pick<ObjectMeta, 'path' | 'size'>,
): RangedFile {
  return {
    path,
    size,
    read: async (start, end, signal) => {
      const bytes = await readListed(store, { path, size }, { range: { start, end }, signal })
      if (bytes !== undefined) return bytes
      throw new TableError('NOT_FOUND', 'the file is gone since it was listed', {
        context: { path },
      })
    },
  }
}

/** `file.read`, within the file, and held to the length that was asked for. */
export async function readRange(
  file: RangedFile,
  { start, end }: { readonly start: number; readonly end: number },
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const [from, to] = [Math.max(0, start), Math.min(end, file.size)]
  if (from >= to) return new Uint8Array(0)
  const bytes = await file.read(from, to, signal)
  if (bytes.length === to - from) return bytes
  const reason = `${to - from} bytes from byte ${from} on were asked for, ${bytes.length} came`
  throw corrupt('a file as it was listed', reason, { path: file.path })
}
