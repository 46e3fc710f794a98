import { TableError } from '@spillway/core'
import {
  AsyncByteQueue,
  type RecordBatch,
  RecordBatchFileWriter,
  RecordBatchStreamWriter,
  type Schema,
} from 'apache-arrow'

/** Bytes that the writer made and nobody has taken yet: at most one batch of them. */
class PendingBytes extends AsyncByteQueue<Uint8Array> {
  #chunks: Uint8Array[] = []
  ended = false

  override write(chunk: Uint8Array): void {
    this.#chunks.push(chunk)
  }

  override close(): void {
    this.ended = true
    super.close()
  }

  take(): readonly Uint8Array[] {
    const chunks = this.#chunks
    this.#chunks = []
    return chunks
  }
}

/**
 * Record batches as Arrow's IPC (Columnar.rst, "IPC Streaming Format" and "IPC File Format"), each written as it comes:
 * memory does not grow with the number of batches. The writer's own streams would queue them all.
 */
export async function* arrowIpc(
  batches: AsyncIterable<RecordBatch>,
  { schema, kind }: { readonly schema: Schema; readonly kind: 'stream' | 'file' },
): AsyncGenerator<Uint8Array> {
  const pending = new PendingBytes()
  const writer = kind === 'file' ? new RecordBatchFileWriter() : new RecordBatchStreamWriter()
  writer.reset(pending, schema)
  yield* pending.take()
  for await (const batch of batches) {
    writer.write(batch)
    // The writer ends at a batch of another schema without a word.
    if (pending.ended) throw new TableError('INTERNAL', 'a record batch has another schema')
    yield* pending.take()
  }
  writer.close()
  yield* pending.take()
}
