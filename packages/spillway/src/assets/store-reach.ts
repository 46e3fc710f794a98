import type { CredentialVendor, StoreReach } from '@spillway/core'
import { parseUri } from '@spillway/storage'
import type { S3Options } from '@spillway/storage/s3'

interface Storage {
  readonly s3?: S3Options
  readonly buckets: readonly (S3Options & { readonly bucket: string })[]
}

/** Credentials with how their store is reached, as far as the configuration says it: recipients of a service of one's own must know. */
export function withReach(
  vendors: readonly CredentialVendor[],
  storage: Storage,
): readonly CredentialVendor[] {
  return vendors.map(vendor => ({
    covers: location => vendor.covers(location),
    async vend(location, options) {
      const vended = await vendor.vend(location, options)
      return { ...vended, reach: { ...reachOf(location, storage), ...vended.reach } }
    },
  }))
}

function reachOf(location: string, { s3, buckets }: Storage): StoreReach {
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
