import { nextTurn, type Selection, Slices, TableError } from '@spillway/core'
import type { ActionSink, CommitInfo, FileAction, Sidecar } from '../actions/actions.js'
import { identityBytes } from '../actions/file-key.js'
import { BatchBuilder, foldBatches } from '../files/batch-builder.js'
import { type DeltaBatch, MANY_ROWS } from '../files/delta-batch.js'
import { KeyIndex } from './key-index.js'

/** Adds of some commits, and which of them later commits left alive. */
export interface CommitRun {
  readonly batch: DeltaBatch
  readonly live: Selection
}

/** FileBatch's limit. */
const MAX_ROWS = 1 << 20
const DEAD = -1

/**
 * Replays log files from the oldest to the newest: the last action about a file wins. Every file named is in `keys`,
 * added or removed, so that older batches can give up what this run replaces (PROTOCOL.md, "Action Reconciliation").
 */
export class CommitReplay implements ActionSink {
  readonly keys = new KeyIndex()
  protocolJson: string | undefined
  metadataJson: string | undefined
  info: CommitInfo | undefined
  removes = 0
  readonly sidecars: Sidecar[] = []
  readonly #location: string
  readonly #builders: BatchBuilder[] = []
  /** Dead rows by builder: one byte a row, 1 where a later action took the file away. */
  readonly #dead: Uint8Array[] = []

  constructor(location: string) {
    this.#location = location
  }

  file(action: FileAction): void {
    if (action.kind === 'cdc') return
    const entry = this.keys.add(identityBytes(this.#location, action.path, action.vector))
    const place = this.keys.placeOf(entry)
    if (place !== DEAD) this.#kill(place)
    if (action.kind === 'remove') {
      this.removes++
      this.keys.setPlace(entry, DEAD)
    } else this.keys.setPlace(entry, this.#add(action))
  }

  protocol(json: string): void {
    this.protocolJson = json
  }

  metadata(json: string): void {
    this.metadataJson = json
  }

  commitInfo(info: CommitInfo): void {
    this.info = info
  }

  sidecar(sidecar: Sidecar): void {
    this.sidecars.push(sidecar)
  }

  #add(action: FileAction): number {
    if (!(action.size >= 0)) {
      const path = new TextDecoder().decode(action.path)
      throw new TableError('TABLE_CORRUPT', 'an add action has no size', { context: { path } })
    }
    let builder = this.#builders.at(-1)
    if (builder === undefined || builder.length >= MAX_ROWS) {
      builder = new BatchBuilder(this.#location)
      this.#builders.push(builder)
      this.#dead.push(new Uint8Array(64))
    }
    const row = builder.append(action)
    return (this.#builders.length - 1) * MAX_ROWS + row
  }

  #kill(place: number): void {
    const index = Math.floor(place / MAX_ROWS)
    const row = place % MAX_ROWS
    const dead = this.#dead[index]!
    if (row >= dead.length) {
      const grown = new Uint8Array(Math.min(MAX_ROWS, Math.max(row + 1, dead.length * 4)))
      grown.set(dead)
      this.#dead[index] = grown
    }
    this.#dead[index]![row] = 1
  }

  /** Batches of what is alive. Where many rows are not, only the others are kept. */
  async finish(): Promise<CommitRun[]> {
    const runs: CommitRun[] = []
    for (const [index, builder] of this.#builders.entries()) {
      const batch = builder.finish()
      if (batch.length > MANY_ROWS) await nextTurn()
      const live = liveRows(batch.length, this.#dead[index]!)
      if (live.length > 0) runs.push(await compacted(this.#location, { batch, live }))
      if (batch.length > MANY_ROWS) await nextTurn()
    }
    return runs
  }
}

function liveRows(length: number, dead: Uint8Array): Selection {
  const live = new Uint32Array(length)
  let count = 0
  for (let row = 0; row < length; row++) if (dead[row] !== 1) live[count++] = row
  return live.slice(0, count)
}

async function compacted(location: string, run: CommitRun): Promise<CommitRun> {
  if (run.live.length * 4 >= run.batch.length * 3) return run
  return fold(location, [run])
}

async function fold(location: string, runs: readonly CommitRun[]): Promise<CommitRun> {
  const batch = await foldBatches(location, runs)
  return { batch, live: liveRows(batch.length, NOTHING_DEAD) }
}

const NOTHING_DEAD = new Uint8Array(0)

/**
 * Appends new runs and folds neighbours of like size, so that n commits make about log2(n) batches and each file is
 * copied about as often.
 */
export async function foldRuns(
  location: string,
  runs: readonly CommitRun[],
  added: readonly CommitRun[],
): Promise<CommitRun[]> {
  const folded = runs.filter(run => run.live.length > 0)
  for (const run of added) {
    folded.push(run)
    while (mustFold(folded)) {
      const [older, newer] = folded.splice(-2) as [CommitRun, CommitRun]
      folded.push(await fold(location, [older, newer]))
    }
  }
  return folded
}

function mustFold(runs: readonly CommitRun[]): boolean {
  const newer = runs.at(-1)
  const older = runs.at(-2)
  if (newer === undefined || older === undefined) return false
  const together = older.live.length + newer.live.length
  return together <= MAX_ROWS && older.live.length < newer.live.length * 2
}

/** `live` without the files that `keys` names; in slices, since each look may be at memory far away. */
export async function subtract(
  batch: DeltaBatch,
  live: Selection,
  keys: KeyIndex,
): Promise<Selection> {
  if (keys.size === 0 || live.length === 0) return live
  const lanes = new Uint32Array(batch.key.buffer, batch.key.byteOffset, batch.key.length * 2)
  const slices = new Slices()
  let kept: Uint32Array | undefined
  let count = 0
  for (let i = 0; i < live.length; i++) {
    if (slices.isOver) await slices.pause()
    const row = live[i]!
    const gone = keys.has(lanes[row * 2]!, lanes[row * 2 + 1]!, () => batch.identity(row))
    if (gone && kept === undefined) {
      kept = live.slice()
      count = i
    } else if (!gone && kept !== undefined) kept[count++] = row
  }
  return kept === undefined ? live : kept.slice(0, count)
}
