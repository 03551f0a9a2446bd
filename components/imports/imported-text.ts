import type { Imported } from "@/lib/imports/schema";

/** "17 secrets and 1 connection". */
export function importedText({ secrets, connections }: Imported): string {
  const parts = [
    ...(secrets > 0 || connections === 0 ? [`${secrets} ${secrets === 1 ? "secret" : "secrets"}`] : []),
    ...(connections > 0 ? [`${connections} ${connections === 1 ? "connection" : "connections"}`] : []),
  ];
  return parts.join(" and ");
}
