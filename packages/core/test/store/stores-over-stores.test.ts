import { budgetsOf, fencedStore, type ObjectStore, withBudgets } from '@spillway/core'
import { expect, it } from 'vitest'

/** A store with links: what it was fenced by is what it answers. */
function linked(fence?: readonly string[]): ObjectStore {
  return {
    get: async () => undefined,
    head: async () => ({ path: JSON.stringify(fence), size: 0, lastModified: 0 }),
    async *list() {},
    async *listPrefixes() {},
    within: ({ folders }) => linked(folders),
    openLocal: async path => ({ path, size: 0, close: async () => undefined }),
  }
}

it('keep the fence behind limits, and limits behind the fence', async () => {
  const source = { location: 'file:///lake/t' }
  const store = fencedStore(withBudgets(linked(), { columns: 7 }), source)
  expect(budgetsOf(store).columns).toBe(7)
  expect((await store.head('file:///lake/t/x'))!.path).toBe('["/lake/t/"]')
  expect(await store.openLocal!('file:///lake/t/x')).toMatchObject({ path: 'file:///lake/t/x' })
  await expect(store.head('file:///lake/u/x')).rejects.toMatchObject({
    code: 'UNSUPPORTED_FEATURE',
  })
  await expect(store.openLocal!('file:///lake/u/x')).rejects.toThrow()
})
