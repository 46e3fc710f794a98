import { createSharingClient } from '@spillway/client'
import { expect, it } from 'vitest'
import { listShared } from '../../src/recipient/list-shared.js'

const profile = {
  shareCredentialsVersion: 1,
  endpoint: 'http://provider',
  bearerToken: 't',
} as const

it('lists tables, volumes, models and skills of a share at the same time', async () => {
  const asked: string[] = []
  let open = () => {}
  const opened = new Promise<void>(resolve => {
    open = resolve
  })
  const client = createSharingClient(profile, {
    retry: { retries: 0 },
    fetch: async input => {
      const { pathname } = new URL(String(input))
      if (pathname === '/shares') return Response.json({ items: [{ name: 'lake' }] })
      asked.push(pathname.replace('/shares/lake/all-', ''))
      if (asked.length === 4) open()
      await opened
      return Response.json({ items: [] })
    },
  })
  expect(await listShared(client, '')).toEqual({ shares: ['lake'], tables: [], assets: [] })
  expect(asked.sort()).toEqual(['models', 'skills', 'tables', 'volumes'])
})
