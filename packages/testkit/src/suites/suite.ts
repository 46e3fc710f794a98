import { type ErrorCode, isTableError } from '@spillway/core'

/** One rule that every implementation of an interface keeps, for `it.each(suite)('$name', ({ run }) => run(subject))`. */
export interface SuiteCase<Subject> {
  readonly name: string
  run(subject: Subject): Promise<void>
}

/** The code of the TableError that `run` fails with. Any other outcome is what the case reports. */
export async function failureCode(run: () => Promise<unknown>): Promise<ErrorCode | 'none'> {
  try {
    await run()
    return 'none'
  } catch (error) {
    if (isTableError(error)) return error.code
    throw error
  }
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = []
  for await (const item of items) collected.push(item)
  return collected
}

/** Names that one encoding too many or too few would change: each is a legal file name and object key. */
export const AWKWARD_NAMES: readonly string[] = [
  'x=1/part-0.parquet',
  'date=2024-01-01 00%3A00%3A00/a b.parquet',
  '100%/a%20b%2Fc%25.parquet',
  'a+b/c&d;e,f@g$h.parquet',
  'q\'uo"te`s/(a)[b]{c}!*.parquet',
  'hash#query?x=y/~tilde^|<>.parquet',
  'back\\slash/colon:.parquet',
  'café/cafe\u0301.parquet',
  '日本語/😀🏳️‍🌈.parquet',
  '..a/b../...c',
  ' before/after and  between ',
  `${'l'.repeat(200)}/z`,
]

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

export function textOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes)
}
