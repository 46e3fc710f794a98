import {
  type Accepts,
  type DataFile,
  type FileShapes,
  type Snapshot,
  throwIfCancelled,
} from '@spillway/core'
import type { Misfit } from '../recipient/misfit.js'
import type { FittedFile } from './fitted-files.js'
import { Fitter } from './fitter.js'

export interface SurveyOptions {
  /** Kinds of recipients, by a name for each. */
  readonly recipients: ReadonlyMap<string, Accepts>
  readonly shapes: FileShapes
  /** True for files that can be served under other footers than their own. */
  readonly canView?: ((path: string) => boolean) | undefined
  /** Files whose footers are read; all by default. */
  readonly maxFiles?: number
  readonly signal?: AbortSignal | undefined
}

/** What the footers of a table's files say of how recipients would read them, deletes left aside. */
export interface FileSurvey {
  /** Files that were looked at, the first of the table's. */
  readonly files: number
  /** False where there are more. */
  readonly complete: boolean
  readonly withoutIds: number
  readonly recipients: ReadonlyMap<string, RecipientSurvey>
}

export interface RecipientSurvey {
  readonly asTheyAre: number
  /** Served under another footer, which takes no staging. */
  readonly viewed: number
  /** In parts or rewritten, which takes staging. */
  readonly rewritten: number
  readonly refused: number
  /** Why not as they are: one reason of each kind, and how many files are of it, most first. */
  readonly misfits: readonly { readonly misfit: Misfit; readonly files: number }[]
}

const FILES_AT_ONCE = 1024

/** Reads footers; undefined where the table's metadata tells all there is to know, and none has to be read. */
export async function surveyFiles(
  snapshot: Snapshot,
  { recipients, shapes, canView, maxFiles = Infinity, signal }: SurveyOptions,
): Promise<FileSurvey | undefined> {
  const tallies = new Map(
    [...recipients].map(([name, accepts]) => {
      const exact = { snapshot, accepts, shapes, canView }
      return [
        name,
        { fitter: new Fitter(exact, { footersAlone: true }), tally: new Tally() },
      ] as const
    }),
  )
  if (![...tallies.values()].some(({ fitter }) => fitter.reads)) return undefined
  let files = 0
  let withoutIds = 0
  let complete = true
  for await (const found of liveFiles(snapshot, signal)) {
    const some = found.slice(0, maxFiles - files)
    const parquet = some.filter(({ fileFormat }) => fileFormat === 'parquet')
    for (const { hasFieldIds } of await shapes.of(parquet, signal)) if (!hasFieldIds) withoutIds++
    for (const { fitter, tally } of tallies.values()) {
      for (const fitted of await fitter.fit(some, signal)) tally.add(fitted)
    }
    files += some.length
    if (some.length === found.length) continue
    complete = false
    break
  }
  const told = [...tallies].map(([name, { tally }]) => [name, tally.survey()] as const)
  return { files, complete, withoutIds, recipients: new Map(told) }
}

async function* liveFiles(
  { files: { handles } }: Snapshot,
  signal?: AbortSignal,
): AsyncGenerator<readonly DataFile[]> {
  for (const handle of handles) {
    const loaded = await handle.load(signal)
    for (let start = 0; start < loaded.live.length; start += FILES_AT_ONCE) {
      throwIfCancelled(signal)
      yield await loaded.files(loaded.live.subarray(start, start + FILES_AT_ONCE), signal)
    }
  }
}

class Tally {
  #asTheyAre = 0
  #viewed = 0
  #rewritten = 0
  #refused = 0
  readonly #misfits = new Map<Misfit['kind'], { readonly misfit: Misfit; files: number }>()

  add({ misfit, view, split }: FittedFile): void {
    if (misfit?.rewritable === false) this.#refused++
    else if (misfit !== undefined || split !== undefined) this.#rewritten++
    else if (view !== undefined) this.#viewed++
    else this.#asTheyAre++
    if (misfit === undefined) return
    const known = this.#misfits.get(misfit.kind) ?? { misfit, files: 0 }
    known.files++
    this.#misfits.set(misfit.kind, known)
  }

  survey(): RecipientSurvey {
    return {
      asTheyAre: this.#asTheyAre,
      viewed: this.#viewed,
      rewritten: this.#rewritten,
      refused: this.#refused,
      misfits: [...this.#misfits.values()].sort((a, b) => b.files - a.files),
    }
  }
}
