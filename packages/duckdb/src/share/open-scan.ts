import type { SharingClient, TableAnswer } from '@spillway/client'
import { type AnswerHeader, headerText } from '@spillway/client'
import { type DataFile, type Predicate, type Snapshot, throwIfCancelled } from '@spillway/core'
import { planScan } from '@spillway/planner'
import type { DeltaFileAction, MetadataFacts } from '@spillway/protocol'
import type { PartitionExplanation } from './attached-share.js'
import { PartitionTotals } from './partition-totals.js'
import { askFiles, type ScanTarget, type SharedAction, sharedAction } from './scan-target.js'
import { sharedPath, snapshotOf } from './shared-log.js'
import { SignedObjects, type SignedUrl } from './signed-objects.js'
import { type TopRows, topFiles } from './top-files.js'
import { dataKey, urlsAgain, urlsOf, vectorKey } from './urls-again.js'

/** A data file that may hold matching rows. */
export interface SharedFile {
  /** By which its URL is known. */
  readonly key: string
  /** The file's own id: the same bytes in every answer. */
  readonly id: string
  readonly file: DataFile
  readonly change?: FileChange
}

/** What a file of a change feed says about its rows. */
interface FileChange {
  /** Absent where the file's own column says it. */
  readonly type?: 'insert' | 'delete'
  readonly version: bigint
  readonly timestamp: number
  /** The other state of the same file in the same commit: only rows that the two vectors tell apart have changed. */
  readonly other?: DataFile
}

export interface OpenScan {
  readonly target: ScanTarget
  readonly header: AnswerHeader
  /** The table's schema and properties; its files are of one batch only. */
  readonly table: Snapshot
  readonly version: bigint | undefined
  readonly files: readonly SharedFile[]
  /** True where files are not among them that hold none of the first rows, by what those that are count. */
  readonly isLeftOut: boolean
  readonly objects: SignedObjects
  readonly answered: { readonly files: number; readonly bytes: number }
  readonly total: { readonly files?: number; readonly bytes?: number }
  readonly partitions: readonly PartitionExplanation[]
}

export interface ScanRequest {
  readonly target: ScanTarget
  /** True for at least the rows that the SQL reads. */
  readonly predicate: Predicate
  readonly jsonPredicateHints?: string | undefined
  readonly predicateHints?: readonly string[]
  readonly limitHint?: number | undefined
  /** Rows that are needed, where that is not all of them. */
  readonly top?: TopRows | undefined
  readonly signal?: AbortSignal | undefined
}

/** Files of an answer that are read as one log. */
const FILES_AT_ONCE = 2000

/** Asks for the files of a scan and drops those that their own statistics rule out: not every server does. */
export async function openScan(client: SharingClient, request: ScanRequest): Promise<OpenScan> {
  const { target, predicate, top, signal, ...hints } = request
  const answer = await askFiles(client, target, { ...hints, signal })
  const collected = new ScanFiles(answer, { predicate, top, signal })
  await collected.collect()
  const files = await collected.neededFiles()
  const { version } = answer
  const refreshToken = () => answer.refreshToken()
  const again = { client, target, hints, version, refreshToken }
  const objects = new SignedObjects({ refresh: renewing => urlsAgain(again, renewing) })
  for (const [key, signed] of collected.urls) objects.set(key, signed)
  const facts: MetadataFacts = answer.metaData.metaData
  return {
    target,
    header: answer,
    table: await snapshotOf(answer, [], signal),
    version,
    files,
    isLeftOut: files.length < collected.files.length,
    objects,
    answered: collected.answered,
    total: {
      ...(facts.numFiles !== undefined && { files: Number(facts.numFiles) }),
      ...(facts.size !== undefined && { bytes: Number(facts.size) }),
    },
    partitions: collected.partitions.list(),
  }
}

class ScanFiles {
  readonly files: SharedFile[] = []
  readonly urls: (readonly [string, SignedUrl])[] = []
  readonly partitions = new PartitionTotals()
  readonly answered = { files: 0, bytes: 0 }
  readonly #answer: TableAnswer
  readonly #wanted: Pick<ScanRequest, 'predicate' | 'top' | 'signal'>
  readonly #signal: AbortSignal | undefined
  /** Of the files, where some of them may not be needed. */
  readonly #actions: SharedAction[] = []

