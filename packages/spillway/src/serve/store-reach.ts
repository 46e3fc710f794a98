import type { CredentialVendor, StoreReach } from '@spillway/core'
import { parseUri } from '@spillway/storage'
import type { StorageSettings } from './config-schema.js'

/** Credentials with how their store is reached, as far as the configuration says it: recipients of a service of one's own must know. */
export function withReach(
  vendors: readonly CredentialVendor[],
  storage: StorageSettings,
): readonly CredentialVendor[] {
  return vendors.map(vendor => ({
    covers: location => vendor.covers(location),
    async vend(location, options) {
      const vended = await vendor.vend(location, options)
      return { ...vended, reach: { ...reachOf(location, storage), ...vended.reach } }
    },
  }))
}

function reachOf(location: string, { s3, buckets }: StorageSettings): StoreReach {
  const { scheme, authority } = parseUri(location)
  if (scheme !== 's3') return {}
  const { region, endpoint, publicEndpoint, pathStyle } =
    buckets.find(({ bucket }) => bucket === authority) ?? s3 ?? {}
  const reached = publicEndpoint ?? endpoint
  return {
    ...(region !== undefined && { region }),
    ...(reached !== undefined && { endpoint: reached }),
    ...(pathStyle !== undefined && { pathStyle }),
  }
}
