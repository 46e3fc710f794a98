/** What checks read out of answers. */
export const idsOf = lines => lines.filter(line => line.file).map(line => line.file.id)
export const sorted = items => JSON.stringify([...items].sort())

export function formatOf(response) {
  const header = response.headers.get('delta-sharing-capabilities') ?? ''
  return header.includes('responseformat=delta') ? 'delta' : 'parquet'
}