  constructor(answer: TableAnswer, wanted: Pick<ScanRequest, 'predicate' | 'top' | 'signal'>) {
    this.#answer = answer
    this.#wanted = wanted
    this.#signal = wanted.signal
  }

  /** Those that may hold a row that is needed. */
  async neededFiles(): Promise<readonly SharedFile[]> {
    const { top } = this.#wanted
    if (top === undefined) return this.files
    const adds = this.#actions.map((shared, i) => loggedAdd(shared, i))
    const table = await snapshotOf(this.#answer, adds, this.#signal)
    const needed = await topFiles(adds, top, async predicate => {
      const found = await filesByIndex(table, predicate, this.#signal)
      return new Set(found.keys())
    })
    return this.files.filter((_, i) => needed.has(i))
  }

  async collect(): Promise<void> {
    let waiting: SharedAction[] = []
    for await (const line of this.#answer.actions) {
      const shared = sharedAction(line)
      if (shared === undefined) continue
      waiting.push(shared)
      // Both states of a file that a vector changed stand in one commit: a batch ends between commits.
      const commitEnds = waiting.at(-2)?.version !== shared.version
      if (waiting.length <= FILES_AT_ONCE || (shared.version !== undefined && !commitEnds)) continue
      waiting = await this.#take(waiting.slice(0, -1)).then(() => [shared])
    }
    await this.#take(waiting)
  }

  async #take(actions: readonly SharedAction[]): Promise<void> {
    throwIfCancelled(this.#signal)
    for (const shared of actions) {
      for (const entry of urlsOf(shared)) this.urls.push(entry)
      this.answered.files++
      this.answered.bytes += Number(shared.action.size ?? 0)
    }
    const adds = actions.map((shared, i) => loggedAdd(shared, i))
    const table = await snapshotOf(this.#answer, adds, this.#signal)
    const kept = await filesByIndex(table, this.#wanted.predicate, this.#signal)
    for (const [i, shared] of actions.entries()) {
      this.partitions.add(shared.action, kept.has(i))
      if (!kept.has(i)) continue
      this.files.push(sharedFile(shared, kept.get(i)!))
      if (this.#wanted.top !== undefined) this.#actions.push(shared)
    }
    pairStates(this.files)
  }
}

/** Names in the log say which action a file is, and where its vector is. */
function loggedAdd(shared: SharedAction, index: number): DeltaFileAction {
  const { deletionVector: vector, partitionValues = {}, size = 0, stats } = shared.action
  return {
    path: sharedPath(`files/${index}`),
    partitionValues,
    size,
    modificationTime: 0,
    dataChange: true,
    stats,
    ...(vector && {
      deletionVector:
        vector.storageType === 'p'
          ? { ...vector, pathOrInlineDv: sharedPath(encodeURIComponent(vectorKey(shared))) }
          : vector,
    }),
  }
}

async function filesByIndex(
  table: Snapshot,
  predicate: Predicate,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<number, DataFile>> {
  const kept = new Map<number, DataFile>()
  const plan = planScan(table, { predicate, signal })
  for await (const { files, selection } of plan) {
    for (const file of await files.files(selection, signal)) {
      kept.set(Number(file.path.slice(file.path.lastIndexOf('/') + 1)), file)
    }
  }
  return kept
}

function sharedFile(shared: SharedAction, file: DataFile): SharedFile {
  const { kind, id, version, timestamp } = shared
  const key = dataKey(shared)
  if (version === undefined || timestamp === undefined) return { key, id, file }
  const type = kind === 'cdc' ? {} : ({ type: kind === 'add' ? 'insert' : 'delete' } as const)
  return { key, id, file, change: { ...type, version, timestamp } }
}

/** An add and a remove of one file in one commit are its states after and before. */
function pairStates(files: SharedFile[]): void {
  const states = new Map<string, number>()
  for (const [i, { id, change }] of files.entries()) {
    if (change?.type === undefined || change.other !== undefined) continue
    const commit = `${change.version} ${id}`
    const other = states.get(commit)
    if (other === undefined) states.set(commit, i)
    else {
      const [first, second] = [files[other]!, files[i]!]
      files[other] = { ...first, change: { ...first.change!, other: second.file } }
      files[i] = { ...second, change: { ...change, other: first.file } }
    }
  }
}

/** True where the answer is about a table with other columns than were known. */
export function isChanged(scan: OpenScan, known: AnswerHeader): boolean {
  return headerText(scan.header) !== headerText(known)
}
