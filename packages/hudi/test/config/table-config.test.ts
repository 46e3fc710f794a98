import { describe, expect, it } from 'vitest'
import { at, base, body, namesOf, ROOT, tableOf } from '../support/table.js'

describe('the properties', () => {
  it('are read from their backup while a writer replaces them', async () => {
    const store = tableOf(6, { [`${at(1)}.commit`]: body() }, [base('a', 1)])
    const path = `${ROOT}/.hoodie/hoodie.properties`
    const { bytes } = (await store.get(path))!
    await store.put(`${path}.backup`, bytes)
    await store.delete(path)
    expect(await namesOf(store)).toEqual([[base('a', 1)]])
  })
})
