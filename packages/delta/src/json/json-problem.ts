export function controlCharacter(position: number): JsonProblem {
  return new JsonProblem('a control character in a string', position)
}

/** What is wrong with a JSON text, and where. `truncated`: more bytes might have made it right. */
export class JsonProblem extends Error {
  readonly position: number
  readonly truncated: boolean

  constructor(message: string, position: number, truncated = false) {
    super(message)
    this.name = 'JsonProblem'
    this.position = position
    this.truncated = truncated
  }
}
