import { queryOptions } from "@tanstack/react-query";
import type { FabricKeysDetail } from "@/lib/fabric-keys/schema";

const everyMs = { running: 2_000, paused: 15_000 };

/**
 * The fabric's keys as the server rendered them, fetched again while a rotation has not ended. An action renders the
 * page again, so a rotation that it starts, pauses or resumes is another query.
 */
export function fabricKeysQuery(fabricId: string, initialData: FabricKeysDetail) {
  return queryOptions({
    queryKey: ["fabric-keys", fabricId, initialData.rotation?.id, initialData.rotation?.state],
    initialData,
    staleTime: Number.POSITIVE_INFINITY,
    refetchInterval: ({ state: { data } }) => {
      const state = data?.rotation?.state ?? "done";
      return state === "done" ? false : everyMs[state];
    },
    queryFn: async ({ signal }): Promise<FabricKeysDetail> => {
      const response = await fetch(`/api/app/fabrics/${fabricId}/keys`, { signal });
      if (!response.ok) throw new Error("The keys could not be loaded.");
      return response.json();
    },
  });
}
