import { READER_FEATURES } from './reader-features.js'

/** What the official clients of Python and Spark say that they read, once they are told to ask in delta format. */
const OFFICIAL: ReadonlySet<string> = new Set(['deletionVectors', 'columnMapping', 'timestampNtz'])

export interface AskInDeltaOptions {
  /** What the request reads already: who asks otherwise must go on saying it, or would be refused for that. */
  readonly accepted: ReadonlySet<string>
  /** True where the official Python client refuses the table in delta format, for its fixed-length bytes. */
  readonly pythonRefuses: boolean
}

/**
 * How a recipient asks for a table that uses `features`, as the end of `ask with …` or `asks with …`: the settings of the
 * official clients where those read all of it, for their users set no headers, and the request header. Undefined where no
 * request can say it.
 */
export function askInDelta(
  features: readonly string[],
  { accepted, pythonRefuses }: AskInDeltaOptions,
): string | undefined {
  if (!features.every(feature => READER_FEATURES.includes(feature))) return undefined
  const more = READER_FEATURES.filter(each => accepted.has(each) && !features.includes(each))
  const listed = [...features, ...more].map(feature => feature.toLowerCase())
  const header = `"delta-sharing-capabilities: responseformat=delta;readerfeatures=${listed.join(',')}"`
  if (!features.every(feature => OFFICIAL.has(feature))) return header
  return pythonRefuses
    ? `responseFormat=delta in Spark, or else ${header} (in Python only where the provider has staging, for its client refuses fixed-length bytes in delta format)`
    : `use_delta_format=True in Python, responseFormat=delta in Spark, or else ${header}`
}
