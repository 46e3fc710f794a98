import { randomBytes } from 'node:crypto'
import { TableError } from '@spillway/core'
import { type AccessLog, checkedEndpoint, type Endpoint } from '@spillway/server'
import type { ServeConfig } from './serve/config.js'
import { createRuntime, type Runtime } from './serve/runtime.js'

export interface SharingServerOptions {
  /** From `loadConfig` or `parseConfig`; its `server.host`, `port`, `publicUrl` and `tls` are not used here. */
  readonly config: ServeConfig
  /**
   * What stands in recipients' profiles, `https://share.example/delta-sharing`: its path is where the server is to be
   * mounted, and the signed URLs of local files lie below it.
   */
  readonly endpoint?: string | undefined
  /** In its place: `/delta-sharing` below this is the endpoint. */
  readonly publicUrl?: string | undefined
  readonly log?: AccessLog | undefined
}

/**
 * A sharing server with every format and cloud wired, to be mounted in a server of your own at its `path`: no port is
 * opened. It also answers the signed URLs of local files, below the same path.
 */
export function createSharingServer(options: SharingServerOptions): Runtime {
  const { config, log } = options
  return createRuntime(config, {
    endpoint: endpointOf(options),
    secrets: config.secrets.length > 0 ? config.secrets : [randomBytes(32).toString('hex')],
    log,
  })
}

function endpointOf({ endpoint, publicUrl }: SharingServerOptions): Endpoint {
  if ((endpoint === undefined) === (publicUrl === undefined)) {
    throw new TableError(
      'INVALID_REQUEST',
      `expected either endpoint or publicUrl, found ${endpoint === undefined ? 'neither' : 'both'}: endpoint is the URL in recipients' profiles, such as https://share.example/delta-sharing`,
    )
  }
  if (endpoint !== undefined) return checkedEndpoint(endpoint)
  return checkedEndpoint(`${publicUrl!.replace(/\/+$/, '')}/delta-sharing`, 'publicUrl')
}
