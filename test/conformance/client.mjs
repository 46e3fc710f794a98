/** Asks a sharing server as a recipient would, and keeps nothing between questions. */
export function createClient({ endpoint, token }) {
  const base = endpoint.replace(/\/$/, '')
  const ask = (path, init = {}) =>
    fetch(`${base}${path}`, {
      ...init,
      headers: { authorization: `Bearer ${token}`, ...init.headers },
    })
  const client = {
    base,
    ask,
    json: async path => (await expectStatus(await ask(path), 200)).json(),
    query: (table, body = {}, headers = {}) =>
      ask(`${tablePath(table)}/query`, {
        method: 'POST',
        headers: { 'content-type': 'application/json; charset=utf8', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    all: async path => {
      const items = []
      let next
      do {
        const separator = path.includes('?') ? '&' : '?'
        const page = await client.json(next ? `${path}${separator}pageToken=${next}` : path)
        items.push(...(page.items ?? []))
        next = page.nextPageToken || undefined
      } while (next !== undefined && items.length < 100_000)
      return items
    },
  }
  return client
}

export function tablePath({ share, schema, name }) {
  const [a, b, c] = [share, schema, name].map(encodeURIComponent)
  return `/shares/${a}/schemas/${b}/tables/${c}`
}

export async function expectStatus(response, ...statuses) {
  if (statuses.includes(response.status)) return response
  const text = (await response.text()).slice(0, 200)
  throw new Error(`status ${response.status}, not ${statuses.join(' or ')}: ${text}`)
}

/** A refusal of the wire: a status of the 400s with one JSON object. */
export async function expectRefusal(response, ...statuses) {
  await expectStatus(response, ...statuses)
  const body = await response.json()
  if (typeof body.errorCode !== 'string' || typeof body.message !== 'string') {
    throw new Error(`the error body is ${JSON.stringify(body).slice(0, 200)}`)
  }
  return body
}

export async function linesOf(response) {
  const text = await (await expectStatus(response, 200)).text()
  if (!text.endsWith('\n') && text !== '') return text.split('\n').map(line => JSON.parse(line))
  return text
    .slice(0, -1)
    .split('\n')
    .map(line => JSON.parse(line))
}

export function expect(condition, message) {
  if (!condition) throw new Error(message)
}

/** Thrown by a check that does not apply to this server or table. */
export class Skip extends Error {}
