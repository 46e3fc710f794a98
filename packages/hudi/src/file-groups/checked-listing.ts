import { inSlices, type ObjectStore, type Slices, TableError } from '@spillway/core'
import { type FileSlice, type ListedFile, latestSlices, type Visibility } from './file-slices.js'
import { type Listing, listFolder, listStorage } from './listing.js'
import { type MissingFile, missingFile, type ProvenFiles } from './proven-files.js'

/** What the files of a snapshot are held against. */
export interface ListingProof {
  readonly proven: ProvenFiles
  /** `proven` less what writes replaced that have been archived since: asked for only where something is missing. */
  readonly settled: () => Promise<ProvenFiles>
  /** Completion of the snapshot's write, where later ones may have had its files cleaned. */
  readonly asOf: string | undefined
  readonly store: ObjectStore
  readonly root: string
}

/**
 * `listing`, if it has every partition of which writes say that it holds files. One that an index lost is looked for in
 * the folders; one that they lack has lost rows.
 */
export async function checkedListing<L extends { readonly listing: Listing }>(
  found: L,
  proof: ListingProof,
  signal?: AbortSignal,
): Promise<L | { readonly listing: Listing; readonly metadataTable: undefined }> {
  if (lostPartition(found.listing, proof.proven) === undefined) return found
  const stored =
    found.listing.kind === 'storage'
      ? found.listing
      : await listStorage(proof.store, proof.root, signal)
  const lost = lostPartition(stored, proof.proven) && lostPartition(stored, await proof.settled())
  if (lost !== undefined) throw missingError(lost.partition, lost.missing, proof.asOf)
  return stored === found.listing ? found : { listing: stored, metadataTable: undefined }
}

function lostPartition(
  listing: Listing,
  proven: ProvenFiles,
): { readonly partition: string; readonly missing: MissingFile } | undefined {
  const listed = new Set(listing.partitions)
  for (const [partition, groups] of proven) {
    if (listed.has(partition)) continue
    for (const [fileId, { base, logs }] of groups) {
      const name = base?.name ?? [...logs.keys()][0]
      if (name !== undefined) return { partition, missing: { fileId, name } }
    }
  }
  return undefined
}

export interface PartitionCheck extends ListingProof {
  readonly listing: Listing
  readonly visibility: Visibility
  readonly withLogs: boolean
  /** What the partitions of one load take turns by. */
  readonly turns: Slices
  readonly signal?: AbortSignal | undefined
}

/** The live slices of one partition. What an index lacks is looked for in the folder; what that lacks is refused. */
export async function checkedSlices(
  partition: string,
  files: readonly ListedFile[],
  check: PartitionCheck,
): Promise<readonly FileSlice[]> {
  const { proven, visibility, listing, turns } = check
  const slicesOf = async (listed: readonly ListedFile[]) => ({
    files: listed,
    slices: await inSlices(latestSlices(partition, listed, visibility), turns),
  })
  const missingFrom = (found: Awaited<ReturnType<typeof slicesOf>>, by: ProvenFiles) =>
    inSlices(missingFile(by.get(partition) ?? new Map(), found, check), turns)
  let found = await slicesOf(files)
  if ((await missingFrom(found, proven)) === undefined) return found.slices
  if (listing.kind === 'metadata') {
    found = await slicesOf(await listFolder(check.store, check.root, partition, check.signal))
    if ((await missingFrom(found, proven)) === undefined) return found.slices
  }
  const missing = await missingFrom(found, await check.settled())
  if (missing === undefined) return found.slices
  throw missingError(partition, missing, check.asOf)
}

function missingError(partition: string, missing: MissingFile, asOf: string | undefined) {
  const { name, cut, fileId } = missing
  const path = partition === '' ? name : `${partition}/${name}`
  const said =
    cut === undefined
      ? `${path} is named by a completed commit and does not exist`
      : `${path} has ${cut.listed} bytes, of which a completed commit wrote ${cut.written}`
  const context = { path, fileId }
  if (asOf === undefined) return new TableError('TABLE_CORRUPT', said, { context })
  return new TableError(
    'INVALID_REQUEST',
    `the snapshot of ${asOf} needs files that a cleaner has deleted, or that are lost: ${said}`,
    { context: { ...context, version: asOf } },
  )
}
