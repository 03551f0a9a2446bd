/** The Connections tab with the connections that use a secret. */
export function connectionsHref(fabricId: string, secretId: string): string {
  return `/metadata/fabrics/${fabricId}/connections?${new URLSearchParams({ secret: secretId })}`;
}
