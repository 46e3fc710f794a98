import { randomBytes } from 'node:crypto'
import type { AccessLog } from '@spillway/server'
import type { ServeConfig } from './serve/config.js'
import { createRuntime, type Runtime } from './serve/runtime.js'

export interface SharingServerOptions {
  /** From `loadConfig` or `parseConfig`; its `server.host` and `port` are not used here. */
  readonly config: ServeConfig
  /** Where recipients reach what this is mounted at: `/delta-sharing` and `/files` lie below. */
  readonly publicUrl: string
  readonly log?: AccessLog | undefined
}

/**
 * A sharing server with every format and cloud wired, to be mounted in a server of your own: no port is opened. It
 * also answers the signed URLs of local files.
 */
export function createSharingServer({ config, publicUrl, log }: SharingServerOptions): Runtime {
  return createRuntime(config, {
    publicUrl: publicUrl.replace(/\/+$/, ''),
    secrets: config.secrets.length > 0 ? config.secrets : [randomBytes(32).toString('hex')],
    log,
  })
}
