import { createSharingClient } from '@spillway/client'
import { expect, it } from 'vitest'
import { listShared } from '../../src/recipient/list-shared.js'

const profile = {
  shareCredentialsVersion: 1,
  endpoint: 'http://provider',
  bearerToken: 't',
} as const
const volume = (name: string) => ({
  ...{ share: 'lake', schema: 'kb', name, storageLocation: 's3://lake/v' },
})

/** A server that answers `unknown` to what it does not have: all but its tables, or all behind the first of these pages. */
function listed(unknown: number, pages: readonly object[] = []) {
  let asked = 0
  const refused = () => Response.json({ message: 'no' }, { status: unknown })
  const client = createSharingClient(profile, {
    retry: { retries: 0 },
    fetch: async input => {
      const { pathname } = new URL(String(input))
      if (pathname === '/shares') return Response.json({ items: [{ name: 'lake' }] })
      if (pathname.endsWith('/all-tables')) return Response.json({ items: [] })
      const page = pathname.endsWith('/all-volumes') ? pages[asked++] : undefined
      return page === undefined ? refused() : Response.json(page)
    },
  })
  return listShared(client, '')
}

it.each([400, 404, 405, 501])(
  'lists nothing of kinds that a server does not know (%i)',
  async unknown => {
    expect((await listed(unknown)).assets).toEqual([])
  },
)

it.each([400, 404, 405, 501])('lists no part of what breaks off with a %i', async status => {
  const first = { items: [volume('a'), volume('b')], nextPageToken: 'more' }
  const last = { items: [volume('c')] }
  expect((await listed(status, [first, last])).assets.map(({ name }) => name)).toEqual([
    'a',
    'b',
    'c',
  ])
  await expect(listed(status, [first])).rejects.toMatchObject({ context: { status } })
})
