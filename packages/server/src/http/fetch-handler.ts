/** Anything that answers a Request. */
export interface FetchHandler {
  fetch(request: Request, peer?: { readonly address: string }): Promise<Response>
}
