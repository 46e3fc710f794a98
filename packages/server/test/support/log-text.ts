import { expect } from 'vitest'
import type { AccessRecord } from '../../src/index.js'

/** Everything that a log could write of its records: messages, contexts and causes of errors included. */
export function logText(log: readonly AccessRecord[]): string {
  return JSON.stringify(log.map(flatten))
}

export function expectNoSecrets(log: readonly AccessRecord[], secrets: readonly string[]): void {
  expect(log.length).toBeGreaterThan(0)
  const text = logText(log)
  for (const secret of secrets) expect(text).not.toContain(JSON.stringify(secret).slice(1, -1))
}

function flatten(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value)
  if (value instanceof Error) {
    const { message, stack, cause } = value
    return { message, stack, cause: flatten(cause), own: flatten({ ...value }) }
  }
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, flatten(each)]))
}
