import { BytesBuilder, type BytesColumn, grown, trimmed } from '@spillway/core'
import type { TextAt } from '../actions/actions.js'

/**
 * The paths of a growing batch. Those of a checkpoint follow one another in the buffer that they were decoded into: while they
 * do, only where each ends is kept. Any other path, and all that come after it, are copied.
 */
export class PathColumn {
  #copied: BytesBuilder | undefined
  #shared: Uint8Array | undefined
  /** Where the shared paths begin in their buffer, and where the last of them ends. */
  #start = 0
  #end = 0
  #offsets = new Int32Array(64)
  #length = 0

  /** A path in bytes that will change. */
  append(path: Uint8Array): void {
    this.#copied ??= this.#copyShared()
    this.#copied.append(path)
  }

  /** A path in bytes that stay as they are, and are held for as long as the batch is. */
  share({ bytes, start, end }: TextAt): void {
    if (this.#copied === undefined && this.#follows(bytes, start)) {
      this.#length++
      this.#offsets = grown(this.#offsets, this.#length + 1)
      this.#offsets[this.#length] = end - this.#start
      this.#end = end
    } else {
      this.append(bytes.subarray(start, end))
    }
  }

  #follows(bytes: Uint8Array, start: number): boolean {
    if (this.#length === 0) {
      this.#shared = bytes
      this.#start = start
      return true
    }
    return bytes === this.#shared && start === this.#end
  }

  #copyShared(): BytesBuilder {
    const builder = new BytesBuilder()
    const { offsets, data } = this.#sharedColumn()
    for (let row = 0; row < this.#length; row++) {
      builder.append(data.subarray(offsets[row]!, offsets[row + 1]!))
    }
    return builder
  }

  #sharedColumn(): BytesColumn {
    const offsets = trimmed(this.#offsets, this.#length + 1)
    const data = this.#shared?.subarray(this.#start, this.#end) ?? new Uint8Array(0)
    return { kind: 'bytes', offsets, data }
  }

  finish(): BytesColumn {
    return this.#copied?.finish() ?? this.#sharedColumn()
  }
}
