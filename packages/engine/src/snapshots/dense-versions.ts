import {
  type ChangeSet,
  type Snapshot,
  type SnapshotRef,
  TableError,
  type TableReader,
  type TableSource,
} from '@spillway/core'
import { sourceKey } from './table-resolver.js'
import { withMembers } from './with-members.js'

/**
 * A reader whose versions are counted from 1, as a sharing wire needs them (docs/decisions/0006): streaming clients ask
 * for windows of a hundred numbers. A reader whose own versions already are such numbers is returned as it is.
 */
export function denseVersions(reader: TableReader): TableReader {
  const { versions, changes } = reader
  if (versions === undefined) return reader
  const numbers = numbering((source, signal) => versions.call(reader, source, signal))

  async function native(source: TableSource, ref: SnapshotRef, signal?: AbortSignal) {
    if (ref.kind !== 'version') return ref
    return {
      kind: 'version',
      version: await numbers.nativeOf(source, ref.version, signal),
    } as const
  }

  return {
    ...reader,
    async resolve(source, ref, signal) {
      const resolved = await reader.resolve(source, await native(source, ref, signal), signal)
      return { ...resolved, version: await numbers.numberOf(source, resolved.version, signal) }
    },
    snapshot: numberedSnapshots(reader, numbers, native),
    ...(changes && {
      async *changes(source, range, signal) {
        const startVersion = await numbers.nativeOf(source, range.startVersion, signal)
        const endVersion = await numbers.nativeOf(source, range.endVersion, signal)
        const sets = changes.call(reader, source, { ...range, startVersion, endVersion }, signal)
        for await (const set of sets) yield numberedSet(source, set, numbers, signal)
      },
    }),
  }
}

type ToNative = (
  source: TableSource,
  ref: SnapshotRef,
  signal?: AbortSignal,
) => Promise<SnapshotRef>

function numberedSnapshots(
  reader: TableReader,
  numbers: Numbering,
  native: ToNative,
): TableReader['snapshot'] {
  const originals = new WeakMap<Snapshot, Snapshot>()
  const renumbered = new WeakMap<Snapshot, Snapshot>()
  return async (source, options = {}) => {
    const { at, previous, signal } = options
    const before = previous && originals.get(previous)
    const snapshot = await reader.snapshot(source, {
      signal,
      ...(at && { at: await native(source, at, signal) }),
      previous: before,
    })
    const known = renumbered.get(snapshot)
    if (known !== undefined) return known
    const version = await numbers.numberOf(source, snapshot.version, signal)
    const numbered = withMembers(snapshot, { version })
    originals.set(numbered, snapshot)
    renumbered.set(snapshot, numbered)
    return numbered
  }
}

async function numberedSet(
  source: TableSource,
  set: ChangeSet,
  numbers: Numbering,
  signal?: AbortSignal,
): Promise<ChangeSet> {
  const version = await numbers.numberOf(source, set.version, signal)
  return {
    ...set,
    version,
    ...(set.metadata && { metadata: withMembers(set.metadata, { version }) }),
  }
}

type ListVersions = (source: TableSource, signal?: AbortSignal) => Promise<readonly bigint[]>

type Numbering = ReturnType<typeof numbering>

/** Native versions by number and back. A list is read anew only for a version it does not hold. */
function numbering(list: ListVersions) {
  const lists = new Map<string, readonly bigint[]>()

  async function read(source: TableSource, signal?: AbortSignal): Promise<readonly bigint[]> {
    const versions = await list(source, signal)
    lists.set(sourceKey(source), versions)
    return versions
  }

  return {
    /** 0 for the version of a table that was never written to. */
    async numberOf(source: TableSource, native: bigint, signal?: AbortSignal): Promise<bigint> {
      if (native === 0n) return 0n
      const known = lists.get(sourceKey(source))?.lastIndexOf(native) ?? -1
      const index = known >= 0 ? known : (await read(source, signal)).lastIndexOf(native)
      if (index >= 0) return BigInt(index + 1)
      throw new TableError(
        'TABLE_CORRUPT',
        `version ${native} is not among the table's versions: it was taken back while it was read`,
        { context: { version: native, location: source.location } },
      )
    },
    async nativeOf(source: TableSource, number: bigint, signal?: AbortSignal): Promise<bigint> {
      if (number === 0n) return 0n
      const known = lists.get(sourceKey(source))?.[Number(number) - 1]
      const native = known ?? (await read(source, signal))[Number(number) - 1]
      if (native !== undefined) return native
      throw new TableError('INVALID_REQUEST', `the table has no version ${number}`, {
        context: { version: number },
      })
    },
  }
}
