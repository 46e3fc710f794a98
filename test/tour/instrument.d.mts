export function instrumented(text: string, file: string): Promise<string>
