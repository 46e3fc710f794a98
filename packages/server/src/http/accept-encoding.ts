/**
 * The coding of `available` that a client likes best, in our order where it likes two the same; undefined for none.
 * RFC 9110, 12.5.3: what is not named is as acceptable as `*`; identity is, unless `identity;q=0` or `*;q=0` excludes it.
 */
export function chooseEncoding(
  header: string | null,
  available: readonly string[],
): string | undefined {
  if (header === null) return undefined
  const weights = parseWeights(header)
  const anything = weights.get('*')
  const identity = weights.get('identity') ?? (anything === 0 ? 0 : undefined)
  let best: string | undefined
  let bestWeight = 0
  for (const name of available) {
    // Browsers and tools call it by its old name as well.
    const weight = weights.get(name) ?? weights.get(`x-${name}`) ?? anything ?? 0
    if (weight > bestWeight) {
      best = name
      bestWeight = weight
    }
  }
  return identity !== undefined && identity > bestWeight ? undefined : best
}

function parseWeights(header: string): ReadonlyMap<string, number> {
  const weights = new Map<string, number>()
  for (const part of header.toLowerCase().split(',')) {
    const [name = '', ...parameters] = part.split(';').map(text => text.trim())
    if (name === '') continue
    const given = parameters.find(parameter => /^q\s*=/.test(parameter))
    const weight = given === undefined ? 1 : Number(given.replace(/^q\s*=\s*/, ''))
    // What is no weight is as if it were not said: the client named the coding.
    weights.set(name, weight >= 0 && weight <= 1 ? weight : 1)
  }
  return weights
}
