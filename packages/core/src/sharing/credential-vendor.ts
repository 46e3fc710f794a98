/** Short-lived, read-only access to everything under a location: the `dir` access mode. */
export interface CredentialVendor {
  covers(location: string): boolean
  vend(
    location: string,
    options: { expiresInSeconds: number; signal?: AbortSignal | undefined },
  ): Promise<{ readonly expiresAt: number; readonly credentials: CloudCredentials }>
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
