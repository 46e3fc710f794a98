/** Short-lived, read-only access to everything under a location: the `dir` access mode. */
export interface CredentialVendor {
  covers(location: string): boolean
  vend(
    location: string,
    options: { expiresInSeconds: number; signal?: AbortSignal | undefined },
  ): Promise<VendedCredentials>
}

export interface VendedCredentials {
  /** Epoch milliseconds. */
  readonly expiresAt: number
  readonly credentials: CloudCredentials
  /** How the store is reached with them, where the cloud's name does not say it. */
  readonly reach?: StoreReach
}

export interface StoreReach {
  readonly region?: string
  /** Of a service that is not the cloud's own. */
  readonly endpoint?: string
  readonly pathStyle?: boolean
}

export type CloudCredentials =
  | {
      readonly kind: 'aws' | 'r2'
      readonly accessKeyId: string
      readonly secretAccessKey: string
      /** Absent for keys that a provider scoped by hand: they live until the provider takes them back. */
      readonly sessionToken?: string | undefined
    }
  | { readonly kind: 'azure'; readonly sasToken: string }
  | { readonly kind: 'gcp'; readonly oauthToken: string }
