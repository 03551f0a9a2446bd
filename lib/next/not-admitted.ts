import "server-only";
import { headers } from "next/headers";
import { notAdmittedHeader } from "@/lib/next/not-admitted-header";

/**
 * True when this action must refuse: its person has sent too many requests. The server answers pages itself,
 * but an action answers with its usual result, so that a form keeps its input.
 */
export async function isNotAdmitted(): Promise<boolean> {
  return (await headers()).has(notAdmittedHeader);
}
