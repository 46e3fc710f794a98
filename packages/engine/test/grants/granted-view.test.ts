import type { Snapshot, TablePart } from '@spillway/core'
import { expect, it } from 'vitest'
import { GrantedViews } from '../../src/grants/granted-view.js'
import { dataFile, LOCATION, snapshotOf } from '../support/table.js'

const GRANT = { kind: 'alwaysTrue' } as const

function counted(): { readonly snapshot: Snapshot; readonly looks: () => number } {
  let looks = 0
  const snapshot: Snapshot = {
    ...snapshotOf({ location: LOCATION }, { files: [dataFile('a')] }),
    features: new Set(['deletionVectors']),
    unspeltPartitions: new Set([1]),
    async declaredOf(_: TablePart, signal?: AbortSignal) {
      looks++
      await new Promise(resolve => setTimeout(resolve, 20))
      signal?.throwIfAborted()
      return { features: new Set<string>() }
    },
  }
  return { snapshot, looks: () => looks }
}

it('is found once for all who ask at a time, and remembered', async () => {
  const { snapshot, looks } = counted()
  const views = new GrantedViews()
  const asked = await Promise.all(Array.from({ length: 16 }, () => views.of(snapshot, GRANT)))
  const again = await views.of(snapshot, GRANT)
  expect(new Set([...asked, again]).size).toBe(1)
  expect(looks()).toBe(1)
  expect([...again.features]).toEqual([])
  expect(again.unspeltPartitions).toBeUndefined()
  expect(views.originalOf(again)).toBe(snapshot)
  expect(views.originalOf(snapshot)).toBe(snapshot)
})

it('is not ended for others by one who leaves', async () => {
  const { snapshot, looks } = counted()
  const views = new GrantedViews()
  const gone = new AbortController()
  const left = views.of(snapshot, GRANT, gone.signal)
  const stays = views.of(snapshot, GRANT)
  gone.abort()
  await expect(left).rejects.toMatchObject({ code: 'CANCELLED' })
  expect([...(await stays).features]).toEqual([])
  expect(looks()).toBe(1)
})

it('is the snapshot itself where nothing that is declared is a fact of files', async () => {
  const snapshot = snapshotOf({ location: LOCATION }, { files: [dataFile('a')] })
  expect(await new GrantedViews().of(snapshot, GRANT)).toBe(snapshot)
})
