export interface StoredState {
  readonly bytes: Uint8Array
  /** Which writing of it this is: what a later one names to replace no other. */
  readonly tag: string
}

/** Small pieces of state that outlive a process and are shared by replicas. Keys are names joined by slashes. */
export interface StateStore {
  get(key: string, signal?: AbortSignal): Promise<StoredState | undefined>
  /**
   * Writes only where the last writing is still the one named: `undefined` means that there is none. Answers the tag of the
   * new one, or undefined where somebody else was first.
   */
  put(
    key: string,
    bytes: Uint8Array,
    options: { readonly ifTag: string | undefined; readonly signal?: AbortSignal | undefined },
  ): Promise<string | undefined>
  /** Of what is not there does nothing. */
  delete(key: string, signal?: AbortSignal): Promise<void>
}
