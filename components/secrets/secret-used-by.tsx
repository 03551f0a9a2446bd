"use client";

import { useQuery } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useEffect } from "react";
import { secretAccessHref } from "@/components/activity/activity-href";
import { DetailSection } from "@/components/secrets/detail-section";
import { ReadsByDay } from "@/components/secrets/reads-by-day";
import { SecretUserList, usesHref } from "@/components/secrets/secret-user-list";
import { secretUses } from "@/components/secrets/secret-uses-query";
import { Link } from "@/components/ui/link";
import { RelativeTime } from "@/components/ui/relative-time";
import type { SecretUses } from "@/lib/secrets/schema";

/** When a secret was last used, how often pipelines read it, and everything that uses it. Keeps itself up to date. */
export function SecretUsedBy({ fabricId, initial }: { fabricId: string; initial: SecretUses }) {
  const { data: uses } = useQuery(secretUses(fabricId, initial));
  const { id, lastUsedAt, readsByDay } = uses;
  const router = useRouter();
  const isReplaced = uses.version > initial.version;
  useEffect(() => {
    // Somebody replaced the value, such as with an entry link. The rest of the page shows the former version.
    if (isReplaced) router.refresh();
  }, [isReplaced, router]);
  return (
    <DetailSection id="used-by" title="Used by">
      <div className="flex flex-col gap-4">
        <p className="flex flex-wrap justify-between gap-x-4 gap-y-1">
          <span>
            {lastUsedAt ? (
              <>
                Last used <RelativeTime date={lastUsedAt} />
              </>
            ) : (
              "Nothing has used it yet."
            )}
          </span>
          <Link
            href={usesHref(fabricId, id)}
            className="rounded-sm font-medium text-accent-text hover:underline"
          >
            All uses in Activity
          </Link>
        </p>
        <ReadsByDay days={readsByDay} today={new Date()} />
        <SecretUserList fabricId={fabricId} users={uses} />
        <Link
          href={secretAccessHref(fabricId, id)}
          className="self-start rounded-sm font-medium text-accent-text hover:underline"
        >
          Who could use it, and who did
        </Link>
      </div>
    </DetailSection>
  );
}
