import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import type { SubKind } from "@/lib/secrets/kinds/registry";
import type { ReplaceableSecret, SecretOption } from "@/lib/secrets/schema";

/** One page of the picker's options. */
export type SecretOptionsPage = {
  options: SecretOption[];
  next: string | null;
  /** On the first page: the number of secrets in the fabric, and of those with a suitable type. */
  counts?: { inFabric: number; ofTypes: number };
};

/** Secrets of suitable types whose name contains `search`, page by page. */
export function secretOptions(fabricId: string, subKinds: readonly SubKind[], search: string) {
  return infiniteQueryOptions({
    queryKey: ["secret-options", fabricId, subKinds, search],
    initialPageParam: "",
    queryFn: ({ pageParam, signal }) =>
      fetchOptions(
        fabricId,
        [
          ...subKinds.map((subKind) => ["subKind", subKind]),
          ...(search ? [["search", search]] : []),
          ...(pageParam ? [["after", pageParam]] : []),
        ],
        signal,
      ),
    getNextPageParam: (page) => page.next,
  });
}

/** The chosen secret, which may be on no loaded page; null when it no longer exists. */
export function chosenSecret(fabricId: string, subKinds: readonly SubKind[], id: string) {
  return queryOptions({
    queryKey: ["secret-option", fabricId, id],
    enabled: id !== "",
    queryFn: async ({ signal }) => {
      const query = [["id", id], ...subKinds.map((subKind) => ["subKind", subKind])];
      return (await fetchOptions(fabricId, query, signal)).options[0] ?? null;
    },
  });
}

/**
 * The data for Replace value. Fetched at each opening, so that the version is the one that the person sees.
 */
export function replaceableSecret(fabricId: string, id: string) {
  return queryOptions({
    queryKey: ["replaceable-secret", fabricId, id],
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async ({ signal }): Promise<ReplaceableSecret> => {
      const response = await fetch(`/api/app/fabrics/${fabricId}/secrets/${id}`, { signal });
      if (!response.ok) throw new Error("The secret could not be loaded.");
      return response.json();
    },
  });
}

async function fetchOptions(
  fabricId: string,
  query: string[][],
  signal: AbortSignal,
): Promise<SecretOptionsPage> {
  const response = await fetch(`/api/app/fabrics/${fabricId}/secret-options?${new URLSearchParams(query)}`, {
    signal,
  });
  if (!response.ok) throw new Error("The secrets could not be loaded.");
  return response.json();
}
