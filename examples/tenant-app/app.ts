import { createServer, type Server } from 'node:http'
import { type Recipient, TableError } from '@spillway/core'
import { tokenHash } from '@spillway/server'
import { nodeListener } from '@spillway/server/node'
import { createSharingServer, type SharesOf } from 'spillway'

/** What a real one has in a database. */
export interface Tenant extends Recipient {
  /** Hex SHA-256: the token itself is kept nowhere. */
  readonly tokenSha256: string
  readonly shares: SharesOf
  readonly bytesPerDay: number
}

export interface TenantAppOptions {
  /** What stands in the profiles of all tenants. */
  readonly endpoint: string
  /** Outside this folder no local file is read, whatever a tenant's shares say. */
  readonly root: string
  readonly tenants: () => Promise<readonly Tenant[]>
  /** The audit trail: a request that it cannot take down is not answered. */
  readonly audit: (line: string) => Promise<void>
}

export interface TenantApp {
  readonly server: Server
  close(): Promise<void>
}

/** Shares each tenant's tables with that tenant, up to its bytes of a day. */
export function createTenantApp({ endpoint, root, tenants, audit }: TenantAppOptions): TenantApp {
  const used = new Map<string, number>()
  const sharing = createSharingServer({
    endpoint,
    roots: [root],
    folder: root,
    async authenticate(request) {
      const [, token] = /^Bearer (\S+)$/.exec(request.headers.get('authorization') ?? '') ?? []
      if (token === undefined) return undefined
      const sha256 = tokenHash(token).toString('hex')
      return (await tenants()).find(({ tokenSha256 }) => tokenSha256 === sha256)
    },
    async catalog({ id }) {
      return (await tenants()).find(tenant => tenant.id === id)?.shares
    },
    async onRequest({ recipient, requestId, route, table, file }) {
      const key = `${recipient.id} ${new Date().toISOString().slice(0, 10)}`
      const tenant = (await tenants()).find(({ id }) => id === recipient.id)
      if ((used.get(key) ?? 0) >= (tenant?.bytesPerDay ?? 0)) {
        throw new TableError('RATE_LIMITED', 'the bytes of this day are used up', {
          context: { retryAfterSeconds: 3600 },
        })
      }
      await audit(JSON.stringify({ requestId, tenant: recipient.name, route, table, file }))
      return ({ bytesSent = 0 }) => void used.set(key, (used.get(key) ?? 0) + bytesSent)
    },
  })
  const server = createServer(nodeListener(sharing))
  return { server, close: () => sharing.close() }
}
