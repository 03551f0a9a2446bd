import type { Metadata } from "next";
import { EnterValue } from "@/components/entry-links/enter-value";
import { maxEnteredBytes } from "@/lib/entry-links/schema";
import { webEnv } from "@/lib/env";

export const metadata: Metadata = { title: "Enter a value", robots: { index: false, follow: false } };
// The limit is the running installation's.
export const dynamic = "force-dynamic";

/** For somebody outside with an entry link. The page itself knows nothing: the link's token is in the fragment. */
export default function EnterPage() {
  return <EnterValue maxBytes={Math.min(webEnv().MAX_SECRET_BYTES, maxEnteredBytes)} />;
}
