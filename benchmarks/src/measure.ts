import type { Predicate, Snapshot } from '@spillway/core'
import { planScan } from '@spillway/planner'

/** What a question's run gives; the process adds its peak memory, where it is not another's that is looked at. */
export interface Measured {
  readonly ms: readonly number[]
  readonly peakRssMb?: number
  readonly facts: Readonly<Record<string, number>>
}

export type Question = (files: number, data: string) => Promise<Measured>

const everything: Predicate = { kind: 'alwaysTrue' }

/** Survivors as row numbers: what signing and encoding start from. */
export async function countKept(snapshot: Snapshot, predicate = everything): Promise<number> {
  let kept = 0
  for await (const { selection } of planScan(snapshot, { predicate })) kept += selection.length
  return kept
}

/** Survivors in full, with their paths and deletes, as the peers give them. */
export async function nameKept(snapshot: Snapshot, predicate = everything): Promise<number> {
  let named = 0
  for await (const { files, selection } of planScan(snapshot, { predicate })) {
    named += (await files.files(selection)).length
  }
  return named
}

export async function timed(action: () => Promise<number>, repeat = 1): Promise<Measured> {
  const ms: number[] = []
  let found = 0
  for (let i = 0; i < repeat; i++) {
    const start = performance.now()
    found = await action()
    ms.push(performance.now() - start)
  }
  return { ms, facts: { found } }
}
