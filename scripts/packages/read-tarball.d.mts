export function readTarball(path: string): ReadonlyMap<string, Uint8Array>
