/** What the official clients of Python and Spark say that they read, once they are told to ask in delta format. */
const OFFICIAL: ReadonlySet<string> = new Set(['deletionvectors', 'columnmapping', 'timestampntz'])

/**
 * How a recipient asks for a table that uses `features`, as the end of `ask with …` or `asks with …`: the settings of the
 * official clients where those read all of it, for their users set no headers, and the request header.
 */
export function askInDelta(features: readonly string[]): string {
  const listed = features.map(feature => feature.toLowerCase())
  const header = `"delta-sharing-capabilities: responseformat=delta;readerfeatures=${listed.join(',')}"`
  return listed.every(feature => OFFICIAL.has(feature))
    ? `use_delta_format=True in Python, responseFormat=delta in Spark, or else ${header}`
    : header
}
