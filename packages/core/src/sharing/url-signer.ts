import type { FooterEdit } from '../parquet/parquet-shape.js'

export interface SigningOptions {
  readonly expiresInSeconds: number
  /** Epoch milliseconds. */
  readonly now: number
  /**
   * For whom and of what the URLs are, in words of whoever asks for them. A signer that serves the files itself binds its
   * URLs to it, so that they end with what it says; an object store does not know it.
   */
  readonly audience?: string | undefined
  /**
   * Folders that the paths lie below, each with its last slash: whoever serves files by such URLs follows no link out of
   * them. Absent: the signer's own.
   */
  readonly within?: readonly string[]
  readonly signal?: AbortSignal | undefined
}

export interface UrlSigner {
  /** True when this signer's credentials cover `path`. */
  covers(path: string): boolean
  /**
   * One call per batch of survivors, so that a slow reader of a long answer still gets fresh URLs. Local keys cost
   * microseconds a path; a worker or a signing service costs one wait a batch.
   */
  sign(
    paths: readonly string[],
    options: SigningOptions,
  ): Promise<{ readonly urls: readonly string[]; readonly expiresAt: number }>
  /**
   * URLs of files under other footers, where whoever serves them can put those in the place of their own: a server that
   * sends local files itself, never an object store.
   */
  signViews?(
    views: readonly { readonly path: string; readonly edits: readonly FooterEdit[] }[],
    options: SigningOptions,
  ): Promise<{ readonly urls: readonly string[]; readonly expiresAt: number }>
}
