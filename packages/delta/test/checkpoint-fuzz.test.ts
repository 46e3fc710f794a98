import { isTableError, selectAll } from '@spillway/core'
import { memoryStore } from '@spillway/storage'
import { quickOr } from '@spillway/testkit'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { goldenLog } from './support/golden-log.js'
import { readerOf } from './support/open-table.js'

const damage = fc.record({
  at: fc.double({ min: 0, max: 0.999999, noNaN: true }),
  byte: fc.nat(255),
})

describe('a damaged checkpoint', () => {
  it.each([
    'checkpoint-without-log',
    'checkpoint-multipart',
    'checkpoint-v2-parquet',
    'rs-checkpoint-struct-stats',
  ])('%s is read or refused with an error of its own', async table => {
    const log = goldenLog(table)
    const parquet = [...log.keys()].filter(path => path.endsWith('.parquet'))
    expect(parquet.length).toBeGreaterThan(0)
    const check = async (
      file: number,
      damages: readonly { at: number; byte: number }[],
      cut: boolean,
    ) => {
      const path = parquet[file % parquet.length]!
      const bytes = Uint8Array.from(log.get(path)!)
      for (const { at, byte } of damages) bytes[Math.floor(at * bytes.length)] = byte
      const last = Math.floor((damages[0]?.at ?? 0) * bytes.length)
      const objects = new Map(log).set(path, cut ? bytes.subarray(0, last) : bytes)
      const { reader, source } = readerOf(memoryStore({ objects }))
      try {
        const snapshot = await reader.snapshot(source)
        for (const handle of snapshot.files.handles) {
          const { batch, files } = await handle.load()
          const rows = selectAll(batch.length)
          await batch.readStats(
            snapshot.schema.fields.map(field => [field] as const),
            rows,
          )
          await files(rows)
        }
        expect(snapshot.files.summaries.length).toBe(snapshot.files.handles.length)
      } catch (error) {
        if (!isTableError(error)) throw error
        expect(['TABLE_CORRUPT', 'UNSUPPORTED_FEATURE', 'NOT_FOUND']).toContain(error.code)
      }
    }
    const property = fc.asyncProperty(
      fc.nat(),
      fc.array(damage, { minLength: 1, maxLength: 4 }),
      fc.boolean(),
      check,
    )
    await fc.assert(property, { seed: 20261122, numRuns: quickOr(13, 40) })
  })
})
