import { describe, expect, it } from 'vitest'
import {
  BUDGET_CEILINGS,
  budgetsOf,
  DEFAULT_BUDGETS,
  type ObjectStore,
  readListed,
  readWhole,
  withBudgets,
} from '../../src/index.js'

const PATH = 's3://bucket/table/file'

/** A store that answers the lengths of `answers`, one after the other, of an object of `size` bytes. */
function answering(answers: readonly (number | undefined)[], size = 10) {
  const asked: unknown[] = []
  const meta = { path: PATH, size, lastModified: 0 }
  const store: ObjectStore = {
    async get(_, options) {
      asked.push(options?.range ?? 'whole')
      const length = answers[Math.min(asked.length, answers.length) - 1]
      return length === undefined ? undefined : { bytes: new Uint8Array(length), meta }
    },
    head: async () => meta,
    async *list() {
      yield meta
    },
    async *listPrefixes() {},
  }
  return { store, asked, file: meta }
}

const code = (work: Promise<unknown>) =>
  work.then(
    () => 'answered',
    (error: { code: string; message: string }) => `${error.code}: ${error.message}`,
  )

describe('readListed', () => {
  it('reads what was listed, once', async () => {
    const { store, file, asked } = answering([10])
    expect((await readListed(store, file))?.length).toBe(10)
    expect(asked).toEqual(['whole'])
  })

  it('asks once more where the answer has another length', async () => {
    const { store, file, asked } = answering([4, 6])
    const range = { start: 2, end: 8 }
    expect((await readListed(store, file, { range }))?.length).toBe(6)
    expect(asked).toEqual([range, range])
  })

  it.each([0, 9, 11])('refuses a listed object of 10 bytes that twice answers %d', async length => {
    const { store, file, asked } = answering([length])
    expect(await code(readListed(store, file))).toBe(
      `TABLE_CORRUPT: expected 10 bytes as the object was listed, found ${length}, twice: ${PATH}`,
    )
    expect(asked).toHaveLength(2)
  })

  it('leaves to its caller what it means that an object is gone', async () => {
    const { store, file } = answering([undefined])
    expect(await readListed(store, file)).toBeUndefined()
  })

  it('asks for nothing where more was listed than may be read', async () => {
    const { store, asked } = answering([10])
    const file = { path: PATH, size: 2 ** 40 }
    expect(await code(readListed(store, file))).toBe(
      `UNSUPPORTED_FEATURE: an object of ${2 ** 40} bytes: at most 536870912 are read; limits.objectBytes raises that (${PATH})`,
    )
    expect(asked).toEqual([])
  })
})

describe('readWhole', () => {
  it('asks for no more than may be read', async () => {
    const { store, asked } = answering([10])
    const limited = withBudgets(store, { objectBytes: 100 })
    expect((await readWhole(limited, PATH))?.bytes.length).toBe(10)
    expect(asked).toEqual([{ start: 0, end: 101 }])
  })

  it('refuses what is longer, and reads it where the limit is raised', async () => {
    const { store } = answering([10])
    const refused = readWhole(withBudgets(store, { objectBytes: 9 }), PATH, { what: 'a manifest' })
    expect(await code(refused)).toBe(
      `UNSUPPORTED_FEATURE: a manifest of 10 bytes: at most 9 are read; limits.objectBytes raises that (${PATH})`,
    )
    expect(await code(readWhole(withBudgets(store, { objectBytes: 10 }), PATH))).toBe('answered')
  })

  it('asks once more for what was cut on its way, then refuses it', async () => {
    expect(await code(readWhole(answering([4, 10]).store, PATH))).toBe('answered')
    expect(await code(readWhole(answering([4]).store, PATH))).toContain(
      'TABLE_CORRUPT: expected an object of 10 bytes, found 4, twice',
    )
  })
})

describe('withBudgets', () => {
  it('sets what is given and leaves the rest as it is', () => {
    const { store } = answering([])
    expect(budgetsOf(store)).toBe(DEFAULT_BUDGETS)
    expect(budgetsOf(withBudgets(store, { rows: 7 }))).toEqual({ ...DEFAULT_BUDGETS, rows: 7 })
  })

  it('refuses what nothing could hold', () => {
    const { store } = answering([])
    const raise = () => withBudgets(store, { documentBytes: BUDGET_CEILINGS.documentBytes + 1 })
    expect(raise).toThrow('limits.documentBytes must be between 1 and 536869888')
  })

  it('has a ceiling over every default', () => {
    for (const [key, most] of Object.entries(BUDGET_CEILINGS)) {
      expect([key, DEFAULT_BUDGETS[key as keyof typeof DEFAULT_BUDGETS] <= most]).toEqual([
        key,
        true,
      ])
    }
  })
})
