/** Bytes `start` to `end`, which is not one of them. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

export interface RemoteObject {
  readonly key: string
  /** What the share says; a server that says otherwise is refused. */
  readonly size: number | undefined
}

export type SizedObject = RemoteObject & { readonly size: number }

/** Takes bytes that lie at `offset` of the object. */
export type TakeBytes = (bytes: Uint8Array, offset: number) => Promise<void> | void

/** Where the bytes of remote objects come from. */
export interface ByteSource {
  /** Hands the bytes over in order; returns once all of them were taken. */
  read(object: RemoteObject, range: ByteRange, take: TakeBytes, signal?: AbortSignal): Promise<void>
  /** All of a small range in memory. */
  bytes(object: RemoteObject, range: ByteRange, signal?: AbortSignal): Promise<Uint8Array>
  /** The strong entity tag that an object has answered with; undefined where it has none, or has not been asked. */
  tagOf(object: RemoteObject): string | undefined
  /** Throws unless an object still has this tag, see `isReplaced`: by a request for its last byte, where it has not been asked. */
  check(object: SizedObject, tag: string, signal?: AbortSignal): Promise<void>
  /**
   * From now on an object is read as what has this tag and as nothing else: a read of it fails otherwise, see `isReplaced`.
   * Without a tag it is whatever it is when it is read next.
   */
  pin(object: RemoteObject, tag: string | undefined): void
}
