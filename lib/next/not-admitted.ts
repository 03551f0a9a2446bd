import "server-only";
import { headers } from "next/headers";

/** Web's server sets it for an action that it does not admit now, and removes it from every other request. */
export const notAdmittedHeader = "x-selvage-not-admitted";

/**
 * True when this action must refuse: its person has sent too many requests. The server answers pages itself,
 * but an action answers with its usual result, so that a form keeps its input.
 */
export async function isNotAdmitted(): Promise<boolean> {
  return (await headers()).has(notAdmittedHeader);
}
