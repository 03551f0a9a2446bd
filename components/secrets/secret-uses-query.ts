import { queryOptions } from "@tanstack/react-query";
import type { SecretUses } from "@/lib/secrets/schema";

const everyMs = 15_000;
/** Ten minutes. A page that nobody looks at again stops asking, so that it keeps no session alive. */
const mostUpdates = 40;

/** What uses a secret, asked again while the page is visible. `initial` is as of the page, and counts until then. */
export function secretUses(fabricId: string, initial: SecretUses) {
  return queryOptions({
    // A page that was rendered again knows more than an earlier answer.
    queryKey: ["secret-uses", fabricId, JSON.stringify(initial)],
    initialData: initial,
    staleTime: everyMs,
    gcTime: 0,
    retry: false,
    refetchInterval: ({ state: { status, dataUpdateCount } }) =>
      status === "error" || dataUpdateCount > mostUpdates ? false : everyMs,
    queryFn: async ({ signal }): Promise<SecretUses> => {
      const response = await fetch(`/api/app/fabrics/${fabricId}/secrets/${initial.id}`, { signal });
      if (!response.ok) throw new Error("The uses could not be loaded.");
      return response.json();
    },
  });
}
