import type { ByteRange, RemoteObject, TakeBytes } from './read-object.js'

/** Where the bytes of remote objects come from. */
export interface ByteSource {
  /** Hands the bytes over in order; returns once all of them were taken. */
  read(object: RemoteObject, range: ByteRange, take: TakeBytes, signal?: AbortSignal): Promise<void>
  /** All of a small range in memory. */
  bytes(object: RemoteObject, range: ByteRange, signal?: AbortSignal): Promise<Uint8Array>
}
