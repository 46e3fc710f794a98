import { randomBytes } from 'node:crypto'
import { type ShareCatalog, type SkillFinder, TableError } from '@spillway/core'
import {
  type AccessLog,
  checkedEndpoint,
  DEFAULT_LIMITS,
  type Endpoint,
  type OnRequest,
} from '@spillway/server'
import type { ServeConfig } from './configuration/config.js'
import { askedCatalog } from './embed/asked-catalog.js'
import { faultLog } from './embed/fault-log.js'
import { configOfSettings, SETTINGS_KEYS, type SharingSettings } from './embed/settings.js'
import { didYouMean } from './recipient/nearest.js'
import { createRuntime, type Runtime } from './serve/runtime.js'

interface MountOptions {
  /**
   * What stands in recipients' profiles, `https://share.example/delta-sharing`: its path is where the server is to be
   * mounted, and the signed URLs of local files lie below it.
   */
  readonly endpoint?: string | undefined
  /** In its place: `/delta-sharing` below this is the endpoint. */
  readonly publicUrl?: string | undefined
  /**
   * Told of each request once its answer has ended. One that throws changes nothing. Absent: what the provider must mend (a
   * location where no table is, a store that fails, a function that throws) is a line on standard error; `false`: nothing is.
   */
  readonly log?: AccessLog | false | undefined
  /** For audit and limits: called before anything is read for a request, may refuse it, and is told of its end. */
  readonly onRequest?: OnRequest | undefined
  /** Told of what fails in the background, as often as it does: of files that cannot be digested, and of those whose digest was wrong. */
  readonly onError?: ((error: unknown) => void) | undefined
}

/** A server from a file. */
export interface ConfiguredServerOptions extends MountOptions {
  /** From `loadConfig` or `parseConfig`; its `server.host`, `port`, `publicUrl` and `tls` are not used here. */
  readonly config: ServeConfig
}

/** A server from code. */
export interface CodedServerOptions extends MountOptions, SharingSettings {
  readonly config?: undefined
}

export type SharingServerOptions = ConfiguredServerOptions | CodedServerOptions

/**
 * A sharing server with every format and cloud wired, to be mounted in a server of your own at its `path`: no port is
 * opened. It also answers the signed URLs of local files, below the same path.
 */
export function createSharingServer(options: SharingServerOptions): Runtime {
  refuseUnknown(options)
  const endpoint = endpointOf(options)
  const { onRequest, onError } = options
  const faults = options.log === undefined ? faultLog() : undefined
  const coded = options.config === undefined ? options : undefined
  const config = options.config ?? configOfSettings(options)
  // A catalog is asked once the server that reads is there.
  const skills: SkillFinder = { find: (at, signal) => runtime.skills.find(at, signal) }
  const runtime: Runtime = createRuntime(config, {
    endpoint,
    secrets: config.secrets.length > 0 ? config.secrets : [randomBytes(32).toString('hex')],
    log: options.log === false ? undefined : (options.log ?? faults?.log),
    onRequest,
    onError: onError ?? faults?.background,
    onClosed: faults?.end,
    ...(coded && { authenticate: coded.authenticate, catalog: catalogOf(coded, config, skills) }),
  })
  return runtime
}

const MOUNT_KEYS = Object.keys({
  endpoint: true,
  publicUrl: true,
  log: true,
  onRequest: true,
  onError: true,
} satisfies Record<keyof MountOptions, true>)

/** What is misspelt, or stands beside a configuration that says it all, would be silently without effect. */
function refuseUnknown(options: SharingServerOptions): void {
  const known: readonly string[] = [...MOUNT_KEYS, ...SETTINGS_KEYS, 'config']
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue
    const near = didYouMean(key, known)
    const others = near === '' ? `; expected ${known.join(', ')}` : near
    throw refused(`unknown key ${JSON.stringify(key)}${others}`)
  }
  const given: Partial<Record<string, unknown>> = { ...options }
  const beside = SETTINGS_KEYS.find(key => options.config !== undefined && given[key] !== undefined)
  if (beside !== undefined) {
    throw refused(`config says all that is shared and how: expected ${beside} in it, or no config`)
  }
}

function refused(reason: string): TableError {
  return new TableError('INVALID_REQUEST', `createSharingServer: ${reason}`)
}

function catalogOf(
  { catalog, folder = process.cwd() }: CodedServerOptions,
  { server: { limits } }: ServeConfig,
  skills: SkillFinder,
): ShareCatalog | undefined {
  if (typeof catalog !== 'function') return catalog
  const seconds = limits.grantSeconds ?? DEFAULT_LIMITS.grantSeconds
  return askedCatalog(catalog, { folder, seconds, skills })
}

function endpointOf({ endpoint, publicUrl }: MountOptions): Endpoint {
  if ((endpoint === undefined) === (publicUrl === undefined)) {
    throw new TableError(
      'INVALID_REQUEST',
      `expected either endpoint or publicUrl, found ${endpoint === undefined ? 'neither' : 'both'}: endpoint is the URL in recipients' profiles, such as https://share.example/delta-sharing`,
    )
  }
  if (endpoint !== undefined) return checkedEndpoint(endpoint)
  return checkedEndpoint(`${publicUrl!.replace(/\/+$/, '')}/delta-sharing`, 'publicUrl')
}
