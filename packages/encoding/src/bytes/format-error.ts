/** Thrown inside decoders for bytes that are not what the format says. Whoever knows the path makes a TableError of it. */
export class FormatError extends Error {
  /** True for a valid file that uses something we do not read. */
  readonly unsupported: boolean

  constructor(
    message: string,
    options: { readonly unsupported?: boolean; readonly cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause })
    this.unsupported = options.unsupported ?? false
  }
}
