/** What reading bytes takes of an answer: `Response` is one. */
export interface BytesAnswer {
  readonly status: number
  readonly type: string
  readonly headers: Pick<Headers, 'get'>
  readonly body: BytesBody | null
}

export interface BytesBody {
  getReader(): BytesReader
  cancel(): Promise<void>
}

/** Chunks in their order. A body that ends before its length is an error. */
export interface BytesReader {
  read(): Promise<
    | { readonly done: false; readonly value: Uint8Array }
    | { readonly done: true; readonly value?: unknown }
  >
  cancel(): Promise<void>
}

export interface BytesRequest {
  readonly headers: Readonly<Record<string, string>>
  readonly redirect: 'manual' | 'follow'
  readonly credentials: 'omit'
  readonly signal?: AbortSignal
}

/** Gets a URL; `fetch` is one. */
export type FetchBytes<Answer extends BytesAnswer = BytesAnswer> = (
  url: string,
  request: BytesRequest,
) => Promise<Answer>
