import { isTableError, TableError } from '@spillway/core'
import { answered } from './answered.js'
import { cleared, withoutSecrets } from './without-secrets.js'

export interface EmbedderQuestion {
  /** The option that it was given as, for the log: `authenticate`. */
  readonly name: string
  readonly seconds: number
  readonly signal?: AbortSignal | undefined
  /** What must not be in a log, whatever the code that is asked puts into its errors. */
  readonly secrets?: () => readonly string[]
}

/**
 * What code of an embedder gives, in time. A `TableError` of it is its refusal; whatever else it throws is a fault of the
 * server's, and nothing goes out.
 */
export async function askEmbedder<Result>(
  ask: (signal: AbortSignal) => Result | Promise<Result>,
  { name, seconds, signal, secrets = () => [] }: EmbedderQuestion,
): Promise<Result> {
  const late = () =>
    new TableError('STORAGE_UNAVAILABLE', `${name} did not answer within ${seconds} seconds`)
  try {
    return await answered(async given => ask(given), { seconds, late, signal })
  } catch (error) {
    throw faultOf(name, error, secrets())
  }
}

function faultOf(name: string, error: unknown, secrets: readonly string[]): unknown {
  if (isTableError(error)) return withoutSecrets(error, secrets)
  const text = error instanceof Error ? `${error.name}: ${error.message}` : `a ${typeof error}`
  const fault = new TableError('INTERNAL', cleared(`${name} threw ${text}`, secrets))
  // Where it was thrown is for whoever wrote it; its members may hold anything.
  if (error instanceof Error && error.stack !== undefined) {
    fault.stack = cleared(error.stack, secrets)
  }
  return fault
}
