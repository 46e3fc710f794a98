/** `Bash(git add:*) Read` into its tools: spaces between brackets are of one. Commas of other clients separate as well. */
function toolsOf(allowedTools: string | undefined): readonly string[] {
  const tools: string[] = []
  let [tool, depth] = ['', 0]
  for (const character of `${allowedTools ?? ''} `) {
    if (character === '(') depth++
    if (character === ')') depth = Math.max(0, depth - 1)
    if (depth > 0 || !/[\s,]/.test(character)) tool += character
    else if (tool !== '') {
      tools.push(tool)
      tool = ''
    }
  }
  // A bracket that never ends.
  if (tool.trim() !== '') tools.push(tool.trim())
  return [...new Set(tools)]
}

/** Tools that are asked for now and were not before. */
export function toolsAdded(before: string | undefined, now: string | undefined): readonly string[] {
  const known = new Set(toolsOf(before))
  return toolsOf(now).filter(tool => !known.has(tool))
}
